# shellcheck shell=bash
# Acts with a role of an environment. Sourced after common.sh by scripts that do, never run.

# require_role_arn ARN: ends the script unless it is the ARN of a role; sets $account to its account.
require_role_arn() {
  [[ $1 =~ ^arn:[a-z-]+:iam::([0-9]{12}):role/.+$ ]] ||
    fail_usage "--role-arn is \"$1\"; expected arn:aws:iam::ACCOUNT:role/NAME."
  # shellcheck disable=SC2034 # scripts name it in messages
  account=${BASH_REMATCH[1]}
}

# assume_role ENVIRONMENT ARN PURPOSE: sets the variables of the session's credentials, or ends the script. They are not
# exported: only with_role passes them on. Needs make_work_folder.
assume_role() {
  # CODEBUILD_BUILD_ID is project:uuid. A session name takes no colon and 64 characters; what follows the colon is
  # enough to find the build that did something in CloudTrail.
  local build=${CODEBUILD_BUILD_ID:-by-hand-${USER:-nobody}} session
  session=$3-${build#*:}
  session=${session//[^A-Za-z0-9+=,.@-]/-}
  # One hour is the most for a role that assumes a role, which CodeBuild's role does here.
  if ! try_aws sts assume-role --role-arn "$2" --role-session-name "${session:0:64}" --duration-seconds 3600 \
    --query 'Credentials.[AccessKeyId,SecretAccessKey,SessionToken,Expiration]' --output text; then
    # shellcheck disable=SC2154 # try_aws sets it
    fail "$1: the role $2 cannot be assumed, so nothing has been changed. Its trust policy has to" \
      "admit the caller, and the caller's own policy has to allow sts:AssumeRole on it. $aws_error"
  fi
  # shellcheck disable=SC2154
  IFS=$'\t' read -r access_key_id secret_access_key session_token expiration <<<"$aws_output"
  aws_output=''
}

# with_role COMMAND...: runs a command with the session's credentials. They win over a profile of the caller, and so
# does their expiration over that of the caller's own.
with_role() {
  AWS_ACCESS_KEY_ID=$access_key_id AWS_SECRET_ACCESS_KEY=$secret_access_key AWS_SESSION_TOKEN=$session_token \
    AWS_CREDENTIAL_EXPIRATION=$expiration "$@"
}
