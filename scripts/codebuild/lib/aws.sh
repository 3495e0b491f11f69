# shellcheck shell=bash
# How deploy.sh and destroy.sh run the AWS CLI. Sourced by them, never run. Builds do it in aws.py.

# Settings of the caller's that would change what scripts read, or would ask somebody (AWS CLI v2, "aws help
# config-vars"). A variable wins over what a profile says. aws-cli.json has the same ones. Options of a profile
# without a variable (cli_binary_format, cli_timestamp_format) concern nothing that the scripts pass or read.
export AWS_CLI_AUTO_PROMPT=off # on, it waits for a person at every call
export AWS_PAGER=''            # v2 opens one by default, and waits for a key
export AWS_DEFAULT_OUTPUT=json # off says nothing at all
export AWS_CLI_ERROR_FORMAT=legacy
export AWS_CLI_FILE_ENCODING=UTF-8
export AWS_CLI_OUTPUT_ENCODING=UTF-8

# aws_cli_problem: prints why the AWS CLI on PATH cannot be used; nothing where it can.
aws_cli_problem() {
  local said version least=2.17.34
  # One that does not start says so at the first call, and a stand-in may say something else.
  said=$(aws --version 2>&1) || return 0
  [[ $said =~ aws-cli/([0-9]+)\.([0-9]+)\.([0-9]+) ]] || return 0
  version=${BASH_REMATCH[0]#*/}
  # The first that know --if-none-match of s3api put-object (changelogs of both versions, August 2024).
  ((BASH_REMATCH[1] > 1)) || least=1.34.2
  [[ $version != "$(later_of "$version" "$least")" ]] || return 0
  printf 'The AWS CLI is %s; expected %s or later, which can upload without overwriting. Update it.' "$version" "$least"
}

# later_of VERSION VERSION: prints the later one of two versions of three numbers.
later_of() {
  local -a one two
  local place
  IFS=. read -ra one <<<"$1"
  IFS=. read -ra two <<<"$2"
  for place in 0 1 2; do
    if ((one[place] != two[place])); then
      if ((one[place] > two[place])); then printf '%s' "$1"; else printf '%s' "$2"; fi
      return
    fi
  done
  printf '%s' "$1"
}
