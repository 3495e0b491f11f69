#!/usr/bin/env bash
# Puts packages of Lambda functions into S3. See --help.
set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=lib/common.sh
source "$here/lib/common.sh"

usage() {
  cat <<'EOF'
Usage: publish-packages.sh --zips DIR --bucket NAME --output DIR [OPTION...]

Puts the zips of package-lambdas.sh into S3, each unless it is there already, and writes what the later stages of the
pipeline deploy:

  DIR/manifest.json                             bucket; function, key, SHA-256 and size of every package
  DIR/configuration/ENVIRONMENT/TEMPLATE.json   parameters of the stacks that the pipeline deploys; for the template
                                                infrastructure with the keys of the packages; with the stack policy
                                                of a template that has one
  DIR/generated/environment/TEMPLATE.yaml       the templates

The key of a package is FUNCTION/SHA-256.zip, after the zip itself, so a function that did not change keeps its package.
A package in S3 is never overwritten: what is there has to be what was made, by S3's own checksum, or the script fails.
Nothing is known from earlier runs.

It runs no code of the commit, nor of what functions depend on: zips are only read, and have to be those of the functions
that the templates have.

Options (and the environment variables that are their defaults):
  --zips DIR                what package-lambdas.sh wrote (ZIPS_DIR)
  --bucket NAME             bucket of the packages (PACKAGE_BUCKET)
  --output DIR              where to write (PACKAGE_OUTPUT)
  --parameters-dir DIR      folder with a sub-folder for each environment (PARAMETERS_DIR, else parameters)
  --templates-dir DIR       folder with what `npm run build` wrote: templates, their stack policies, and the functions
                            (TEMPLATES_DIR, else generated/environment)
  --environments "A B ..."  environments to write configurations for (ENVIRONMENTS, else every sub-folder of the
                            parameters folder but tooling)
  --jobs N                  how many programs run at a time (PACKAGE_JOBS, else twice the number of cores)
  --help                    this text

Needs the AWS CLI (2.17.34 or later, of version 1 1.34.2 or later) and Python 3.10 or later. The caller may s3:GetObject
and s3:PutObject on the objects of the bucket, and kms:GenerateDataKey and kms:Decrypt with its key. Objects are
encrypted as the bucket says.

Ends with 0 when all packages are in S3, 1 when something failed, 2 when called wrongly. Safe to run again after it
was killed at any point.
EOF
}

zips=${ZIPS_DIR:-}
bucket=${PACKAGE_BUCKET:-}
output=${PACKAGE_OUTPUT:-}
parameters_dir=${PARAMETERS_DIR:-parameters}
templates_dir=${TEMPLATES_DIR:-generated/environment}
environments=${ENVIRONMENTS:-}
jobs=${PACKAGE_JOBS:-$((2 * $(getconf _NPROCESSORS_ONLN)))}
while (($# > 0)); do
  case $1 in
    --zips) zips=$(value_of "$@") ;;
    --bucket) bucket=$(value_of "$@") ;;
    --output) output=$(value_of "$@") ;;
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
require_value --zips "$zips"
require_value --bucket "$bucket"
require_value --output "$output"
require_number --jobs "$jobs"
require_commands aws python3

# publish STEP ARGUMENT...: a step of lib/publish_packages.py.
publish() {
  python3 "$here/lib/publish_packages.py" "$@"
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
    if try_aws s3api put-object --bucket "$bucket" --key "$key" --body "$zips/$function.zip" \
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

make_work_folder
mkdir "$work/results"

[[ -d $zips ]] || fail "$zips: found no such folder; expected the zips of package-lambdas.sh (--zips)."
[[ -d $parameters_dir ]] || fail "$parameters_dir: found no such folder; expected the parameters (--parameters-dir)."
[[ -d $templates_dir ]] || fail "$templates_dir: found no such folder; expected the templates (--templates-dir)."
# Whoever finds a manifest may rely on all else being there: one of an earlier run must not outlive a run that fails.
rm -f "$output/manifest.json"
publish read "$zips" "$templates_dir" "$parameters_dir" "$environments" >"$work/packages" ||
  fail "Nothing has been uploaded; see above."
for_each_line "$jobs" upload <"$work/packages" ||
  fail "Not all packages are in S3 as they were made, and no manifest was written; see above. Run again: those that" \
    "are there are kept."
publish finish "$bucket" "$parameters_dir" "$environments" "$templates_dir" "$output" <"$work/packages" ||
  fail "The packages are in S3, but their manifest could not be written."

while IFS=$'\t' read -r function key _ size; do
  printf '%-9s  %s  %s  %s bytes\n' "$(<"$work/results/$function")" "$function" "s3://$bucket/$key" "$size"
done <"$work/packages"
