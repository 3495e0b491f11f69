#!/usr/bin/env bash
set -euo pipefail

# The logic is TypeScript; --help says what it does.
# shellcheck source-path=SCRIPTDIR source=deploy/stacks.sh
source "$(dirname "${BASH_SOURCE[0]}")/deploy/stacks.sh"

check_tools node
case " $* " in
  *' --help '* | *' -h '*) ;;
  *)
    check_tools aws
    check_aws_cli
    ;;
esac
# Not everything could be seen.
exit_codes+=(3)
run_node scripts/doctor.ts "$@"
