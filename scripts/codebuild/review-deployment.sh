#!/usr/bin/env bash
# Says in words what a container deployment to an environment would change. See --help.

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
Usage: review-deployment.sh --environment NAME --role-arn ARN --cluster NAME --service NAME --repository NAME
                            --builds PROJECT --image DIR --output DIR [OPTION...]

Says what a deployment of the container to an environment would change, for somebody who has to approve it: the image, with
the commit that CodeBuild built it from, and what of the task definition differs from the one that serves now.

Writes for the message to the approver, a line each:

  DIR/summary   the most important of it, in at most 600 characters
  DIR/build     the id of the build that this runs in, without its project

Options (and the environment variables that are their defaults):
  --definitions DIR    folder with taskdef-ENVIRONMENT.json (DEFINITIONS, else .)
  --image DIR          folder with imageDetail.json (IMAGE_DIR)
  --environment NAME   environment (ENVIRONMENT_NAME)
  --role-arn ARN       role to assume in the environment's account (REVIEW_ROLE_ARN)
  --cluster NAME       cluster and
  --service NAME       service that runs there (CLUSTER, SERVICE)
  --repository NAME    repository of images (IMAGE_REPOSITORY)
  --builds PROJECT     CodeBuild project that builds images (IMAGE_BUILDS)
  --output DIR         where to write (REVIEW_OUTPUT)
  --help               this text

Needs the AWS CLI (2.17.34 or later, of version 1 1.34.2 or later) and Python 3.
The caller may sts:AssumeRole on the role, ecr:DescribeImages on the repository and
codebuild:BatchGetBuilds on the project; the role may ecs:DescribeServices and ecs:DescribeTaskDefinition.

Ends with 0 when everything could be looked at, 1 when something could not, 2 when called wrongly.
EOF
}

definitions=${DEFINITIONS:-.}
image=${IMAGE_DIR:-}
environment=${ENVIRONMENT_NAME:-}
role_arn=${REVIEW_ROLE_ARN:-}
cluster=${CLUSTER:-}
service=${SERVICE:-}
repository=${IMAGE_REPOSITORY:-}
builds=${IMAGE_BUILDS:-}
output=${REVIEW_OUTPUT:-}
while (($# > 0)); do
  case $1 in
    --definitions) definitions=$(value_of "$@") ;;
    --image) image=$(value_of "$@") ;;
    --environment) environment=$(value_of "$@") ;;
    --role-arn) role_arn=$(value_of "$@") ;;
    --cluster) cluster=$(value_of "$@") ;;
    --service) service=$(value_of "$@") ;;
    --repository) repository=$(value_of "$@") ;;
    --builds) builds=$(value_of "$@") ;;
    --output) output=$(value_of "$@") ;;
    --help)
      usage
      exit 0
      ;;
    *) fail_usage "Unknown option \"$1\"." ;;
  esac
  shift 2
done
require_value --image "$image"
require_value --environment "$environment"
require_value --role-arn "$role_arn"
require_value --cluster "$cluster"
require_value --service "$service"
require_value --repository "$repository"
require_value --builds "$builds"
require_value --output "$output"
require_role_arn "$role_arn"
require_commands aws python3

make_work_folder
assume_role "$environment" "$role_arn" review
options=$(
  python3 - "$definitions/taskdef-$environment.json" "$image/imageDetail.json" "$cluster" "$service" "$repository" \
    "$builds" "$output" <<'EOF'
import json
import sys

names = ("definition", "image", "cluster", "service", "repository", "builds", "output")
print(json.dumps(dict(zip(names, sys.argv[1:]))))
EOF
)
ENVIRONMENT_AWS_ACCESS_KEY_ID=$access_key_id ENVIRONMENT_AWS_SECRET_ACCESS_KEY=$secret_access_key \
  ENVIRONMENT_AWS_SESSION_TOKEN=$session_token python3 "$here/lib/review_deployment.py" "$options" ||
  fail "$environment: not everything that the approval would let through can be seen, so nobody is asked; see above."
