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
                               repeated. Bring what it holds into this repository before
           --dry-run           say what would be pushed, and push nothing
           --help

Needs git, and for CodeCommit the AWS CLI, 2.17.34 or later, of version 1 1.34.2 or later.
With git-remote-codecommit: --remote-base codecommit::REGION://PROFILE@
Exit code: 0 all published or up to date, 1 failed, 2 wrong usage.
END
}

if ((BASH_VERSINFO[0] < 5)); then
  printf '%s: found bash %s, expected bash 5 or later. On macOS: brew install bash\n' "${0##*/}" "$BASH_VERSION" >&2
  exit 1
fi

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
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# fail_usage MESSAGE...: ends the script with 2.
fail_usage() {
  printf '%s: %s Try --help.\n' "${0##*/}" "$*" >&2
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
      usage
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

# A hook that runs this would hand its own repository down.
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES
# Nobody is there to type a password: say that it failed instead of waiting for ever.
[[ -t 0 ]] || export GIT_TERMINAL_PROMPT=0

# in_source ARGUMENT...: git in the repository that this script belongs to.
in_source() {
  git -C "$source_repository" "$@"
}

# in_scratch ARGUMENT...: git in a repository of its own, which sees the objects of the source and goes when the script
# ends: fetching, building and pushing leave no trace in the source. Hooks of the user are not for these repositories.
in_scratch() {
  git -c core.hooksPath=/dev/null "${credentials[@]}" --git-dir="$work/scratch" "$@"
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
  run_node scripts/lib/publication-command.ts codecommit "${target_options[@]}" >"$work/destination" || code=$?
  # Also where it refuses: whose credentials it saw the stacks with may be the reason.
  while IFS=$'\t' read -r key value called; do
    case $key in
      repository) repository_of[$value]=$called ;;
      region) region=$value ;;
      profile) profile=$value ;;
      said) printf 'To %s\n' "$value" ;;
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
    run_node scripts/lib/publication-command.ts "${target_options[@]}" || exit $?
  else
    printf "Cannot see whether the stacks of scripts/deploy.sh are deployed as they are here: %s\n" \
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
  changes=$(in_source status --porcelain --untracked-files=all -- "${paths[@]}")
  [[ -z $changes ]] || fail "found changes that are not committed, and only commits are published:
$changes
Commit them, or put them aside with 'git stash -u', then run this again."
}

# tree_of NAME: prints the id of the tree that a repository is to have.
tree_of() {
  local source target mode type id
  export GIT_INDEX_FILE=$work/index
  in_scratch read-tree --empty
  while IFS=$'\t' read -r source target; do
    read -r mode type id _ < <(in_source ls-tree "$commit" -- "$source") ||
      fail "commit $short has no $source, which $1 is to hold. Is this the right branch?"
    if [[ $type == tree ]]; then
      # git wants a work tree for --prefix; without -u it doesn't look at it.
      in_scratch --work-tree="$work" read-tree ${target:+--prefix="$target/"} "$id"
    else
      in_scratch update-index --add --cacheinfo "$mode,$id,$target"
    fi
  done < <(contents_of "$1")
  in_scratch write-tree
  unset GIT_INDEX_FILE
}

# find_head NAME: fetches what a remote's branch holds and sets $head to its commit; empty when there is no branch.
find_head() {
  local url=${remote[$1]} answer
  head=''
  answer=$(in_scratch ls-remote "$url" "refs/heads/$branch" 2>"$work/error") ||
    fail "$1: found no repository at $url that can be read:
$(<"$work/error")
Check the URL and the credentials. The repositories of CodeCommit are made by the stacks of the pipelines: deploy them
first (scripts/deploy.sh). Nothing was pushed."
  [[ -n $answer ]] || return 0
  in_scratch fetch --quiet --no-tags "$url" "+refs/heads/$branch:refs/remotes/$1" 2>"$work/error" ||
    fail "$1: $branch of $url cannot be fetched:"$'\n'"$(<"$work/error")"
  head=$(in_scratch rev-parse "refs/remotes/$1")
}

# refuse_foreign NAME: ends the script when publishing would undo what $head holds.
refuse_foreign() {
  local origin
  [[ -z ${replaceable[$head]:-} ]] || return 0
  origin=$(in_scratch log -1 --format='%(trailers:key=Source-Commit,valueonly,separator=%x2C)' "$head")
  if [[ -z $origin ]]; then
    fail "$1: found commit $head on $branch of ${remote[$1]}, which was not published from here:
  $(in_scratch log -1 --format='%an, %as: %s' "$head")
Publishing would undo it. Bring its change into this repository and commit it, then run this again with
--replace $head"
  fi
  if ! in_source merge-base --is-ancestor "$origin" "$commit" 2>/dev/null; then
    fail "$1: found what was published from commit $origin on $branch of ${remote[$1]}; it is no ancestor of
$commit, which is checked out here. Publishing would undo it. Somebody has published newer work: pull it and merge,
then run this again. If that history is gone for good, run this again with
--replace $head"
  fi
}

# commit_tree TREE: prints the id of the commit on top of $head. The same source on the same parent is the same commit.
commit_tree() {
  local format name variable
  for variable in AUTHOR_NAME=%an AUTHOR_EMAIL=%ae AUTHOR_DATE=%ad COMMITTER_NAME=%cn COMMITTER_EMAIL=%ce \
    COMMITTER_DATE=%cd; do
    name=GIT_${variable%%=*} format=${variable#*=}
    export "$name=$(in_source log -1 --date=raw --format="$format" "$commit")"
  done
  in_scratch commit-tree ${head:+-p "$head"} -F - "$1" <<END
$(in_source log -1 --format=%s "$commit")

Published by scripts/publish-repositories.sh.

Source-Commit: $commit
END
}

# plan NAME: makes the commit that brings a repository up to date, unless it is.
plan() {
  local tree
  tree=$(tree_of "$1")
  find_head "$1"
  if [[ -n $head ]]; then
    [[ $(in_scratch rev-parse "$head^{tree}") != "$tree" ]] || return 0
    refuse_foreign "$1"
  fi
  planned[$1]=$(commit_tree "$tree")
  files[$1]=$(in_scratch diff-tree -r --root --no-commit-id --name-only "${planned[$1]}" | wc -l)
}

# push NAME: pushes what was planned. The branch was read a moment ago: if it has moved on since, the remote refuses.
push() {
  in_scratch push --quiet --no-verify "${remote[$1]}" "${planned[$1]}:refs/heads/$branch" 2>"$work/error" ||
    fail "$1: $branch of ${remote[$1]} did not take the commit:
$(<"$work/error")
If it was rejected because the branch has moved on, somebody pushed at the same time: run this again."
}

in_source rev-parse --verify --quiet HEAD >/dev/null ||
  fail "found no git commit in $source_repository. Only commits are published: commit first."
commit=$(in_source rev-parse HEAD)
short=${commit:0:12}
credentials=()
refuse_uncommitted
if [[ -z $branch ]]; then
  branch=$(run_node -p "require('./templates-src/topology').topology.pipelines.branch") ||
    fail "The branch in templates-src/topology.ts cannot be read; see above. Run 'npm ci', or give --branch."
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
printf 'Publishing commit %s\n' "$short"
if given_remotes; then
  check_deployed
else
  prepare_codecommit
fi
git init --quiet --bare --object-format="$(in_source rev-parse --show-object-format)" "$work/scratch"
(cd "$source_repository" && cd "$(git rev-parse --git-path objects)" && pwd) >"$work/scratch/objects/info/alternates"

declare -A planned=() files=()
# All of them are looked at before the first is pushed to.
for name in "${repositories[@]}"; do
  plan "$name"
done
for name in "${repositories[@]}"; do
  if [[ -z ${planned[$name]:-} ]]; then
    printf '%-26s up to date\n' "$name"
  elif [[ $dry_run == yes ]]; then
    printf '%-26s would push %s: %d changed files to %s of %s\n' \
      "$name" "${planned[$name]:0:12}" "${files[$name]}" "$branch" "${remote[$name]}"
  else
    push "$name"
    printf '%-26s pushed %s: %d changed files to %s of %s\n' \
      "$name" "${planned[$name]:0:12}" "${files[$name]}" "$branch" "${remote[$name]}"
  fi
done
