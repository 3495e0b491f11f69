#!/usr/bin/env bash
# Checks CloudFormation templates and their parameters. See --help.
set -euo pipefail
command -v python3 >/dev/null || { echo "${0##*/}: The program python3 is not on PATH. Install it." >&2; exit 1; }
# lib/__pycache__ would be a change in the source.
export PYTHONDONTWRITEBYTECODE=1
exec python3 "$(dirname -- "${BASH_SOURCE[0]}")/lib/check_templates.py" "$@"
