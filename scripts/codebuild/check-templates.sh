#!/usr/bin/env bash
# Checks CloudFormation templates and their parameters. See --help.
set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=lib/common.sh
source "$here/lib/common.sh"

wheel_lock=$here/requirements.txt
gem_lock=$here/gems.sha256
cfn_lint_version=$(sed -n 's/^cfn-lint==\([^ ]*\).*/\1/p' "$wheel_lock")
cfn_nag_version=$(sed -n 's/^.* cfn-nag-\(.*\)\.gem$/\1/p' "$gem_lock")

usage() {
  cat <<EOF
Usage: check-templates.sh [OPTION...] TEMPLATE...
       check-templates.sh --install [OPTION...]

Checks templates with cfn-lint $cfn_lint_version (informational checks too) and cfn-nag $cfn_nag_version, and their parameters:
every key of FOLDER/ENVIRONMENT/TEMPLATE.json is declared by the template of that name, and every parameter without a
default is given. Any finding fails, whatever its level. A finding that does not apply is suppressed in the template,
beside the resource, with its reason.

With cfn-lint come two rules of our own, in rules/, which no template can switch off: roles trust services that run or
deploy workloads alone (E9001), and nothing but data outlives its stack (E9002).

Options (and the environment variables that are their defaults):
  --parameters-dir FOLDER  parameters as the stacks get them: the template configurations that publish-packages.sh
                           writes (CONFIGURATION_DIR, else configuration)
  --report FILE            where to write all results as JUnit XML, for CodeBuild's test view (CHECK_REPORT)
  --install                install the tools unless they are there, with pip and gem: in the versions, and with the hashes,
                           of requirements.txt and gems.sha256; alone, that is all it does
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

# download WHAT COMMAND [ARGUMENT...]: runs what downloads something, and again after growing pauses while it fails, as
# networks do. Returns 1 when it never succeeded, and at once when COMMAND returns 2: what came was not what is locked.
download() {
  local what=$1 pause code
  shift
  for pause in 5 20 60 no; do
    code=0
    "$@" || code=$?
    ((code > 0)) || return 0
    if ((code == 2)) || [[ $pause == no ]]; then
      return 1
    fi
    complain "$what could not be downloaded; the next try is in $pause seconds."
    sleep "$pause"
  done
}

# is_installed FOLDER LOCK PROGRAM VERSION: whether a folder of tools was finished, from this very lock, and still runs.
is_installed() {
  local of=$1/${2##*/}
  [[ -f $of && $(<"$of") == "$(<"$2")" ]] && is_version "$1/$3" "$4"
}

pip_install() {
  # A source distribution would bring a build along that nothing locks.
  "$tools/python/bin/python" -I -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
    --requirement "$wheel_lock" 2>"$work/pip-error" && return
  cat "$work/pip-error" >&2
  ! grep -q 'DO NOT MATCH THE HASHES' "$work/pip-error" || return 2
  return 1
}

install_cfn_lint() {
  rm -rf "$tools/python"
  # -I: what lies in the folder that is checked is no module of ours.
  python3 -I -m venv "$tools/python" || fail "python3 cannot make virtual environments; see above."
  download "cfn-lint $cfn_lint_version" pip_install ||
    fail "cfn-lint $cfn_lint_version could not be installed with pip; see above."
  cp "$wheel_lock" "$tools/python"
}

# fetch_gem FILE: downloads a gem, given as NAME-VERSION.gem, into the work folder, unless an earlier try got it.
fetch_gem() {
  local file=$work/gems/$1 version=${1##*-}
  # Its exit code says little: it is 0 as well when there is no such gem.
  [[ -f $file ]] ||
    (cd "$work/gems" && gem fetch "${1%-*}" --version "${version%.gem}" --platform ruby >/dev/null) || true
  [[ -f $file ]]
}

fetch_gems() {
  for_each_line "$jobs" fetch_gem < <(sed -n 's/^[0-9a-f]*  //p' "$gem_lock")
}

# checksums [OPTION...] FILE: sha256sum, which macOS has by another name.
checksums() {
  if command -v sha256sum >/dev/null; then
    sha256sum "$@"
  else
    shasum -a 256 "$@"
  fi
}

install_cfn_nag() {
  command -v gem >/dev/null ||
    fail "gem is not on PATH, so cfn-nag cannot be installed. Install Ruby, or leave it out with --without-cfn-nag."
  rm -rf "$tools/gems"
  mkdir "$work/gems"
  download "cfn-nag $cfn_nag_version" fetch_gems ||
    fail "cfn-nag $cfn_nag_version could not be downloaded with gem; see above."
  (cd "$work/gems" && checksums --check --quiet "$gem_lock") ||
    fail "The gems above are not those that $gem_lock locks. Nothing was installed."
  # The lock names everything that is needed, so there is nothing to resolve.
  gem install --local --ignore-dependencies --no-document --install-dir "$tools/gems" --bindir "$tools/gems/bin" \
    "$work"/gems/*.gem >"$work/gem-install" 2>&1 ||
    fail "cfn-nag $cfn_nag_version could not be installed with gem. psych has to be compiled, with Ruby's headers and a" \
      "C compiler. It said: $(tail -n 20 "$work/gem-install")"
  # Gems in a folder of their own are found by those who are told of it.
  printf '#!/bin/sh\nGEM_HOME=%q exec %q "$@"\n' "$tools/gems" "$tools/gems/bin/cfn_nag_scan" >"$tools/gems/cfn_nag_scan"
  chmod +x "$tools/gems/cfn_nag_scan"
  cp "$gem_lock" "$tools/gems"
}

install_tools() {
  mkdir -p "$tools"
  tools=$(cd -- "$tools" && pwd)
  is_installed "$tools/python" "$wheel_lock" bin/cfn-lint "$cfn_lint_version" || install_cfn_lint
  [[ $with_cfn_nag == no ]] || is_installed "$tools/gems" "$gem_lock" cfn_nag_scan "$cfn_nag_version" || install_cfn_nag
}

# lint: lets cfn-lint check all templates, in one process since it takes long to start.
# The rules of our own hold whatever a template says in its metadata, and no configuration in the folder or in HOME counts.
lint() {
  printf '{}\n' >"$work/cfnlintrc"
  "$cfn_lint" --config-file "$work/cfnlintrc" --append-rules "$here/rules" --mandatory-checks E9001 E9002 \
    --include-checks I --format json --template "${templates[@]}" >"$work/cfn-lint.json" 2>"$work/cfn-lint.error" || true
}

# nag INDEX: lets cfn-nag scan one template. Its exit code is the number of rules that found something, and 1 as well when
# it crashes: what counts is what it prints.
nag() {
  "$cfn_nag_scan" --input-path "${templates[$1]}" --fail-on-warnings --output-format json \
    >"$work/cfn-nag-$1.json" 2>"$work/cfn-nag-$1.error" || true
}

make_work_folder
[[ $install == no ]] || install_tools
if ((${#templates[@]} == 0)); then
  exit 0
fi

for template in "${templates[@]}"; do
  [[ -f $template ]] || fail "$template: found no such file; expected a template."
done
[[ -d $parameters_dir ]] ||
  fail "$parameters_dir: found no such folder; expected the template configurations (--parameters-dir)."

cfn_lint=$(find_tool cfn-lint "$cfn_lint_version" "$tools/python/bin/cfn-lint")
# The Python that cfn-lint runs in can read templates; a bare Python has no YAML.
python=$(sed -n '1s/^#!//p' "$cfn_lint")
"$python" -I -c 'import cfnlint' 2>/dev/null ||
  fail "$cfn_lint does not say which Python it runs in (found \"$python\" on its first line). Install it with --install."
if [[ $with_cfn_nag == yes ]]; then
  cfn_nag_scan=$(find_tool cfn_nag_scan "$cfn_nag_version" "$tools/gems/cfn_nag_scan")
  for_each_line "$jobs" nag < <(printf '%s\n' "${!templates[@]}") || true
else
  echo 'cfn-nag is skipped, because of --without-cfn-nag.'
fi
lint
"$python" "$here/lib/check_parameters.py" "$parameters_dir" "${templates[@]}" >"$work/parameters.json" ||
  fail "The parameters could not be checked; see above."
python3 "$here/lib/template_report.py" "$work" "$report" "$with_cfn_nag" "${templates[@]}"
