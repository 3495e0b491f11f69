# shellcheck shell=bash
# What the scripts of this folder share. Sourced by them, never run.
# shellcheck disable=SC2034 # the scripts read what try_aws sets

# The AWS CLI retries throttling, 5xx and lost connections by itself; the legacy mode, its default, does so too seldom.
export AWS_RETRY_MODE="${AWS_RETRY_MODE:-standard}"
export AWS_MAX_ATTEMPTS="${AWS_MAX_ATTEMPTS:-8}"
# shellcheck source=aws.sh
source "${BASH_SOURCE[0]%/*}/aws.sh"
# lib/__pycache__ would be a change in the source.
export PYTHONDONTWRITEBYTECODE=1

# What the caller of try_aws reads.
aws_output='' aws_error='' aws_error_code=''

# Prints a message on standard error, headed with the script's name.
complain() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
}

# Ends the script with 1: something went wrong.
fail() {
  complain "$@"
  exit 1
}

# Ends the script with 2: it was called wrongly.
fail_usage() {
  complain "$@" "Try --help."
  exit 2
}

# value_of OPTION [VALUE...]: prints the value of an option, or ends the script when it has none.
value_of() {
  (($# > 1)) || fail_usage "$1 needs a value."
  printf '%s\n' "$2"
}

# require_value NAME VALUE: ends the script when an option that must be given is empty.
require_value() {
  [[ -n $2 ]] || fail_usage "$1 is missing."
}

# require_number NAME VALUE: ends the script unless the value is a whole number from 1 to 64.
require_number() {
  if ! [[ $2 =~ ^[1-9][0-9]?$ ]] || (($2 > 64)); then
    fail_usage "$1 is \"$2\"; expected a number from 1 to 64."
  fi
}

# require_commands COMMAND...: ends the script when a program is missing, or the AWS CLI is too old.
require_commands() {
  local command problem
  for command in "$@"; do
    command -v "$command" >/dev/null || fail "The program $command is not on PATH. Install it."
    if [[ $command == aws ]]; then
      problem=$(aws_cli_problem)
      [[ -z $problem ]] || fail "$problem"
    fi
  done
}

# Makes the folder $work, which goes when the script ends, together with jobs that still run.
make_work_folder() {
  work=$(mktemp -d)
  trap end_work EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
}

end_work() {
  local jobs
  jobs=$(jobs -p)
  # shellcheck disable=SC2086 # one id each
  [[ -z $jobs ]] || kill $jobs 2>/dev/null || true
  rm -rf "$work"
}

# try_aws ARGUMENT...: runs the AWS CLI. On success $aws_output has what it printed. On failure returns its exit code;
# $aws_error has its message and $aws_error_code AWS's code of the error (404, ThrottlingException; empty when the
# call never got an answer). Needs make_work_folder. Safe in parallel jobs.
try_aws() {
  local errors=$work/aws-error.$BASHPID code=0
  aws_error='' aws_error_code=''
  aws_output=$(aws "$@" 2>"$errors") || code=$?
  if ((code != 0)); then
    # The CLI begins with an empty line.
    aws_error=$(sed '/^$/d' "$errors")
    if [[ $aws_error =~ \(([A-Za-z0-9.]+)\)\ when\ calling ]]; then
      aws_error_code=${BASH_REMATCH[1]}
    fi
  fi
  return "$code"
}

# check_stored BUCKET KEY SHA256: says so and returns 1 unless S3 has the bytes under a key that a hash in base64 is of.
check_stored() {
  # S3's own checksum, which S3 verified when the object was uploaded, rather than metadata that anybody may mistype.
  # That of an object uploaded in parts ends in -PARTS and equals none.
  if ! try_aws s3api head-object --bucket "$1" --key "$2" --checksum-mode ENABLED \
    --query ChecksumSHA256 --output text; then
    # Whoever may not list the bucket gets 403 for what is missing, too.
    complain "s3://$1/$2 cannot be read: either it is gone, and a new run of the pipeline puts it back; or the caller" \
      "lacks s3:GetObject on it, or kms:Decrypt with the bucket's key, to see its checksum. $aws_error"
    return 1
  fi
  [[ $aws_output != "$3" ]] || return 0
  [[ $aws_output != None ]] || aws_output='no SHA-256 checksum'
  complain "s3://$1/$2: found $aws_output, expected the SHA-256 checksum $3. These are not the bytes that the key is" \
    "named after, and packaging did not put them there. What to do: README.md, \"A package is not what its key is" \
    "named after\"."
  return 1
}

# for_each_line LIMIT COMMAND [ARGUMENT...]: runs COMMAND ARGUMENT... LINE for each line of standard input, at most LIMIT
# at a time. Returns 1 unless all of them succeeded; when one fails, the others still run. `set -e` does not hold inside
# COMMAND. Needs make_work_folder.
for_each_line() {
  local limit=$1 line running started=0 successes
  shift
  # Successes are counted in files: how many exit codes `wait -n` reports differs between versions of bash when several
  # jobs end at once, and a job that was killed must not look like one that succeeded.
  successes=$(mktemp -d "$work/successes.XXXXXX")
  while IFS= read -r line; do
    while running=$(jobs -rp) && (($(wc -w <<<"$running") >= limit)); do
      wait -n || true
    done
    started=$((started + 1))
    { "$@" "$line" && : >"$successes/$started"; } </dev/null &
  done
  wait
  (($(find "$successes" -type f | wc -l) == started))
}
