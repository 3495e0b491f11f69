#!/usr/bin/env bash
# Makes a zip of every function of lambda/. See --help.
set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=lib/common.sh
source "$here/lib/common.sh"

usage() {
  cat <<'EOF'
Usage: package-lambdas.sh --output DIR [OPTION...]

Makes a zip of every sub-folder of lambda/, with its production dependencies, for publish-packages.sh:

  DIR/FUNCTION.zip    the package
  DIR/zips.sha256     what was made, as sha256sum prints it; it is there when all zips are

The same names, executable bits and contents make the same zip.

Dependencies are installed from package-lock.json (npm ci --omit=dev) or from requirements.txt (pip install
--require-hashes --no-deps), without running code of theirs: native code has to be there ready-made, in a wheel or a
package of npm. They are installed for the function's runtime and architecture, whatever machine this runs on, and what
Lambda could not load is refused: binaries for another processor or system, for another Python or Node.js, or for a
newer glibc than that of Amazon Linux 2023. A package of npm that runs scripts when it is installed is refused, unless
the function's package.json answers for it in "allowScripts" (lambda/README.md).

Left out of packages, and said so: tests (*.test.js, .mjs, .cjs, .ts and so on; test_*.py that hold tests and that nothing
else imports; none of code of others) and tsconfig.json. Left out, too: __pycache__, .DS_Store, node_modules/.cache,
node_modules/.bin, and the programs that pip makes for packages. Refused: git submodules, pointers of Git LFS, links to
files outside of the function's folder, and dependencies that no lock file has.

Options (and the environment variables that are their defaults):
  --output DIR          where to write (PACKAGE_OUTPUT)
  --lambda-dir DIR      folder with a sub-folder for each function (LAMBDA_DIR, else lambda)
  --templates-dir DIR   folder with what `npm run build` wrote: runtime and architecture of each function
                        (TEMPLATES_DIR, else generated/environment)
  --jobs N              how many programs run at a time (PACKAGE_JOBS, else twice the number of cores)
  --help                this text

Needs Python 3.10 or later and, for functions with a lock file, npm or pip. Calls nothing of AWS: npm and pip read files
of a commit that nobody may have approved, so what they run in should be able to do nothing.

Ends with 0 when all zips are there, 1 when something failed, 2 when called wrongly. Safe to run again after it was
killed at any point.
EOF
}

output=${PACKAGE_OUTPUT:-}
lambda_dir=${LAMBDA_DIR:-lambda}
templates_dir=${TEMPLATES_DIR:-generated/environment}
jobs=${PACKAGE_JOBS:-$((2 * $(getconf _NPROCESSORS_ONLN)))}
while (($# > 0)); do
  case $1 in
    --output) output=$(value_of "$@") ;;
    --lambda-dir) lambda_dir=$(value_of "$@") ;;
    --templates-dir) templates_dir=$(value_of "$@") ;;
    --jobs) jobs=$(value_of "$@") ;;
    --help)
      usage
      exit 0
      ;;
    *) fail_usage "Unknown option \"$1\"." ;;
  esac
  shift 2
done
require_value --output "$output"
require_number --jobs "$jobs"
require_commands python3

# package STEP ARGUMENT...: a step of lib/package_lambdas.py.
package() {
  python3 "$here/lib/package_lambdas.py" "$@"
}

# prepare LINE: makes a folder of a function with a lock file and its dependencies, $work/staged/<function>.
prepare() {
  [[ $1 == *$'\tlocked\t'* ]] || return 0
  package install "$lambda_dir" "$work/staged" "$1"
}

make_work_folder
mkdir "$work/staged" "$work/zips"

[[ -d $lambda_dir ]] || fail "$lambda_dir: found no such folder; expected the one with the functions (--lambda-dir)."
[[ -d $templates_dir ]] || fail "$templates_dir: found no such folder; expected the templates (--templates-dir)."
# Whoever finds the list may rely on the zips being there: one of an earlier run must not outlive a run that fails.
rm -f "$output/zips.sha256"
package plan "$lambda_dir" "$templates_dir" >"$work/plan" || fail "Nothing has been packaged; see above."
for_each_line "$jobs" prepare <"$work/plan" || fail "Not all functions could be prepared; nothing was zipped."
package zip "$lambda_dir" "$work/staged" "$work/zips" <"$work/plan" >"$work/packages" ||
  fail "Not all functions could be zipped; no zip was kept."
package keep "$work/zips" "$output" <"$work/packages" || fail "The zips could not be kept."

while IFS=$'\t' read -r function _ _ _ left_out; do
  [[ -z $left_out ]] || printf '%s  left out: %s\n' "$function" "$left_out"
done <"$work/plan"
while IFS=$'\t' read -r function sha256 size; do
  printf '%s  %s  %s bytes\n' "$function" "$sha256" "$size"
done <"$work/packages"
