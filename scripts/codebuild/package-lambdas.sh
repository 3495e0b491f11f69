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

The key of a package is FUNCTION/CONTENT-HASH.zip. The hash covers the function's runtime and architecture, and names,
executable bits and contents of the source, so a function that did not change is neither installed nor zipped nor
uploaded. A package in S3 is never overwritten.

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

Needs the AWS CLI, Python 3.10 or later and, for functions with a lock file, npm or pip. The caller may s3:ListBucket
on the bucket, s3:GetObject and s3:PutObject on its objects, and kms:GenerateDataKey and kms:Decrypt with the bucket's
key. Objects are encrypted as the bucket says. index.json in the bucket is a cache that may be deleted at any time.

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

# list_bucket: writes what is in the bucket to $work/listing, and the index of an earlier run, if any, to $work/index.
list_bucket() {
  if ! try_aws s3api list-objects-v2 --bucket "$bucket" --query 'Contents[].[Key,ETag,Size]' --output json; then
    [[ $aws_error_code != NoSuchBucket ]] ||
      fail "The bucket $bucket does not exist. It is made by the stack artifact-store: is --bucket its package bucket?"
    fail "The bucket $bucket cannot be listed: is this the tooling account, and may the caller s3:ListBucket? $aws_error"
  fi
  printf '%s\n' "$aws_output" >"$work/listing"
  # Without it, or with a damaged one, look_up asks for every package; see lib/package_index.py.
  [[ $aws_output != *'"index.json"'* ]] || try_aws s3api get-object --bucket "$bucket" --key index.json "$work/index" ||
    complain "s3://$bucket/index.json cannot be read, so S3 is asked for every package. $aws_error"
}

# look_up LINE: writes what S3 has of a planned package to $work/packages/<function>: SHA-256, size and ETag.
look_up() {
  local function hash
  IFS=$'\t' read -r function hash _ <<<"$1"
  # The hash of the zip is S3's own checksum of the object, which S3 verified when it was uploaded, rather than
  # metadata that anybody may have mistyped. It covers the whole object because put-object sends a single part.
  if ! try_aws s3api head-object --bucket "$bucket" --key "$function/$hash.zip" --checksum-mode ENABLED \
    --query '[ChecksumSHA256,ContentLength,ETag]' --output text; then
    complain "s3://$bucket/$function/$hash.zip cannot be read: the caller needs s3:GetObject on it, and kms:Decrypt" \
      "with the bucket's key to see its checksum. $aws_error"
    return 1
  fi
  if ! [[ $aws_output =~ ^[A-Za-z0-9+/]{43}=[[:blank:]][0-9]+[[:blank:]] ]]; then
    complain "s3://$bucket/$function/$hash.zip: found an object without a SHA-256 checksum of its whole content." \
      "This script did not put it there. Delete it and run again."
    return 1
  fi
  printf '%s\n' "$aws_output" >"$work/packages/$function"
}

# prepare LINE: makes a folder of a function with a lock file and its dependencies, $work/staged/<function>.
prepare() {
  [[ $1 == *$'\tlocked\t'* ]] || return 0
  package install "$lambda_dir" "$work/staged" "$1"
}

# upload LINE: puts a zip into S3 and notes it in $work/packages/<function>.
upload() {
  local function hash sha256 size
  IFS=$'\t' read -r function hash sha256 size <<<"$1"
  # If-None-Match: a package that another run uploaded meanwhile stays, since somebody may already deploy it.
  # S3 compares the checksum with what arrives, and keeps it for look_up. No encryption header: the bucket's default
  # applies, and a header would have to name the right key.
  if try_aws s3api put-object --bucket "$bucket" --key "$function/$hash.zip" --body "$work/zips/$function.zip" \
    --content-type application/zip --checksum-algorithm SHA256 --checksum-sha256 "$sha256" --if-none-match '*' \
    --query ETag --output text; then
    printf '%s\t%s\t%s\n' "$sha256" "$size" "$aws_output" >"$work/packages/$function"
  elif [[ $aws_error_code == PreconditionFailed || $aws_error_code == ConditionalRequestConflict ]]; then
    look_up "$function"$'\t'"$hash"
  else
    complain "s3://$bucket/$function/$hash.zip: uploading failed. $aws_error"
    return 1
  fi
}

# write_index: keeps in the bucket what this run knows, for the next one to ask less.
write_index() {
  [[ ! -f $work/index || $(<"$work/index") != "$(<"$work/new-index")" ]] || return 0
  try_aws s3api put-object --bucket "$bucket" --key index.json --body "$work/new-index" \
    --content-type application/json ||
    complain "s3://$bucket/index.json could not be written, so the next run has to ask for every package. $aws_error"
}

# select_missing: prints the planned lines whose packages are not in S3.
select_missing() {
  local line
  while IFS= read -r line; do
    [[ -f $work/packages/${line%%$'\t'*} ]] || printf '%s\n' "$line"
  done <"$work/plan"
}

make_work_folder
mkdir "$work/packages" "$work/staged" "$work/zips"

[[ -d $lambda_dir ]] || fail "$lambda_dir: found no such folder; expected the one with the functions (--lambda-dir)."
[[ -d $parameters_dir ]] || fail "$parameters_dir: found no such folder; expected the parameters (--parameters-dir)."
[[ -d $templates_dir ]] || fail "$templates_dir: found no such folder; expected the templates (--templates-dir)."
# Whoever finds a manifest may rely on all else being there: one of an earlier run must not outlive a run that fails.
rm -f "$output/manifest.json"
package plan "$lambda_dir" "$templates_dir" "$parameters_dir" "$environments" >"$work/plan" ||
  fail "Nothing has been packaged; see above."

list_bucket
package known "$work/listing" "$work/index" "$work/packages" <"$work/plan" >"$work/unknown"
for_each_line "$jobs" look_up <"$work/unknown" || fail "S3 did not tell all packages; see above. Nothing was uploaded."

select_missing >"$work/missing"
if [[ -s $work/missing ]]; then
  for_each_line "$jobs" prepare <"$work/missing" || fail "Not all functions could be prepared; nothing was uploaded."
  package zip "$lambda_dir" "$work/staged" "$work/zips" <"$work/missing" >"$work/zipped" ||
    fail "Not all functions could be zipped; nothing was uploaded."
  for_each_line "$jobs" upload <"$work/zipped" ||
    fail "Not all packages are in S3, and no manifest was written. Run again: those that are there are kept."
fi

while IFS=$'\t' read -r function hash _; do
  printf '%s\t%s\t%s\n' "$function" "$function/$hash.zip" "$(<"$work/packages/$function")"
done <"$work/plan" >"$work/packaged"
package finish "$bucket" "$parameters_dir" "$environments" "$templates_dir" "$output" <"$work/packaged" >"$work/new-index" ||
  fail "The packages are in S3, but their manifest could not be written."
write_index

while IFS=$'\t' read -r function key _ size _; do
  result=unchanged
  [[ ! -f $work/zips/$function.zip ]] || result=uploaded
  printf '%-9s  %s  %s  %s bytes\n' "$result" "$function" "s3://$bucket/$key" "$size"
done <"$work/packaged"
