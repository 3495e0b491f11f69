#!/usr/bin/env bash
# Packages every function of lambda/ into S3. See --help.
set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=lib/common.sh
source "$here/lib/common.sh"

usage() {
  cat <<'EOF'
Usage: package-lambdas.sh --bucket NAME --output DIR [OPTION...]

Makes a zip of every sub-folder of lambda/, with its production dependencies, and puts it into S3 unless it is there
already. Writes what the later stages of the pipeline need:

  DIR/manifest.json                             bucket; function, key, SHA-256 and size of every package
  DIR/configuration/ENVIRONMENT/TEMPLATE.json   parameters of the stacks that the pipeline deploys; for the template
                                                infrastructure with the keys of the packages; with the stack policy
                                                of a template that has one

The key of a package is FUNCTION/SHA-256.zip, after the zip itself. The same names, executable bits and contents make
the same zip, so a function that did not change keeps its package. A package in S3 is never overwritten: what is there
has to be what was made, by S3's own checksum, or the script fails. Nothing is known from earlier runs.

Dependencies are installed from package-lock.json (npm ci --omit=dev) or from requirements.txt (pip install
--require-hashes --no-deps), without running code of theirs: native code has to be there ready-made, in a wheel or a
package of npm. They are installed for the function's runtime and architecture, whatever machine this runs on, and what
Lambda could not load is refused: binaries for another processor or system, for another Python or Node.js, or for a
newer glibc than that of Amazon Linux 2023. Left out of packages: *.test.*, test_*.py, tsconfig*.json, __pycache__,
.DS_Store, node_modules/.cache, node_modules/.bin.

Options (and the environment variables that are their defaults):
  --bucket NAME             bucket of the packages (PACKAGE_BUCKET)
  --output DIR              where to write (PACKAGE_OUTPUT)
  --lambda-dir DIR          folder with a sub-folder for each function (LAMBDA_DIR, else lambda)
  --parameters-dir DIR      folder with a sub-folder for each environment (PARAMETERS_DIR, else parameters)
  --templates-dir DIR       folder with what `npm run build` wrote: the stack policies of templates, and runtime and
                            architecture of each function (TEMPLATES_DIR, else generated/environment)
  --environments "A B ..."  environments to write configurations for (ENVIRONMENTS, else every sub-folder of the
                            parameters folder but tooling)
  --jobs N                  how many programs run at a time (PACKAGE_JOBS, else twice the number of cores)
  --help                    this text

Needs the AWS CLI (2.17.34 or later, of version 1 1.34.2 or later), Python 3.10 or later and, for functions with a lock
file, npm or pip. The caller may s3:GetObject and s3:PutObject on the objects of the bucket, and kms:GenerateDataKey and
kms:Decrypt with its key. Objects are encrypted as the bucket says.

Ends with 0 when all packages are in S3, 1 when something failed, 2 when called wrongly. Safe to run again after it
was killed at any point.
EOF
}

bucket=${PACKAGE_BUCKET:-}
output=${PACKAGE_OUTPUT:-}
lambda_dir=${LAMBDA_DIR:-lambda}
parameters_dir=${PARAMETERS_DIR:-parameters}
templates_dir=${TEMPLATES_DIR:-generated/environment}
environments=${ENVIRONMENTS:-}
jobs=${PACKAGE_JOBS:-$((2 * $(getconf _NPROCESSORS_ONLN)))}
while (($# > 0)); do
  case $1 in
    --bucket) bucket=$(value_of "$@") ;;
    --output) output=$(value_of "$@") ;;
    --lambda-dir) lambda_dir=$(value_of "$@") ;;
    --parameters-dir) parameters_dir=$(value_of "$@") ;;
    --templates-dir) templates_dir=$(value_of "$@") ;;
    --environments) environments=$(value_of "$@") ;;
    --jobs) jobs=$(value_of "$@") ;;
    --help)
      usage
      exit 0
      ;;
    *) fail_usage "Unknown option \"$1\"." ;;
  esac
  shift 2
done
require_value --bucket "$bucket"
require_value --output "$output"
require_number --jobs "$jobs"
require_commands aws python3

# package STEP ARGUMENT...: a step of lib/package_lambdas.py.
package() {
  python3 "$here/lib/package_lambdas.py" "$@"
}

# prepare LINE: makes a folder of a function with a lock file and its dependencies, $work/staged/<function>.
prepare() {
  [[ $1 == *$'\tlocked\t'* ]] || return 0
  package install "$lambda_dir" "$work/staged" "$1"
}

# require_conditional_writes: ends the script when the AWS CLI is too old to know --if-none-match.
require_conditional_writes() {
  local version least=2.17.34
  version=$(aws --version 2>&1)
  [[ $version != aws-cli/1.* ]] || least=1.34.2
  version=${version#aws-cli/}
  printf '%s\n' "$least" "${version%% *}" | sort -C -V ||
    fail "The AWS CLI is ${version%% *}; expected $least or later, which can upload without overwriting. Update it."
}

# upload LINE: puts a zip into S3, or makes sure that what is there is the same, and notes which in $work/results.
upload() {
  local function key sha256 size pause
  IFS=$'\t' read -r function key sha256 size <<<"$1"
  # The bucket takes no upload without If-None-Match. S3 compares the checksum with what arrives, and keeps it. No
  # encryption header: the bucket's default applies, and a header would have to name the right key.
  # While somebody else is writing or deleting the object, S3 answers with a conflict, after which one has to upload
  # again (Amazon S3 API Reference, PutObject); the AWS CLI does not.
  for pause in 1 2 4 no; do
    if try_aws s3api put-object --bucket "$bucket" --key "$key" --body "$work/zips/$function.zip" \
      --content-type application/zip --checksum-algorithm SHA256 --checksum-sha256 "$sha256" --if-none-match '*'; then
      printf 'uploaded\n' >"$work/results/$function"
      return
    fi
    [[ $aws_error_code == ConditionalRequestConflict && $pause != no ]] || break
    sleep "$pause"
  done
  if [[ $aws_error_code == PreconditionFailed ]]; then
    check_stored "$bucket" "$key" "$sha256" && printf 'unchanged\n' >"$work/results/$function"
  else
    complain "s3://$bucket/$key: uploading failed. Is $bucket the package bucket that the stack artifact-store made," \
      "and may the caller s3:PutObject and, with the bucket's key, kms:GenerateDataKey? $aws_error"
    return 1
  fi
}

require_conditional_writes
make_work_folder
mkdir "$work/results" "$work/staged" "$work/zips"

[[ -d $lambda_dir ]] || fail "$lambda_dir: found no such folder; expected the one with the functions (--lambda-dir)."
[[ -d $parameters_dir ]] || fail "$parameters_dir: found no such folder; expected the parameters (--parameters-dir)."
[[ -d $templates_dir ]] || fail "$templates_dir: found no such folder; expected the templates (--templates-dir)."
# Whoever finds a manifest may rely on all else being there: one of an earlier run must not outlive a run that fails.
rm -f "$output/manifest.json"
package plan "$lambda_dir" "$templates_dir" "$parameters_dir" "$environments" >"$work/plan" ||
  fail "Nothing has been packaged; see above."
for_each_line "$jobs" prepare <"$work/plan" || fail "Not all functions could be prepared; nothing was uploaded."
package zip "$lambda_dir" "$work/staged" "$work/zips" <"$work/plan" >"$work/packages" ||
  fail "Not all functions could be zipped; nothing was uploaded."
for_each_line "$jobs" upload <"$work/packages" ||
  fail "Not all packages are in S3 as they were made, and no manifest was written; see above. Run again: those that" \
    "are there are kept."
package finish "$bucket" "$parameters_dir" "$environments" "$templates_dir" "$output" <"$work/packages" ||
  fail "The packages are in S3, but their manifest could not be written."

while IFS=$'\t' read -r function key _ size; do
  printf '%-9s  %s  %s  %s bytes\n' "$(<"$work/results/$function")" "$function" "s3://$bucket/$key" "$size"
done <"$work/packages"
