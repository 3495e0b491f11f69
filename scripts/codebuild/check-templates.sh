#!/usr/bin/env bash
# Checks CloudFormation templates and their parameters. See --help.
set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=lib/common.sh
source "$here/lib/common.sh"

# The last version that was released (May 2022). It needs Ruby 2.5 or later.
cfn_nag_version=0.8.10
cfn_lint_version=$(sed -n 's/^cfn-lint==//p' "$here/requirements.txt")

usage() {
  cat <<EOF
Usage: check-templates.sh [OPTION...] TEMPLATE...
       check-templates.sh --install [OPTION...]

Checks templates with cfn-lint $cfn_lint_version (informational checks too) and cfn-nag $cfn_nag_version, and their parameters:
every key of FOLDER/ENVIRONMENT/TEMPLATE.json is declared by the template of that name, and every parameter without a
default is given. Any finding fails, whatever its level. A finding that does not apply is suppressed in the template,
beside the resource, with its reason.

Options (and the environment variables that are their defaults):
  --parameters-dir FOLDER  parameters as the stacks get them: the template configurations that package-lambdas.sh
                           writes (CONFIGURATION_DIR, else configuration)
  --report FILE            where to write all results as JUnit XML, for CodeBuild's test view (CHECK_REPORT)
  --install                install the pinned tools that are missing, with pip and gem; alone, that is all it does
  --tools DIR              folder of the installed tools (CHECK_TOOLS, else ~/.cache/check-templates)
  --without-cfn-nag        leave cfn-nag out, where there is no Ruby; the report shows it as skipped (CHECK_CFN_NAG=no)
  --jobs N                 how many templates cfn-nag scans at a time (CHECK_JOBS, else the number of cores)
  --help                   this text

Ends with 0 when nothing was found, 1 when something was found or failed, 2 when called wrongly.
EOF
}

parameters_dir=${CONFIGURATION_DIR:-configuration}
report=${CHECK_REPORT:-}
tools=${CHECK_TOOLS:-${HOME:-/tmp}/.cache/check-templates}
jobs=${CHECK_JOBS:-$(getconf _NPROCESSORS_ONLN)}
install=no
with_cfn_nag=${CHECK_CFN_NAG:-yes}
templates=()
while (($# > 0)); do
  case $1 in
    --parameters-dir) parameters_dir=$(value_of "$@") && shift ;;
    --report) report=$(value_of "$@") && shift ;;
    --tools) tools=$(value_of "$@") && shift ;;
    --jobs) jobs=$(value_of "$@") && shift ;;
    --install) install=yes ;;
    --without-cfn-nag) with_cfn_nag=no ;;
    --help)
      usage
      exit 0
      ;;
    -*) fail_usage "Unknown option \"$1\"." ;;
    *) templates+=("$1") ;;
  esac
  shift
done
require_number --jobs "$jobs"
[[ $with_cfn_nag =~ ^(yes|no)$ ]] || fail_usage "CHECK_CFN_NAG is \"$with_cfn_nag\"; expected yes or no."
[[ $install == yes ]] || ((${#templates[@]} > 0)) || fail_usage "No template is named."
require_commands python3

# is_version COMMAND VERSION: whether a program is there and has the version.
is_version() {
  local found
  found=$("$1" --version 2>/dev/null) && [[ ${found##* } == "$2" ]]
}

# find_tool COMMAND VERSION INSTALLED: prints the path of the pinned version of a program: the installed one, else the one
# on PATH. Ends the script when there is neither.
find_tool() {
  local on_path
  if is_version "$3" "$2"; then
    printf '%s\n' "$3"
    return
  fi
  on_path=$(command -v "$1") || fail "$1 is neither in $tools nor on PATH. Install it with --install."
  is_version "$on_path" "$2" ||
    fail "$on_path is \"$("$on_path" --version 2>&1 | head -n 1)\"; expected version $2, which the templates are" \
      "written for. Install it with --install."
  printf '%s\n' "$on_path"
}

install_tools() {
  if ! is_version "$tools/python/bin/cfn-lint" "$cfn_lint_version"; then
    # What an earlier run was killed over is made anew.
    rm -rf "$tools/python"
    if ! python3 -m venv "$tools/python" || ! "$tools/python/bin/python" -m pip install --quiet \
      --disable-pip-version-check --requirement "$here/requirements.txt"; then
      fail "cfn-lint $cfn_lint_version could not be installed with pip; see above."
    fi
  fi
  if [[ $with_cfn_nag == yes ]] && ! GEM_HOME=$tools/gems is_version "$tools/gems/bin/cfn_nag_scan" "$cfn_nag_version"; then
    command -v gem >/dev/null ||
      fail "gem is not on PATH, so cfn-nag cannot be installed. Install Ruby, or leave it out with --without-cfn-nag."
    rm -rf "$tools/gems"
    gem install cfn-nag --version "$cfn_nag_version" --no-document --install-dir "$tools/gems" \
      --bindir "$tools/gems/bin" || fail "cfn-nag $cfn_nag_version could not be installed with gem; see above."
  fi
}

# lint: lets cfn-lint check all templates, in one process since it takes long to start.
lint() {
  "$cfn_lint" --include-checks I --format json --template "${templates[@]}" \
    >"$work/cfn-lint.json" 2>"$work/cfn-lint.error" || true
}

# nag INDEX: lets cfn-nag scan one template. Its exit code is the number of violations, which 256 of them would make 0:
# what counts is what it prints.
nag() {
  "$cfn_nag_scan" --input-path "${templates[$1]}" --fail-on-warnings --output-format json \
    >"$work/cfn-nag-$1.json" 2>"$work/cfn-nag-$1.error" || true
}

[[ $install == no ]] || install_tools
if ((${#templates[@]} == 0)); then
  exit 0
fi

for template in "${templates[@]}"; do
  [[ -f $template ]] || fail "$template: found no such file; expected a template."
done
[[ -d $parameters_dir ]] ||
  fail "$parameters_dir: found no such folder; expected the template configurations (--parameters-dir)."

make_work_folder
cfn_lint=$(find_tool cfn-lint "$cfn_lint_version" "$tools/python/bin/cfn-lint")
# The Python that cfn-lint runs in can read templates; a bare Python has no YAML.
python=$(sed -n '1s/^#!//p' "$cfn_lint")
"$python" -c 'import cfnlint' 2>/dev/null ||
  fail "$cfn_lint does not say which Python it runs in (found \"$python\" on its first line). Install it with --install."
if [[ $with_cfn_nag == yes ]]; then
  [[ ! -d $tools/gems ]] || export GEM_HOME=$tools/gems
  cfn_nag_scan=$(find_tool cfn_nag_scan "$cfn_nag_version" "$tools/gems/bin/cfn_nag_scan")
  for_each_line "$jobs" nag < <(printf '%s\n' "${!templates[@]}") || true
else
  echo 'cfn-nag is skipped, because of --without-cfn-nag.'
fi
lint
"$python" "$here/lib/check_parameters.py" "$parameters_dir" "${templates[@]}" >"$work/parameters.json" ||
  fail "The parameters could not be checked; see above."
python3 "$here/lib/template_report.py" "$work" "$report" "$with_cfn_nag" "${templates[@]}"
