# shellcheck shell=bash
# What deploy.sh and destroy.sh share: the plan, the accounts, the state of stacks, and the report. Sourced, not run.
# shellcheck disable=SC2034 # the scripts that source this file read its variables

if ((BASH_VERSINFO[0] < 5)); then
  printf '%s: found bash %s, expected bash 5 or later. On macOS: brew install bash\n' "${0##*/}" "$BASH_VERSION" >&2
  exit 1
fi

repository=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

if [[ -t 1 && -z ${NO_COLOR:-} ]]; then
  green=$'\e[32m' red=$'\e[31m' plain=$'\e[0m'
else
  green='' red='' plain=''
fi

# The plan, by name of account or stack.
accounts=()
declare -A account_id account_id_source account_profile account_usual_profile account_options
stacks=()
declare -A stack_account stack_command stack_wait stack_note stack_policy stack_protection
declare -A scripts_check scripts_pack scripts_upload
linked_roles=()
declare -A role_account role_check role_creation
feeds=()     # stack TAB parameter TAB source stack TAB output TAB source account TAB command
needed_by=() # stack TAB stack

# What was found and done.
declare -A succeeded stack_status is_protected
unseen=''
results=() # stack TAB account TAB result TAB time

# fail MESSAGE
fail() {
  printf '%s: %s\n' "${0##*/}" "$1" >&2
  exit 1
}

# said FILE: what a command wrote there, without empty lines. (grep would end the script where it wrote nothing.)
said() {
  grep . "$1" || printf 'It said nothing.\n'
}

# run_node FILE ARGUMENT...: runs a TypeScript file of the repository from the caller's directory.
run_node() {
  NODE_PATH=$repository/node_modules node -r tsx/cjs "$repository/$1" "${@:2}"
}

# check_tools PROGRAM...: ends the script where something is missing that it needs, and prepares calls of the AWS CLI.
check_tools() {
  local tool
  for tool in "$@"; do
    command -v "$tool" >/dev/null || fail "found no '$tool' on PATH, which this script calls. Install it first."
  done
  [[ -d $repository/node_modules/tsx ]] || fail "found no node_modules in $repository. Run: npm ci"
  # Not before it is known that this is the whole repository.
  # shellcheck source-path=SCRIPTDIR source=../codebuild/lib/aws.sh
  source "$repository/scripts/codebuild/lib/aws.sh"
}

# Ends the script where the AWS CLI is too old, before it is asked for anything.
check_aws_cli() {
  local problem
  problem=$(aws_cli_problem)
  [[ -z $problem ]] || fail "$problem"
}

# Makes the folder for the answers of the AWS CLI, and sees to it that nothing of this run outlives it.
begin() {
  work=$(mktemp -d)
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
}

# The codes that --help names; a script may name more of them.
exit_codes=(0 1 2 129 130 143)
work='' interruption=''

# Ends with one of them: a command that fails and ends the script does not know them.
finish() {
  local code=$? children
  children=$(jobs -pr)
  # Children in the background do not hear Ctrl-C. A word each: the list is of process ids.
  # shellcheck disable=SC2086
  [[ -z $children ]] || { kill $children && wait; } 2>/dev/null || true
  [[ -z $work ]] || rm -rf "$work"
  if ((code == 129 || code == 130 || code == 143)); then
    printf '\n%s: interrupted.%s\n' "${0##*/}" "${interruption:+ $interruption}" >&2
  elif [[ " ${exit_codes[*]} " != *" $code "* ]]; then
    printf '%s: a command ended with code %d, which ended this, too; see above.\n' "${0##*/}" "$code" >&2
    exit 1
  fi
}
trap finish EXIT

# load_plan deploy|destroy ARGUMENT...: asks deployment-command.ts and fills the variables above.
load_plan() {
  # What the plan puts aside for an upload goes with everything else of this run.
  TMPDIR=$work run_node scripts/deploy/deployment-command.ts "$@" >"$work/plan" || exit $?
  local kind name a b c d e
  while IFS=$'\t' read -r kind name a b c d e; do
    case $kind in
      project) project=$name ;;
      account)
        accounts+=("$name")
        account_id[$name]=$a account_id_source[$name]=$b account_usual_profile[$name]=$d account_options[$name]=$e
        account_profile[$name]=${c#-}
        ;;
      stack)
        stacks+=("$name")
        stack_account[$name]=$a stack_command[$name]=$b stack_wait[$name]=$c
        ;;
      linked-role)
        linked_roles+=("$a in $name")
        role_account["$a in $name"]=$name role_check["$a in $name"]=$b role_creation["$a in $name"]=$c
        ;;
      protection) stack_account[$name]=$a stack_protection[$name]=$b ;;
      note) stack_note[$name]=$a ;;
      policy) stack_policy[$name]=$a ;;
      scripts) scripts_check[$name]=$a scripts_pack[$name]=$b scripts_upload[$name]=$c ;;
      feed) feeds+=("$name"$'\t'"$a"$'\t'"$b"$'\t'"$c"$'\t'"$d"$'\t'"$e") ;;
      needed-by) needed_by+=("$name"$'\t'"$a") && stack_account[$a]=${stack_account[$name]} ;;
    esac
  done <"$work/plan"
}

# account_label ACCOUNT
account_label() {
  printf '%s (%s)' "$1" "${account_id[$1]}"
}

# in_parallel FUNCTION NAME...: runs the function for every name, eight at a time; answers go to $work/NAME.out and
# .err, and succeeded[NAME] is empty where it failed.
in_parallel() {
  local function=$1 name
  local -A process=()
  shift
  while (($# > 0)); do
    for name in "${@:1:8}"; do
      "$function" "$name" >"$work/$name.out" 2>"$work/$name.err" &
      process[$name]=$!
    done
    for name in "${@:1:8}"; do
      if wait "${process[$name]}"; then succeeded[$name]=yes; else succeeded[$name]=''; fi
    done
    shift $(($# < 8 ? $# : 8))
  done
}

# run_text COMMAND: runs shell text of the plan, answers in $work/out and $work/err. In the background, so that a
# signal is dealt with at once and not when the command ends, which can take an hour. It reads nothing: what a caller
# reads its commands from is not for them.
run_text() {
  local words
  eval "words=($1)"
  "${words[@]}" </dev/null >"$work/out" 2>"$work/err" &
  wait $!
}

print_caller() {
  local options
  eval "options=(${account_options[$1]})"
  exec aws sts get-caller-identity --query Account --output text "${options[@]}"
}

# Compares the account behind each profile with the one that the parameter files name. A wrong profile would put
# development into production, and would be noticed late: nothing in a template names its own account.
check_accounts() {
  local account found to_do is_credentials where problems='' headline='it cannot be seen whose accounts these are'
  in_parallel print_caller "${accounts[@]}"
  for account in "${accounts[@]}"; do
    found=$(<"$work/$account.out")
    if [[ -n ${succeeded[$account]} && $found == "${account_id[$account]}" ]]; then
      continue
    fi
    if [[ -n ${account_profile[$account]} ]]; then
      where="in the profile ${account_profile[$account]}"
    else
      where="in the environment, and no profile called ${account_usual_profile[$account]}"
    fi
    if [[ -n ${succeeded[$account]} ]]; then
      found="found account $found" is_credentials=yes to_do="Choose a profile with --profile $account=NAME."
    else
      run_node scripts/deploy/identity-failure.ts "$work/$account.err" "$account" "${account_profile[$account]}" \
        >"$work/$account.cause"
      { read -r found && read -r to_do && read -r is_credentials; } <"$work/$account.cause" || true
      found="found $found" to_do="$(said "$work/$account.err")"$'\n'"    $to_do"
    fi
    [[ -z $is_credentials ]] || headline='the credentials are not those of the accounts'
    problems+=$'\n'"  $account: $found $where, expected ${account_id[$account]} (${account_id_source[$account]})"
    problems+=$'\n'"    $to_do"
  done
  [[ -z $problems ]] || fail "$headline. Nothing was changed.$problems"
}

print_status() {
  local options
  eval "options=(${account_options[${stack_account[$1]}]})"
  exec aws cloudformation describe-stacks --stack-name "$1" --output text \
    --query 'Stacks[0].[StackStatus, EnableTerminationProtection]' "${options[@]}"
}

# read_statuses STACK...: fills stack_status and is_protected; empty where there is no such stack, or no protection.
# Where a state cannot be seen, $unseen says so, and it returns 1.
read_statuses() {
  local stack protection
  unseen=''
  in_parallel print_status "$@"
  for stack in "$@"; do
    stack_status[$stack]='' is_protected[$stack]=''
    if [[ -n ${succeeded[$stack]} ]]; then
      read -r stack_status["$stack"] protection <"$work/$stack.out"
      [[ $protection != [Tt]rue ]] || is_protected[$stack]=yes
    elif ! grep -q 'does not exist' "$work/$stack.err"; then
      unseen+=$'\n'"  $stack in $(account_label "${stack_account[$stack]}"):"$'\n'"    $(said "$work/$stack.err")"
    fi
  done
  [[ -z $unseen ]]
}

# require_statuses STACK...: as read_statuses, and ends the script where one cannot be seen.
require_statuses() {
  read_statuses "$@" || fail "cannot see the state of these stacks.$unseen"
}

# explain_failure STACK: the AWS CLI's own words in $work/err, then the failed events of the operation, then advice.
explain_failure() {
  local stack=$1 options now=''
  eval "options=(${account_options[${stack_account[$stack]}]})"
  # `aws cloudformation deploy` tells why a change set failed, the waiter alone does not.
  if grep -q 'Waiter ChangeSetCreateComplete failed' "$work/err" && ! grep -q 'Reason: ' "$work/err"; then
    read_change_set_reason "$stack" "${options[@]}" >>"$work/err" 2>&1 || true
  fi
  cat "$work/err" >&2
  cp "$work/err" "$work/failure"
  printf '{}' >"$work/events"
  # Nothing else tells an operation that failed from one that was refused before it began, when the stack's last
  # events are of an operation long ago.
  if grep -q -e 'Failed to create/update the stack' -e 'Waiter Stack[A-Za-z]*Complete failed' "$work/failure"; then
    aws cloudformation describe-stack-events --stack-name "$stack" --max-items 500 --output json "${options[@]}" \
      >"$work/answer" && mv "$work/answer" "$work/events"
  elif grep -q 'hook(s)/validation failed' "$work/failure"; then
    read_validation "$stack" "${options[@]}" 2>>"$work/failure" || true
  fi
  # Somebody else's deployment may be what is in the way.
  read -r now _ < <(print_status "$stack" 2>/dev/null) || true
  run_node scripts/deploy/stack-failure.ts "$stack" "${stack_status[$stack]:-}" "$now" "$work/failure" "$work/events" \
    "${options[@]}" >&2
}

# newest_change_set STACK OPTION...
newest_change_set() {
  aws cloudformation list-change-sets --stack-name "$1" --output text \
    --query 'sort_by(Summaries, &CreationTime)[-1].ChangeSetId' "${@:2}"
}

# read_change_set_reason STACK OPTION...: why the stack's newest change set failed.
read_change_set_reason() {
  local change_set
  change_set=$(newest_change_set "$@")
  printf 'Reason: '
  aws cloudformation describe-change-set --stack-name "$1" --change-set-name "$change_set" --output text \
    --query StatusReason "${@:2}"
}

# read_validation STACK OPTION...: what CloudFormation found wrong with the stack's newest change set. Only
# describe-events tells, which the AWS CLI has since November 2025.
read_validation() {
  local stack=$1 change_set
  change_set=$(newest_change_set "$@")
  shift
  aws cloudformation describe-events --stack-name "$stack" --change-set-name "$change_set" \
    --filters FailedEvents=true --output json "$@" >"$work/answer"
  mv "$work/answer" "$work/events"
}

# print_start STACK: begins the line of a stack.
print_start() {
  local account=${stack_account[$1]}
  printf '[%d/%d] %s in %s: ' $((${#results[@]} + 1)) "${#stacks[@]}" "$1" "$(account_label "$account")"
}

# print_result STACK RESULT SECONDS: ends the line of a stack, and remembers it for the summary.
print_result() {
  local colour=$green
  [[ $2 != failed && $2 != not* ]] || colour=$red
  printf '%s%s%s in %s\n' "$colour" "$2" "$plain" "$(duration "$3")"
  record "$@"
}

# record STACK RESULT [SECONDS]: remembers a line of the summary.
record() {
  results+=("$1"$'\t'"${stack_account[$1]}"$'\t'"$2"$'\t'"${3:+$(duration "$3")}")
}

duration() {
  if (($1 < 60)); then printf '%d s' "$1"; else printf '%d min %d s' $(($1 / 60)) $(($1 % 60)); fi
}

print_summary() {
  local row stack account result time width=5 colour
  for stack in "${stacks[@]}"; do
    width=$((${#stack} > width ? ${#stack} : width))
  done
  printf '\n%-*s  %-12s  %-14s  %s\n' "$width" stack account result time
  for row in "${results[@]}"; do
    IFS=$'\t' read -r stack account result time <<<"$row"
    case $result in
      failed | not*) colour=$red ;;
      *) colour=$green ;;
    esac
    printf '%-*s  %-12s  %s%-14s%s  %s\n' "$width" "$stack" "$account" "$colour" "$result" "$plain" "$time"
  done
}
