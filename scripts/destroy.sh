#!/usr/bin/env bash
set -euo pipefail

usage() {
  cat <<'END'
Usage: scripts/destroy.sh [OPTION...] [SELECTION...]

Deletes the stacks of the route to live in the reverse of the order in which they were deployed, and waits for each.
The stacks of an environment that a pipeline deployed go before its deployment-roles and service-roles: CloudFormation
deletes them with the roles of these. It stops at the first failure. Running it again goes on with what is left.

Resources that the deployed template retains (DeletionPolicy) stay, and are named with their names in the account: a
later deployment cannot create them again as long as they are there.

Before anything is deleted, everything that protects it is looked at, or that would stop the deletion half-way: the
stacks' termination protection, load balancers' and tables' deletion protection, buckets and image repositories that
hold something and are not retained. Where there is any, nothing is deleted, and the commands that lift it are named.

See to it that no pipeline is running: it would deploy again what has just been deleted.

SELECTION  all                 every stack, those that a pipeline deployed included (default)
           ACCOUNT             all stacks of an account: tooling, or an environment
           STACK               one stack, by its full name: <project>-dev-infrastructure

OPTION     --including-prod    allow environments that templates-src/topology.ts calls production
           --yes               do not ask
           --dry-run           print the commands and what is retained, and contact nothing
           --profile ACCOUNT=PROFILE
                               AWS CLI profile of an account; may be repeated. Default: the profile called
                               <project>-<account>, and without one the credentials of the environment
           --generated DIR     read the templates of this folder instead of generated/
           --parameters DIR    read account ids and Regions from this folder instead of parameters/
           --help

Needs the AWS CLI, 2.17.34 or later, of version 1 1.34.2 or later.
AWS_ENDPOINT_URL is honoured. Exit code: 0 nothing of the selection is left, 1 failed or refused, 2 wrong
usage; 129, 130 and 143 ended by a signal (hang-up, Ctrl-C, TERM).
END
}

# shellcheck source-path=SCRIPTDIR source=deploy/stacks.sh
source "$(dirname "${BASH_SOURCE[0]}")/deploy/stacks.sh"

# Refuses to delete a stack from under those that stand on it.
check_dependents() {
  local row stack dependent problems='' dependents=()
  for row in "${needed_by[@]}"; do
    dependents+=("${row#*$'\t'}")
  done
  ((${#dependents[@]} > 0)) || return 0
  require_statuses "${dependents[@]}"
  for row in "${needed_by[@]}"; do
    IFS=$'\t' read -r stack dependent <<<"$row"
    if [[ -n ${stack_status[$stack]} && -n ${stack_status[$dependent]} ]]; then
      problems+=$'\n'"  $stack: $dependent was deployed with its roles, or imports its outputs."
      problems+=$'\n'"    Delete that first: scripts/destroy.sh $dependent"
    fi
  done
  [[ -z $problems ]] || fail "these stacks are still needed. Nothing was deleted.$problems"
}

confirm() {
  local answer=''
  printf '\nType the name of the project (%s) to delete %d stacks: ' "$project" "$1"
  read -r answer || true
  [[ $answer == "$project" ]] || fail "found '$answer', expected '$project'. Nothing was deleted."
}

# delete_stack STACK: records the result, and explains a failure.
delete_stack() {
  local stack=$1 started=$SECONDS result=deleted
  print_start "$stack"
  interruption="CloudFormation goes on deleting $stack; run this again for what is left."
  if ! { run_text "${stack_command[$stack]}" && run_text "${stack_wait[$stack]}"; }; then
    result=failed
  fi
  print_result "$stack" "$result" $((SECONDS - started))
  [[ $result == deleted ]] || explain_failure "$stack"
  interruption=''
  [[ $result == deleted ]]
}

yes=''
for argument in "$@"; do
  case $argument in
    --help | -h)
      usage || true # whoever reads may stop early
      exit 0
      ;;
    --dry-run)
      check_tools node
      run_node scripts/deploy/deployment-command.ts destroy "$@"
      exit
      ;;
    --yes) yes=yes ;;
  esac
done

check_tools node aws
begin
load_plan destroy "$@"
check_aws_cli
check_accounts
require_statuses "${stacks[@]}"
existing=()
for stack in "${stacks[@]}"; do
  [[ -z ${stack_status[$stack]} ]] || existing+=("$stack")
done
if ((${#existing[@]} > 0)); then
  check_dependents
  run_node scripts/deploy/deployment-command.ts announce-destruction "${existing[@]}" -- "$@"
  [[ -n $yes ]] || confirm "${#existing[@]}"
  printf '\n'
fi
failed=''
for stack in "${stacks[@]}"; do
  if [[ -z ${stack_status[$stack]} ]]; then
    print_start "$stack"
    printf 'does not exist\n'
    record "$stack" 'does not exist'
  elif [[ -n $failed ]]; then
    record "$stack" 'not deleted'
  elif ! delete_stack "$stack"; then
    failed=$stack
  fi
done
print_summary
[[ -z $failed ]]
