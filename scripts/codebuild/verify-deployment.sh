#!/usr/bin/env bash
# Makes sure that a container deployment is what its pipeline was made for. See --help.
set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=lib/common.sh
source "$here/lib/common.sh"

usage() {
  cat <<'EOF'
Usage: verify-deployment.sh --expected JSON --output DIR [OPTION...]

Makes sure that appspec.yaml is the one that the pipeline was deployed for, and that the task definition of each
environment is of one container, with the image that the pipeline puts in, and with the roles, the network, the port and
the log group of the route. Processor, memory, environment variables, secrets and what else works inside of the container
are the commit's to choose. Everything else is refused by name.

Writes DIR/appspec.yaml and DIR/taskdef-ENVIRONMENT.json, which later actions deploy. Runs nothing of the commit.

Options (and the environment variables that are their defaults):
  --expected JSON   what is expected, from the template of the pipeline: lib/verify_deployment.py (EXPECTED); for each
                    environment its account is in the variable ACCOUNT_<environment>
  --source DIR      folder with the files (SOURCE, else .)
  --output DIR      where to write (VERIFIED_OUTPUT)
  --help            this text

Needs Python 3. Ends with 0 when all is as expected, 1 when something is not, 2 when called wrongly.
EOF
}

expected=${EXPECTED:-}
source_dir=${SOURCE:-.}
output=${VERIFIED_OUTPUT:-}
while (($# > 0)); do
  case $1 in
    --expected) expected=$(value_of "$@") ;;
    --source) source_dir=$(value_of "$@") ;;
    --output) output=$(value_of "$@") ;;
    --help)
      usage
      exit 0
      ;;
    *) fail_usage "Unknown option \"$1\"." ;;
  esac
  shift 2
done
require_value --expected "$expected"
require_value --output "$output"
require_commands python3

python3 "$here/lib/verify_deployment.py" "$expected" "$source_dir" "$output" ||
  fail "The commit is not deployed; see above."
