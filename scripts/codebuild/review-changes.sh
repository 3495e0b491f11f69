#!/usr/bin/env bash
# Says in words what a deployment to an environment would change. See --help.

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
Usage: review-changes.sh --environment NAME --stack-prefix PREFIX --role-arn ARN --output DIR [OPTION...]

Says what a deployment to an environment would do to each of its stacks, for somebody who has to approve it: what is
replaced and removed, which permissions become wider and narrower, what is added and changed. Of the stack whose change
set the pipeline has prepared, it describes that; of the others it makes change sets called "review", describes and
deletes them. Nothing is deployed.

Writes for the message to the approver, a line each:

  DIR/summary   the most important of it, in at most 600 characters
  DIR/running   the commit that the environment runs now
  DIR/build     the id of the build that this runs in, without its project

Options (and the environment variables that are their defaults):
  --package DIR             what publish-packages.sh wrote (PACKAGE, else .)
  --environment NAME        environment (ENVIRONMENT_NAME)
  --stack-prefix PREFIX     what the names of its stacks begin with, as in <project>-prod- (STACK_PREFIX)
  --role-arn ARN            role to assume in the environment's account (REVIEW_ROLE_ARN)
  --prepared TEMPLATE       template whose change set is prepared (PREPARED, else infrastructure)
  --change-set NAME         its name (CHANGE_SET, else pipeline)
  --previewed "A B ..."     templates that are deployed after it (PREVIEWED)
  --commit ID               commit that is to be deployed (COMMIT)
  --record NAME             parameter of Systems Manager that has the commit of the last deployment (COMMIT_RECORD)
  --compare URL             page that compares commits, with {from} and {to} in their places (COMPARE_URL)
  --output DIR              where to write (REVIEW_OUTPUT)
  --help                    this text

Needs the AWS CLI (2.17.34 or later, of version 1 1.34.2 or later) and Python 3.
The caller may sts:AssumeRole on the role; the role may cloudformation:DescribeStacks and
cloudformation:DescribeChangeSet on the stacks, cloudformation:CreateChangeSet and cloudformation:DeleteChangeSet of the
name "review" on those that are previewed, and ssm:GetParameter on the record.

Ends with 0 when everything could be looked at, 1 when something could not, 2 when called wrongly.
EOF
}

package=${PACKAGE:-.}
environment=${ENVIRONMENT_NAME:-}
stack_prefix=${STACK_PREFIX:-}
role_arn=${REVIEW_ROLE_ARN:-}
prepared=${PREPARED:-infrastructure}
change_set=${CHANGE_SET:-pipeline}
previewed=${PREVIEWED:-}
commit=${COMMIT:-}
record=${COMMIT_RECORD:-}
compare=${COMPARE_URL:-}
output=${REVIEW_OUTPUT:-}
while (($# > 0)); do
  case $1 in
    --package) package=$(value_of "$@") ;;
    --environment) environment=$(value_of "$@") ;;
    --stack-prefix) stack_prefix=$(value_of "$@") ;;
    --role-arn) role_arn=$(value_of "$@") ;;
    --prepared) prepared=$(value_of "$@") ;;
    --change-set) change_set=$(value_of "$@") ;;
    --previewed) previewed=$(value_of "$@") ;;
    --commit) commit=$(value_of "$@") ;;
    --record) record=$(value_of "$@") ;;
    --compare) compare=$(value_of "$@") ;;
    --output) output=$(value_of "$@") ;;
    --help)
      usage
      exit 0
      ;;
    *) fail_usage "Unknown option \"$1\"." ;;
  esac
  shift 2
done
require_value --environment "$environment"
require_value --stack-prefix "$stack_prefix"
require_value --role-arn "$role_arn"
require_value --commit "$commit"
require_value --record "$record"
require_value --output "$output"
require_role_arn "$role_arn"
require_commands aws python3

make_work_folder
assume_role "$environment" "$role_arn" review
options=$(
  python3 - "$package" "$environment" "$stack_prefix" "$prepared" "$change_set" "$previewed" "$commit" "$record" \
    "$compare" "$output" <<'EOF'
import json
import sys

names = ("package", "environment", "stack_prefix", "prepared", "change_set", "previewed", "commit", "record", "compare")
options = dict(zip((*names, "output"), sys.argv[1:]))
print(json.dumps({**options, "previewed": options["previewed"].split()}))
EOF
)
with_role python3 "$here/lib/review_changes.py" "$options" ||
  fail "$environment: not everything that the approval would let through can be seen, so nobody is asked; see above."
