#!/usr/bin/env bash
set -euo pipefail
shopt -s inherit_errexit

usage() {
  cat <<'END'
Usage: scripts/publish-repositories.sh [OPTION...] [REPOSITORY...]

Pushes what the pipelines start from, out of the commit that is checked out here:

  ECS-Container-Build        the contents of container/
  Infrastructure-Deployment  generated/environment, parameters, lambda
  ECS-Container-Deployment   the contents of ecs-deploy/

In AWS the names may end in the project (ECS-Container-Build-shop); here they are called as above. With names of
repositories, only those. On the first day publish Infrastructure-Deployment alone and let it deploy: the other two
pipelines need what it creates.

Each gets one commit on top of its branch that says which commit here it comes from; a repository whose contents are
the same already gets none, so running this again pushes nothing. It is plain git: nothing is forced, the work tree
and the repository here stay as they are.

Refused: uncommitted changes in these folders, and a branch that holds something else than what was published from
this history, because it would be undone: a commit that somebody made there, or one published from a newer commit.
Refused, too, is what would arrive without its contents: git submodules, pointers of Git LFS, and links out of what a
repository holds.
Refused as well: to publish while stacks of scripts/deploy.sh, on which the pipelines stand, are deployed from other
templates or parameters than those here, or not at all. What cannot be seen is named, and does not stop anything.

OPTION     --remote NAME=URL   URL of one of the repositories; may be repeated
           --remote-base URL   the others are at URL/NAME. Default: CodeCommit over HTTPS, in the Region of
                               parameters/tooling/artifact-store.json, with the credential helper of the AWS CLI
           --profile ACCOUNT=PROFILE
                               AWS CLI profile of an account; may be repeated. Default: as for scripts/deploy.sh, the
                               profile called <project>-<account>, and without one the credentials of the environment
           --without-deploying push although stacks of scripts/deploy.sh are not deployed as they are here
           --branch NAME       branch to push to. Default: the one that topology.ts names
           --replace COMMIT    publish over this commit of a remote although it does not come from here; may be
                               repeated. Only for one that somebody made there, once what it holds is committed
                               here, and for one from a history that is gone for good (rewritten)
           --dry-run           say what would be pushed, and push nothing
           --help

Needs git, and for CodeCommit the AWS CLI, 2.17.34 or later, of version 1 1.34.2 or later.
With git-remote-codecommit: --remote-base codecommit::REGION://PROFILE@
Exit code: 0 all published or up to date, 1 failed, 2 wrong usage, 130 or 143 interrupted. After any of them, running
this again does the rest.
END
}

if ((BASH_VERSINFO[0] < 5)); then
  printf '%s: found bash %s, expected bash 5 or later. On macOS: brew install bash\n' "${0##*/}" "$BASH_VERSION" >&2
  exit 1
fi

# Whoever reads may stop early (| head): neither what is pushed nor how this ends depends on it.
trap : PIPE
trap 'exit 130' INT
trap 'exit 143' TERM

# say FORMAT VALUE...: printf, also when nobody reads any more.
say() {
  # shellcheck disable=SC2059 # the format is the caller's
  printf "$@" 2>/dev/null || true
}

repositories=(ECS-Container-Build Infrastructure-Deployment ECS-Container-Deployment)
source_repository=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# git runs the AWS CLI for its credentials, which must not ask anybody, whatever the user's profile says.
export AWS_CLI_AUTO_PROMPT=off AWS_PAGER=''

# contents_of NAME: what a repository holds, a path here and the path there on each line; no path there is its root.
contents_of() {
  case $1 in
    ECS-Container-Build) printf '%s\t%s\n' container '' ;;
    Infrastructure-Deployment)
      local folder
      for folder in generated/environment parameters lambda; do
        printf '%s\t%s\n' "$folder" "$folder"
      done
      ;;
    ECS-Container-Deployment) printf '%s\t%s\n' ecs-deploy '' ;;
  esac
}

# fail MESSAGE...: ends the script with 1.
fail() {
  say '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# fail_usage MESSAGE...: ends the script with 2.
fail_usage() {
  say '%s: %s Try --help.\n' "${0##*/}" "$*" >&2
  exit 2
}

# check_name OPTION NAME: ends the script unless a repository is called so.
check_name() {
  local name
  for name in "${repositories[@]}"; do
    [[ $2 != "$name" ]] || return 0
    [[ $2 != "$name"-* ]] || fail_usage "$1Found '$2', expected the name without the project: $name."
  done
  fail_usage "$1Unknown repository '$2', expected one of ${repositories[*]}."
}

command -v git >/dev/null || fail "found no 'git' on PATH. Install it first."
declare -A remote=() replaceable=()
selected=()
remote_base='' branch='' dry_run=no
target_options=()
while (($# > 0)); do
  case $1 in
    --help | -h)
      usage || true # whoever reads may stop early
      exit 0
      ;;
    --dry-run)
      dry_run=yes
      shift
      continue
      ;;
    --without-deploying)
      target_options+=("$1")
      shift
      continue
      ;;
    --remote | --remote-base | --profile | --branch | --replace)
      (($# > 1)) && [[ -n $2 ]] || fail_usage "$1 needs a value."
      ;;
    -*) fail_usage "Unknown option '$1'." ;;
    *)
      check_name '' "$1"
      selected+=("$1")
      shift
      continue
      ;;
  esac
  case $1 in
    --remote)
      [[ $2 == *=?* ]] || fail_usage "--remote is '$2', expected NAME=URL."
      check_name '--remote: ' "${2%%=*}"
      remote[${2%%=*}]=${2#*=}
      ;;
    --remote-base) remote_base=${2%/} ;;
    --profile) target_options+=("$1" "$2") ;;
    --branch)
      git check-ref-format "refs/heads/$2" || fail_usage "--branch is '$2', expected the name of a branch."
      branch=$2
      ;;
    --replace)
      [[ $2 =~ ^[0-9a-f]{40}([0-9a-f]{24})?$ ]] || fail_usage "--replace is '$2', expected the full id of a commit."
      replaceable[$2]=yes
      ;;
  esac
  shift 2
done
# A route of functions alone has one pipeline.
if [[ ! -e $source_repository/generated/environment/container-service.yaml ]]; then
  repositories=(Infrastructure-Deployment)
fi
for name in "${selected[@]}"; do
  [[ " ${repositories[*]} " == *" $name "* ]] ||
    fail_usage "'$name' is a pipeline of the container, and templates-src/topology.ts declares none."
done
((${#selected[@]} == 0)) || repositories=("${selected[@]}")

# What a hook or an alias of git hands down is about its own repository; the settings that it hands down stay.
while IFS= read -r variable; do
  [[ $variable == GIT_CONFIG_* ]] || unset "$variable"
done < <(git rev-parse --local-env-vars)
unset GIT_NAMESPACE GIT_LITERAL_PATHSPECS GIT_GLOB_PATHSPECS GIT_NOGLOB_PATHSPECS GIT_ICASE_PATHSPECS
# Nobody is there to type a password: say that it failed instead of waiting for ever.
[[ -t 0 ]] || export GIT_TERMINAL_PROMPT=0

# Three ways to call git. What is published, and whether, must not depend on anybody's settings: log.showSignature prints
# into what is read here, trailer.separators hides where a commit comes from, i18n.commitEncoding makes another commit.

# in_source ARGUMENT...: git in the repository that this script belongs to, with the settings of its user, who says there
# whom to trust (safe.directory) and how files are checked out. For questions whose answer no setting changes.
in_source() {
  git -C "$source_repository" -c core.quotePath=false "$@"
}

# in_scratch ARGUMENT...: git without any settings in a repository of its own, which sees the objects of the source and
# goes when the script ends: fetching, building and pushing leave no trace in the source.
in_scratch() {
  # git before 2.32 doesn't know GIT_CONFIG_GLOBAL, but looks for settings in HOME.
  HOME=$work XDG_CONFIG_HOME=$work GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_COUNT=0 \
    GIT_CONFIG_PARAMETERS='' git --git-dir="$work/scratch" "$@"
}

# with_remotes ARGUMENT...: git in the scratch repository, with the settings of the user that say how to reach a remote
# (url.*, http.*, credential.*, core.sshCommand), and without those that change what is asked of it.
with_remotes() {
  # In the order of `git help config`. An empty value takes options for pushing out; others have options of their own.
  git -c color.ui=false -c core.hooksPath=/dev/null -c fetch.prune=false -c push.pushOption= "${credentials[@]}" \
    --git-dir="$work/scratch" "$@"
}

# run_node WORD...: runs TypeScript of this repository.
run_node() {
  (cd "$source_repository" && node -r tsx/cjs "$@")
}

# given_remotes: sets the remotes that options give. Fails when some are left.
given_remotes() {
  local name left=0
  for name in "${repositories[@]}"; do
    [[ -n ${remote[$name]:-} || -z $remote_base ]] || remote[$name]=$remote_base/$name
    [[ -n ${remote[$name]:-} ]] || left=1
  done
  return "$left"
}

# prepare_codecommit: checks the tooling account, and sets the remotes that no option gave, with their credentials.
prepare_codecommit() {
  local name key value called region='' profile='' code=0
  local -A repository_of=()
  [[ -d $source_repository/node_modules/tsx ]] || fail "found no node_modules in $source_repository. Run: npm ci"
  command -v aws >/dev/null || fail "found no 'aws' on PATH, which gives git the credentials of CodeCommit. Install it."
  run_node scripts/deploy/publication-command.ts codecommit "${target_options[@]}" >"$work/destination" || code=$?
  # Also where it refuses: whose credentials it saw the stacks with may be the reason.
  while IFS=$'\t' read -r key value called; do
    case $key in
      repository) repository_of[$value]=$called ;;
      region) region=$value ;;
      profile) profile=$value ;;
      said) say 'To %s\n' "$value" ;;
    esac
  done <"$work/destination"
  ((code == 0)) || exit "$code"
  for name in "${repositories[@]}"; do
    remote[$name]=${remote[$name]:-https://git-codecommit.$region.amazonaws.com/v1/repos/${repository_of[$name]}}
  done
  # The empty helper takes those of the user out: macOS keeps the password, which is only good for minutes.
  # shellcheck disable=SC2016 # git's shell expands $@
  credentials=(
    -c credential.helper=
    -c "credential.helper=!aws${profile:+ --profile '$profile'} codecommit credential-helper "'$@'
    -c credential.UseHttpPath=true
  )
}

# check_deployed: for remotes that need nothing of AWS, so that it may all be missing here.
check_deployed() {
  [[ " ${target_options[*]} " != *' --without-deploying '* ]] || return 0
  if [[ -d $source_repository/node_modules/tsx ]] && command -v aws >/dev/null; then
    run_node scripts/deploy/publication-command.ts "${target_options[@]}" || exit $?
  else
    say "Cannot see whether the stacks of scripts/deploy.sh are deployed as they are here: %s\n" \
      'that takes the AWS CLI and node_modules.' >&2
  fi
}

# refuse_uncommitted: ends the script when what would be published differs from the commit.
refuse_uncommitted() {
  local name paths=() changes
  for name in "${repositories[@]}"; do
    while IFS=$'\t' read -r path _; do
      paths+=("$path")
    done < <(contents_of "$name")
  done
  changes=$(in_source status --porcelain --untracked-files=all -- "${paths[@]}") ||
    fail "git cannot say whether everything is committed; see above. Nothing was pushed."
  [[ -z $changes ]] || fail "found changes that are not committed, and only commits are published:
$changes
Commit them, or put them aside with 'git stash -u', then run this again."
}

# make_tree NAME: makes the tree that a repository is to have, as ${tree[NAME]}. What would arrive without its contents
# is added to $problems.
make_tree() {
  local source target mode type id folder=''
  local -x GIT_INDEX_FILE=$work/index
  in_scratch read-tree --empty
  while IFS=$'\t' read -r source target; do
    read -r mode type id _ <<<"$(in_scratch ls-tree --full-tree "$commit" -- "$source")"
    [[ -n $mode ]] ||
      fail "commit $short has no $source, which $1 is to hold. Is this the right branch?"
    if [[ $type != tree ]]; then
      problems+=("$source: found $(kind_of "$mode"), expected a folder")
      continue
    fi
    # git wants a work tree for --prefix; without -u it doesn't look at it.
    in_scratch --work-tree="$work" read-tree ${target:+--prefix="$target/"} "$id"
    [[ -n $target ]] || folder=$source/
  done < <(contents_of "$1")
  tree[$1]=$(in_scratch write-tree --missing-ok)
  find_links_and_submodules "$1" "$folder"
  find_lfs_pointers "$1" "$folder"
}

kind_of() {
  case $1 in
    120000) printf 'a link\n' ;;
    160000) printf 'a git submodule\n' ;;
    *) printf 'a file\n' ;;
  esac
}

# find_links_and_submodules NAME FOLDER: adds those of a repository's tree that lead out of it to $problems. FOLDER is
# where its files are here.
find_links_and_submodules() {
  local entry path leads
  in_scratch ls-tree -r -z "${tree[$1]}" >"$work/entries"
  while IFS= read -r -d '' entry; do
    path=${entry#*$'\t'}
    case $entry in
      160000\ *) problems+=("$2$path: found a git submodule, expected its files") ;;
      120000\ *)
        # git follows it inside the tree; on the first line stands what is there, or why there is nothing.
        leads=$(in_scratch cat-file --batch-check --follow-symlinks <<<"${tree[$1]}:$path")
        [[ $leads =~ ^[0-9a-f]+\ (blob|tree)\  ]] ||
          problems+=("$2$path: found a link to $(in_scratch cat-file blob "${tree[$1]}:$path"), expected one to what $1 holds")
        ;;
    esac
  done <"$work/entries"
}

# find_lfs_pointers NAME FOLDER: adds the pointers of Git LFS in a repository's tree to $problems. By its specification
# (git-lfs, docs/spec.md) a pointer is smaller than 1024 bytes and begins with its version, of which there are two.
find_lfs_pointers() {
  local version='^version https://(git-lfs|hawser)\.github\.com/spec/' object size first code=0
  in_scratch grep --text --extended-regexp --files-with-matches --null -e "$version" "${tree[$1]}" >"$work/objects" ||
    code=$?
  ((code <= 1)) || return "$code" # 1: there are none
  while IFS= read -r -d '' object; do
    size=$(in_scratch cat-file -s "$object")
    in_scratch cat-file blob "$object" >"$work/blob"
    read -r first <"$work/blob" || true
    if [[ $first =~ $version ]] && ((size < 1024)); then
      problems+=("$2${object#*:}: found a pointer of Git LFS, expected the file itself")
    fi
  done <"$work/objects"
}

# refuse_problems: ends the script when something would arrive without its contents.
refuse_problems() {
  local most=20
  ((${#problems[@]} > 0)) || return 0
  fail "found what would arrive in a pipeline without its contents, which are not in this commit. Nothing was pushed.
$(printf '  %s\n' "${problems[@]:0:most}")$( ((${#problems[@]} <= most)) || printf '\n  and %d more' $((${#problems[@]} - most)))
Commit the files themselves, then run this again:
  submodule, or a clone inside: git rm --cached PATH, move PATH/.git elsewhere, git add PATH
  Git LFS: git lfs pull, git lfs untrack PATH, git add --renormalize PATH
  link: a copy of what it leads to, or a link to something that the same repository holds"
}

# find_head NAME: fetches what a remote's branch holds and sets $head to its commit; empty when there is no branch.
find_head() {
  local url=${remote[$1]} answer
  head=''
  answer=$(with_remotes ls-remote "$url" "refs/heads/$branch" 2>"$work/error") ||
    fail "$1: found no repository at $url that can be read:
$(<"$work/error")
Check the URL and the credentials. The repositories of CodeCommit are made by the stacks of the pipelines: deploy them
first (scripts/deploy.sh). Nothing was pushed."
  [[ -n $answer ]] || return 0
  with_remotes fetch --quiet --no-tags --no-recurse-submodules --no-auto-gc "$url" "+refs/heads/$branch:refs/remotes/$1" 2>"$work/error" ||
    fail "$1: $branch of $url cannot be fetched:"$'\n'"$(<"$work/error")"
  head=$(in_scratch rev-parse "refs/remotes/$1")
}

# refuse_foreign NAME: ends the script when publishing would undo what $head holds.
refuse_foreign() {
  local origin there="$branch of ${remote[$1]}" said
  [[ -z ${replaceable[$head]:-} ]] || return 0
  origin=$(in_scratch log -1 --format='%(trailers:key=Source-Commit,valueonly,separator=%x2C)' "$head")
  said=$(in_scratch log -1 --format='%an, %as: %s' "$head")
  if ! [[ $origin =~ ^([0-9a-f]{40}|[0-9a-f]{64})$ ]]; then
    fail "$1: found commit $head on $there, which was not published from here:
  $said
Publishing would undo it. Bring its change into this repository and commit it, then run this again with
--replace $head"
  fi
  ! is_ancestor "$origin" "$commit" || return 0
  if is_ancestor "$commit" "$origin"; then
    fail "$1: found what was published from commit $origin on $there:
  $said
It is newer than $commit, which is checked out here, and publishing would undo it. Pull, then run this again."
  fi
  if [[ $(in_source rev-parse --is-shallow-repository) == true ]]; then
    fail "$1: found what was published from commit $origin on $there. Whether
$commit, which is checked out here, comes after it cannot be seen: this clone is
shallow, so it lacks history. Get the rest of it, then run this again:
  git fetch --unshallow
In CI, let the checkout fetch all of it (actions/checkout: fetch-depth: 0)."
  fi
  if is_here "$origin"; then
    fail "$1: found what was published from commit $origin on $there:
  $said
It is no ancestor of $commit, which is checked out here, and publishing would undo
it. Merge it, then run this again:
  git merge $origin"
  fi
  fail "$1: found what was published from commit $origin on $there:
  $said
That commit is not in this repository, and publishing would undo it. Fetch it from where you share this repository (if
it is not there, let whoever published push it) and merge it, then run this again. For one that is gone for good see
--help."
}

# is_ancestor COMMIT COMMIT: whether the history here shows that the first came before the second, or is it.
is_ancestor() {
  local code=0
  is_here "$1" && is_here "$2" || return 1
  in_source merge-base --is-ancestor "$1" "$2" || code=$?
  ((code <= 1)) || fail "git cannot say whether commit $1 came before $2; see above. Nothing was pushed."
  return "$code"
}

# is_here COMMIT: whether the repository here has it.
is_here() {
  in_source cat-file -e "$1^{commit}" 2>/dev/null
}

# commit_tree TREE: prints the id of the commit on top of $head. The same source on the same parent is the same commit.
commit_tree() {
  local format name variable
  for variable in AUTHOR_NAME=%an AUTHOR_EMAIL=%ae AUTHOR_DATE=%ad COMMITTER_NAME=%cn COMMITTER_EMAIL=%ce \
    COMMITTER_DATE=%cd; do
    name=GIT_${variable%%=*} format=${variable#*=}
    export "$name=$(in_scratch log -1 --date=raw --format="$format" "$commit")"
  done
  in_scratch commit-tree ${head:+-p "$head"} -F - "$1" <<END
$(in_scratch log -1 --format=%s "$commit")

Published by scripts/publish-repositories.sh.

Source-Commit: $commit
END
}

# plan NAME: makes the commit that brings a repository up to date, unless it is.
plan() {
  find_head "$1"
  if [[ -n $head ]]; then
    [[ $(in_scratch rev-parse "$head^{tree}") != "${tree[$1]}" ]] || return 0
    refuse_foreign "$1"
  fi
  planned[$1]=$(commit_tree "${tree[$1]}")
  files[$1]=$(in_scratch diff-tree -r --root --no-commit-id --name-only "${planned[$1]}" | wc -l)
}

# push NAME: pushes what was planned. The branch was read a moment ago: if it has moved on since, the remote refuses.
push() {
  with_remotes push --quiet --no-verify --no-signed --no-follow-tags --recurse-submodules=no "${remote[$1]}" "${planned[$1]}:refs/heads/$branch" 2>"$work/error" ||
    fail "$1: $branch of ${remote[$1]} did not take the commit:
$(<"$work/error")
If it was rejected because the branch has moved on, somebody pushed at the same time: run this again."
}

# finish: leaves nothing behind, and ends with a documented code, whatever program has failed.
finish() {
  local code=$?
  rm -rf "$work"
  case $code in
    0 | 1 | 2) ;;
    130 | 143) say '\n%s: interrupted. Running this again does the rest.\n' "${0##*/}" >&2 ;;
    *) fail "something that it calls ended with $code; see above. Running this again does the rest." ;;
  esac
}

work=$(mktemp -d)
trap finish EXIT

commit=$(in_source rev-parse --verify --quiet HEAD) ||
  fail "found no git commit in $source_repository. Only commits are published: commit first."
short=${commit:0:12}
credentials=()
refuse_uncommitted
format=$(in_source rev-parse --show-object-format)
objects=$(CDPATH='' cd "$source_repository" && CDPATH='' cd "$(git rev-parse --git-path objects)" && pwd)
# Without the template of the user, which may bring settings along.
in_scratch init --quiet --bare --template= --object-format="$format"
printf '%s\n' "$objects" >"$work/scratch/objects/info/alternates"

declare -A tree=() planned=() files=()
problems=()
for name in "${repositories[@]}"; do
  make_tree "$name"
done
refuse_problems

if [[ -z $branch ]]; then
  branch=$(run_node -p "require('./templates-src/topology').topology.pipelines.branch") ||
    fail "The branch in templates-src/topology.ts cannot be read; see above. Run 'npm ci', or give --branch."
fi
say 'Publishing commit %s\n' "$short"
if given_remotes; then
  check_deployed
else
  prepare_codecommit
fi

# All of them are looked at before the first is pushed to.
for name in "${repositories[@]}"; do
  plan "$name"
done
for name in "${repositories[@]}"; do
  if [[ -z ${planned[$name]:-} ]]; then
    say '%-26s up to date\n' "$name"
  elif [[ $dry_run == yes ]]; then
    say '%-26s would push %s: %d changed files to %s of %s\n' \
      "$name" "${planned[$name]:0:12}" "${files[$name]}" "$branch" "${remote[$name]}"
  else
    push "$name"
    say '%-26s pushed %s: %d changed files to %s of %s\n' \
      "$name" "${planned[$name]:0:12}" "${files[$name]}" "$branch" "${remote[$name]}"
  fi
done
