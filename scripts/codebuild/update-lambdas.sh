#!/usr/bin/env bash
# Makes every function of an environment run its packaged code. See --help.

# Not even `bash -x` may print the credentials below.
set +x
set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=lib/common.sh
source "$here/lib/common.sh"
# shellcheck source=lib/role.sh
source "$here/lib/role.sh"

usage() {
  cat <<'EOF'
Usage: update-lambdas.sh --manifest FILE --role-arn ARN --environment NAME --function-prefix PREFIX [OPTION...]

Assumes the role and makes every function of the manifest run its package: makes sure that S3 has all packages as the
manifest names them, by S3's own checksums, before anything is changed; compares CodeSha256, updates the code of
functions that differ, and reads all functions again at the end. Functions that run their package are not touched.
Prints a table and fails, naming them, if there are functions that do not run their package.

Options (and the environment variables that are their defaults):
  --manifest FILE           manifest.json of publish-packages.sh (MANIFEST)
  --role-arn ARN            role to assume in the environment's account (LAMBDA_UPDATE_ROLE_ARN)
  --environment NAME        environment, for messages (ENVIRONMENT_NAME)
  --function-prefix PREFIX  what stands before the manifest's names in the names of the functions, as in
                            <project>-dev- (FUNCTION_PREFIX)
  --commit ID               commit that is deployed, to be noted when all is well (COMMIT)
  --record NAME             parameter of Systems Manager in the environment's account to note it in (COMMIT_RECORD)
  --jobs N                  how many functions are updated at a time (UPDATE_JOBS, else 8)
  --help                    this text

Needs the AWS CLI (2.17.34 or later, of version 1 1.34.2 or later) and Python 3.
The caller may sts:AssumeRole on the role; the role may
lambda:GetFunctionConfiguration, lambda:GetFunction and lambda:UpdateFunctionCode on the functions, s3:GetObject on
the packages and kms:Decrypt with their key, and ssm:PutParameter on the record. The session lasts at most one hour; its credentials are never written to
a file nor printed.

Ends with 0 when every function runs its package, 1 when something failed, 2 when called wrongly. Safe to run again
after it was killed at any point.
EOF
}

manifest=${MANIFEST:-}
role_arn=${LAMBDA_UPDATE_ROLE_ARN:-}
environment=${ENVIRONMENT_NAME:-}
function_prefix=${FUNCTION_PREFIX:-}
commit=${COMMIT:-}
record=${COMMIT_RECORD:-}
jobs=${UPDATE_JOBS:-8}
while (($# > 0)); do
  case $1 in
    --manifest) manifest=$(value_of "$@") ;;
    --role-arn) role_arn=$(value_of "$@") ;;
    --environment) environment=$(value_of "$@") ;;
    --function-prefix) function_prefix=$(value_of "$@") ;;
    --commit) commit=$(value_of "$@") ;;
    --record) record=$(value_of "$@") ;;
    --jobs) jobs=$(value_of "$@") ;;
    --help)
      usage
      exit 0
      ;;
    *) fail_usage "Unknown option \"$1\"." ;;
  esac
  shift 2
done
require_value --manifest "$manifest"
require_value --role-arn "$role_arn"
require_value --environment "$environment"
require_value --function-prefix "$function_prefix"
require_number --jobs "$jobs"
require_role_arn "$role_arn"
require_commands aws python3

# How often a function is asked to update that is busy with another update, and how long to wait in between.
update_attempts=6
first_pause=2

# read_function NAME: sets $code_sha256 and $update_status. On failure they say so in words for the table.
read_function() {
  if with_role try_aws lambda get-function-configuration --function-name "$function_prefix$1" \
    --query '[CodeSha256,LastUpdateStatus]' --output text; then
    IFS=$'\t' read -r code_sha256 update_status <<<"$aws_output"
    return 0
  fi
  code_sha256='?'
  update_status=''
  if [[ $aws_error_code == ResourceNotFoundException ]]; then
    code_sha256='(no such function)'
  fi
  return 1
}

# note FUNCTION COLUMN VALUE: keeps a value for the table.
note() {
  printf '%s\n' "$3" >"$work/$2/$1"
}

# noted FUNCTION COLUMN: prints the value kept for the table, if any.
noted() {
  [[ ! -f $work/$2/$1 ]] || cat "$work/$2/$1"
}

# check_package LINE: whether S3 has a package as the manifest has it.
check_package() {
  local key sha256
  IFS=$'\t' read -r _ key sha256 <<<"$1"
  with_role check_stored "$bucket" "$key" "$sha256"
}

# converge LINE: makes one function run its package, and notes what its code was before and what was done.
converge() {
  local function key sha256 code_sha256 update_status
  IFS=$'\t' read -r function key sha256 <<<"$1"
  if ! read_function "$function"; then
    note "$function" before "$code_sha256"
    note "$function" error "$aws_error"
    return 1
  fi
  note "$function" before "$code_sha256"
  if [[ $update_status == InProgress ]]; then
    wait_until_updated "$function" || true
    read_function "$function" || true
  fi
  # After an update that failed, the new hash may show while the old code answers.
  if [[ $code_sha256 == "$sha256" && $update_status != Failed ]]; then
    return 0
  fi
  if ! update "$function" "$key"; then
    note "$function" error "$aws_error"
    return 1
  fi
  note "$function" updated yes
}

# update FUNCTION KEY: publishes a package and waits until the function runs it.
update() {
  local attempt pause=$first_pause
  for ((attempt = 1; ; attempt++)); do
    # An update is refused while another runs (ResourceConflictException). After one that failed there is nothing to
    # wait for, and the waiter would fail; should it give up, the update itself says what is the matter.
    [[ $update_status == Failed ]] || wait_until_updated "$1" || true
    if with_role try_aws lambda update-function-code --function-name "$function_prefix$1" \
      --s3-bucket "$bucket" --s3-key "$2" --query CodeSha256 --output text; then
      wait_until_updated "$1"
      return
    fi
    if [[ $aws_error_code != ResourceConflictException ]] || ((attempt == update_attempts)); then
      return 1
    fi
    sleep "$pause"
    pause=$((2 * pause))
  done
}

# wait_until_updated FUNCTION: returns when no update of the function runs any more; 1 when it failed.
wait_until_updated() {
  with_role try_aws lambda wait function-updated-v2 --function-name "$function_prefix$1"
}

# verify LINE: notes what a function runs at the end.
verify() {
  local function sha256 code_sha256 update_status
  IFS=$'\t' read -r function _ sha256 <<<"$1"
  if ! read_function "$function"; then
    [[ -f $work/error/$function ]] || note "$function" error "$aws_error"
  fi
  [[ $update_status != Failed ]] || code_sha256='(update failed)'
  note "$function" after "$code_sha256"
}

# result_of FUNCTION SHA256: prints the last column of the table.
result_of() {
  if [[ $(noted "$1" after) != "$2" ]]; then
    printf 'FAILED\n'
  elif [[ -f $work/updated/$1 ]]; then
    printf 'updated\n'
  else
    printf 'unchanged\n'
  fi
}

# note_commit: notes what the environment runs, which the next approver is shown.
note_commit() {
  [[ -n $record && -n $commit ]] || return 0
  with_role try_aws ssm put-parameter --name "$record" --value "$commit" --type String --overwrite ||
    fail "$environment: the functions run their packages, but $record cannot be set to $commit. $aws_error"
}

make_work_folder
mkdir "$work/before" "$work/after" "$work/updated" "$work/error"

manifest_lines=$(python3 "$here/lib/manifest.py" "$manifest") || fail "$environment: the manifest cannot be used; see above."
bucket=${manifest_lines%%$'\n'*}
if [[ $manifest_lines != *$'\n'* ]]; then
  printf '%s: the manifest has no functions; nothing to update.\n' "$environment"
  [[ -z $record ]] || assume_role "$environment" "$role_arn" lambda-update
  note_commit
  exit 0
fi
printf '%s\n' "${manifest_lines#*$'\n'}" >"$work/functions"

assume_role "$environment" "$role_arn" lambda-update
for_each_line "$jobs" check_package <"$work/functions" ||
  fail "$environment: not all packages are what was packaged, so no function has been updated; see above."
# What was met on the way does not count, but what the functions run in the end.
for_each_line "$jobs" converge <"$work/functions" || true
for_each_line "$jobs" verify <"$work/functions" || true

failed=()
missing=0
row='%-40s  %-44s  %-44s  %s\n'
# shellcheck disable=SC2059 # the format is the row of the table
printf "$row" FUNCTION BEFORE AFTER RESULT
while IFS=$'\t' read -r function _ sha256; do
  after=$(noted "$function" after)
  result=$(result_of "$function" "$sha256")
  # shellcheck disable=SC2059
  printf "$row" "$function_prefix$function" "$(noted "$function" before)" "$after" "$result"
  [[ $result != FAILED ]] || failed+=("$function")
  [[ $after != '(no such function)' ]] || missing=$((missing + 1))
done <"$work/functions"

if ((${#failed[@]} > 0)); then
  count=$(wc -l <"$work/functions")
  for function in "${failed[@]}"; do
    complain "$function_prefix$function does not run its package. $(noted "$function" error)"
  done
  if ((missing == count)); then
    complain "None of the functions exists: has the stack with the functions been deployed, and are the role's" \
      "account ($account), the Region and the prefix \"$function_prefix\" those of $environment?"
  fi
  fail "$environment: ${#failed[@]} of $count functions are not on the packaged code: ${failed[*]}." \
    "Run again: functions that run their package are not touched."
fi
note_commit
