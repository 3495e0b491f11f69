#!/usr/bin/env bash
set -euo pipefail

usage() {
  cat <<'END'
Usage: scripts/deploy.sh [OPTION...] [SELECTION...]

Deploys the generated templates with `aws cloudformation deploy`, in the order of templates-src/topology.ts, and stops
at the first failure. Running it again changes nothing that is up to date.

SELECTION  all                 every stack but those that a pipeline deploys (default)
           ACCOUNT             the stacks of an account: tooling, or an environment
           STACK               one stack, by its full name: <project>-dev-deployment-roles
                               (the only way to name a stack that a pipeline deploys)

OPTION     --dry-run           print the commands, ready to be pasted, and contact nothing
           --no-doctor         skip the checks of scripts/doctor.sh that tell whether the deployment can succeed
           --adopt             before a stack is created, take into it what was retained when an earlier one of its name
                               was deleted: buckets, image repository, log groups, queues and their key. Of a stack
                               that a pipeline deploys no more than that: its pipeline deploys the rest. What there is
                               to adopt is only known when it runs: --dry-run does not show it
           --profile ACCOUNT=PROFILE
                               AWS CLI profile of an account; may be repeated. Default: the profile called
                               <project>-<account>, and without one the credentials of the environment
           --generated DIR     deploy the templates of this folder instead of generated/; parameters are then not
                               checked beforehand
           --parameters DIR    take the parameters from this folder instead of parameters/
           --help

Stacks of the tooling account and of environments that topology.ts calls production get termination protection; those
that a pipeline has made there get it whenever something is deployed to their account.

First the service-linked roles are made that the environments' stacks need, where an account does not have them yet.
Before anything is deployed, all parameter files are checked (`npm run validate`), and the credentials of every account
are compared with the account ids in these files. Then the accounts are examined: what would make the deployment fail
stops it, what else asks for a look is printed.
Needs the AWS CLI, 2.17.34 or later, of version 1 1.34.2 or later.
AWS_ENDPOINT_URL is honoured. Exit code: 0 all deployed or up to date, 1 failed, 2 wrong usage; 129, 130
and 143 ended by a signal (hang-up, Ctrl-C, TERM).
END
}

# shellcheck source-path=SCRIPTDIR source=deploy/stacks.sh
source "$(dirname "${BASH_SOURCE[0]}")/deploy/stacks.sh"

# Where a stack can't be deployed in its present state: what to do about it.
advice_for_status() {
  case ${stack_status[$1]} in
    # Most stacks are in order, and Node.js takes a moment to start.
    '' | CREATE_COMPLETE | UPDATE_COMPLETE | UPDATE_ROLLBACK_COMPLETE) ;;
    IMPORT_ROLLBACK_COMPLETE) holds_something "$1" || advise "$1" ;;
    *) advise "$1" ;;
  esac
}

advise() {
  run_node scripts/deploy/stack-advice.ts "$1" "${stack_status[$1]}" "${account_options[${stack_account[$1]}]}"
}

# holds_something STACK: whether it has resources. An import that was undone leaves a stack without any where it was to
# make the stack, and else the stack as it was.
holds_something() {
  local options
  eval "options=(${account_options[${stack_account[$1]}]})"
  aws cloudformation list-stack-resources --stack-name "$1" --output text \
    --query "StackResourceSummaries[?ResourceStatus!='DELETE_COMPLETE'].LogicalResourceId" "${options[@]}" | grep -q .
}

# Refuses stacks that no deployment can succeed in, before any is touched.
check_statuses() {
  local stack advice problems=''
  require_statuses "${stacks[@]}"
  for stack in "${stacks[@]}"; do
    advice=$(advice_for_status "$stack")
    if [[ -n $advice ]]; then
      problems+=$'\n'"  $stack in $(account_label "${stack_account[$stack]}") is in ${stack_status[$stack]}."
      problems+=$'\n'"    ${advice//$'\n'/$'\n'    }"
    fi
  done
  [[ -z $problems ]] || fail "these stacks cannot be deployed now. Nothing was changed.$problems"
}

# Runs those checks of doctor.sh that tell whether a deployment can succeed. In the background, see run_text.
examine_accounts() {
  examine() {
    NODE_PATH=$repository/node_modules exec node -r tsx/cjs "$repository/scripts/deploy/doctor/before-deployment-command.ts" "$@"
  }
  examine "$@" &
  wait $! || exit 1
}

# make_linked_role ROLE: makes a service-linked role, unless it is there.
make_linked_role() {
  local words
  eval "words=(${role_check[$1]})"
  ! "${words[@]}" >/dev/null 2>&1 || return 0
  eval "words=(${role_creation[$1]})"
  "${words[@]}"
}

# Makes the service-linked roles of all accounts, minutes before the first stack that needs one.
make_linked_roles() {
  local role problems=''
  in_parallel make_linked_role "${linked_roles[@]}"
  for role in "${linked_roles[@]}"; do
    if [[ -n ${succeeded[$role]} ]]; then
      [[ ! -s $work/$role.out ]] || printf 'Service-linked role made: %s\n' "$role"
    elif ! grep -q 'has been taken in this account' "$work/$role.err"; then
      problems+=$'\n'"  $role (${account_id[${role_account[$role]}]}):"$'\n'"    $(said "$work/$role.err")"
    fi
  done
  [[ -z $problems ]] || fail "these service-linked roles cannot be made ready. No stack was changed.$problems"
}

# read_feeds STACK: sets a variable of the parameter's name for each output that the stack is fed.
read_feeds() {
  local feed stack parameter source output account command problem
  for feed in "${feeds[@]}"; do
    IFS=$'\t' read -r stack parameter source output account command <<<"$feed"
    [[ $stack == "$1" ]] || continue
    if ! run_text "$command"; then
      problem="which cannot be read. If that stack does not exist yet, deploy it first"
    elif [[ $(<"$work/out") == None ]]; then
      problem="which has no such output. It was deployed from another template. Deploy it again"
    else
      printf -v "$parameter" '%s' "$(<"$work/out")"
      continue
    fi
    printf '\n%s needs the output %s of %s in %s, %s: scripts/deploy.sh %s\n' \
      "$stack" "$output" "$source" "$account" "$problem" "$source" >>"$work/err"
    return 1
  done
}

# upload_scripts STACK: puts the scripts that the stack's builds run where they look for them, unless they are there.
upload_scripts() {
  [[ -n ${scripts_check[$1]:-} ]] || return 0
  ! run_text "${scripts_check[$1]}" || return 0
  run_text "${scripts_pack[$1]}" && run_text "${scripts_upload[$1]}" && return
  # Somebody else was faster.
  grep -q PreconditionFailed "$work/err"
}

# protect_stack STACK: switches termination protection on where it is to be, and is not yet.
protect_stack() {
  [[ -n ${stack_protection[$1]:-} && -z ${is_protected[$1]} ]] || return 0
  run_text "${stack_protection[$1]}"
}

# Protects what pipelines made: CodePipeline has no way to.
protect_stacks_of_pipelines() {
  local stack others=()
  for stack in "${!stack_protection[@]}"; do
    [[ -n ${stack_command[$stack]:-} ]] || others+=("$stack")
  done
  ((${#others[@]} > 0)) || return 0
  if ! read_statuses "${others[@]}"; then
    printf 'Everything is deployed. Whether these stacks, which pipelines make, are protected cannot be seen. %s%s\n' \
      'Run this again.' "$unseen" >&2
    failed='a protection'
  fi
  for stack in "${others[@]}"; do
    case ${stack_status[$stack]} in
      CREATE_COMPLETE | UPDATE_COMPLETE | UPDATE_ROLLBACK_COMPLETE | IMPORT_COMPLETE)
        if ! protect_stack "$stack"; then
          printf 'Everything is deployed, but %s cannot be protected:\n%s\n' "$stack" "$(said "$work/err")" >&2
          failed=$stack
        elif [[ -z ${is_protected[$stack]} ]]; then
          printf 'Protected against deletion: %s\n' "$stack"
        fi
        ;;
    esac
  done
}

# What --adopt found, by stack: what it is, and the commands that take it in, a line each.
declare -A adopts adoption_commands

# plan_adoption ARGUMENT...: looks for what is left of the stacks that do not exist.
plan_adoption() {
  local kind stack text missing=()
  for stack in "${stacks[@]}"; do
    case ${stack_status[$stack]} in
      '' | REVIEW_IN_PROGRESS) missing+=("$stack") ;;
    esac
  done
  ((${#missing[@]} > 0)) || return 0
  run_node scripts/deploy/adoption-command.ts "${missing[@]}" -- "$@" >"$work/adoption"
  while IFS=$'\t' read -r kind stack text; do
    case $kind in
      adopts) adopts[$stack]=$text ;;
      command) adoption_commands[$stack]+=$text$'\n' ;;
    esac
  done <"$work/adoption"
}

# adopt_remains STACK: makes the stack of what is left of it.
adopt_remains() {
  local command
  [[ -n ${adopts[$1]:-} ]] || return 0
  while read -r command; do
    run_text "$command" || return 1
  done <<<"${adoption_commands[$1]%$'\n'}"
  stack_status[$1]=IMPORT_COMPLETE
  printf 'adopted %s: ' "${adopts[$1]}"
}

# deploy_stack STACK: records the result, and explains a failure.
deploy_stack() {
  local stack=$1 started=$SECONDS result advice
  [[ -z ${stack_note[$stack]:-} ]] || printf 'Note: %s\n' "${stack_note[$stack]}"
  print_start "$stack"
  interruption="CloudFormation goes on by itself with what it has begun in $stack; run this again when it has ended."
  if ! adopt_remains "$stack"; then
    result=failed
  elif [[ -n $adopt && -n ${stack_note[$stack]:-} ]]; then
    result='left to its pipeline'
  elif ! { read_feeds "$stack" && upload_scripts "$stack" && run_text "${stack_command[$stack]}"; }; then
    result=failed
  elif grep -q 'No changes to deploy' "$work/out"; then
    result='no changes'
  elif [[ -n ${adopts[$stack]:-} ]]; then
    result=adopted
  elif [[ -z ${stack_status[$stack]} || ${stack_status[$stack]} == REVIEW_IN_PROGRESS ]]; then
    result=created
  else
    result=updated
  fi
  # Before anybody calls the stack deployed: without its policy, an update could move traffic to where nothing runs.
  if [[ $result != failed && $result != left* && -n ${stack_policy[$stack]:-} ]] && ! run_text "${stack_policy[$stack]}"; then
    printf '\n%s is deployed, but its stack policy is not set. Run this again.\n' "$stack" >>"$work/err"
    result=failed
  fi
  if [[ $result != failed && $result != left* ]] && ! protect_stack "$stack"; then
    result='not protected'
  fi
  print_result "$stack" "$result" $((SECONDS - started))
  if [[ $result == 'not protected' ]]; then
    printf '%s is deployed, but cannot be protected:\n%s\n' "$stack" "$(said "$work/err")" >&2
    return 1
  elif [[ $result == failed ]]; then
    explain_failure "$stack"
    read -r stack_status["$stack"] _ < <(print_status "$stack" 2>/dev/null) || true
    advice=$(advice_for_status "$stack")
    [[ -z $advice ]] || printf '\n%s is now in %s. %s\n' "$stack" "${stack_status[$stack]}" "$advice" >&2
  fi
  interruption=''
  [[ $result != failed ]]
}

doctor=yes adopt=''
for argument in "$@"; do
  case $argument in
    --no-doctor) doctor='' ;;
    --adopt) adopt=yes ;;
    --help | -h)
      usage || true # whoever reads may stop early
      exit 0
      ;;
    --dry-run)
      check_tools node
      run_node scripts/deploy/deployment-command.ts deploy "$@"
      exit
      ;;
  esac
done

check_tools node aws
begin
load_plan deploy "$@"
check_aws_cli
check_accounts
check_statuses
[[ -z $doctor ]] || examine_accounts "$@"
[[ -z $adopt ]] || plan_adoption "$@"
make_linked_roles
failed=''
for stack in "${stacks[@]}"; do
  if [[ -n $failed ]]; then
    record "$stack" 'not deployed'
  elif ! deploy_stack "$stack"; then
    failed=$stack
  fi
done
[[ -n $failed ]] || protect_stacks_of_pipelines
print_summary
[[ -z $failed ]]
