#!/usr/bin/env bash
# Builds the container image and pushes it to ECR. See --help.
set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=lib/common.sh
source "$here/lib/common.sh"

usage() {
  cat <<'EOF'
Usage: build-image.sh --repository-uri URI [OPTION...]

Builds the image of a Dockerfile, and pushes it under two tags: first its build id, then latest. A push of latest starts
the deployment, which so finds an image that has its build id. Writes {"uri": repository, "tag": build id, "digest": ...}
when both are there.

Every layer is built anew. A cache that builds can write, an earlier image or a layer that a build host kept, would let
one bad commit poison what later, clean commits are built from.

A build id is never built or pushed twice: what runs under it must not change. If the repository has it already (an
earlier run was killed before it could push latest), latest is pointed at that very image; but only if latest is older,
so that running an old build again by accident cannot roll back what is deployed next.

Options (and the environment variables that are their defaults):
  --repository-uri URI  ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME (REPOSITORY_URI)
  --build-id ID         tag of the image (what follows the colon in CODEBUILD_BUILD_ID)
  --context DIR         folder with the Dockerfile (IMAGE_CONTEXT, else .)
  --output FILE         where to write what was pushed (IMAGE_OUTPUT, else image.json)
  --help                this text

Passes the build argument BUILD_ID to the Dockerfile. Needs docker, the AWS CLI (2.17.34 or later, of version 1 1.34.2 or later)
and Python 3. The caller may
ecr:GetAuthorizationToken, and on the repository ecr:DescribeImages and what docker push needs (ecr:BatchGetImage,
ecr:BatchCheckLayerAvailability, ecr:InitiateLayerUpload, ecr:UploadLayerPart, ecr:CompleteLayerUpload, ecr:PutImage).

Ends with 0 when the image is in ECR, 1 when something failed, 2 when called wrongly. Safe to run again after it was
killed at any point.
EOF
}

repository_uri=${REPOSITORY_URI:-}
# CODEBUILD_BUILD_ID is project:uuid, and a colon is illegal in a tag.
build_id=${CODEBUILD_BUILD_ID:-}
build_id=${build_id#*:}
context=${IMAGE_CONTEXT:-.}
output=${IMAGE_OUTPUT:-image.json}
while (($# > 0)); do
  case $1 in
    --repository-uri) repository_uri=$(value_of "$@") ;;
    --build-id) build_id=$(value_of "$@") ;;
    --context) context=$(value_of "$@") ;;
    --output) output=$(value_of "$@") ;;
    --help)
      usage
      exit 0
      ;;
    *) fail_usage "Unknown option \"$1\"." ;;
  esac
  shift 2
done
require_value --repository-uri "$repository_uri"
require_value --build-id "$build_id"
[[ $repository_uri =~ ^(([0-9]{12})\.dkr[.-]ecr\.([a-z0-9-]+)\.[a-z0-9.-]+)/([a-z0-9._/-]+)$ ]] ||
  fail_usage "--repository-uri is \"$repository_uri\"; expected ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME without a tag."
registry=${BASH_REMATCH[1]} registry_id=${BASH_REMATCH[2]} region=${BASH_REMATCH[3]} repository=${BASH_REMATCH[4]}
if ! [[ $build_id =~ ^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$ ]] || [[ $build_id == latest ]]; then
  fail_usage "--build-id is \"$build_id\"; expected a tag of letters, digits, dots, hyphens and underscores that is not latest."
fi
require_commands aws docker python3

# ecr COMMAND ARGUMENT...: try_aws on the repository.
ecr() {
  try_aws ecr "$1" --region "$region" --registry-id "$registry_id" --repository-name "$repository" "${@:2}"
}

# find_image TAG: sets $digest and returns 0 if the repository has the tag; returns 1 if not. Ends the script when the
# repository cannot be asked.
find_image() {
  if ecr describe-images --image-ids "imageTag=$1" --query 'imageDetails[0].imageDigest' --output text; then
    digest=$aws_output
    return 0
  fi
  case $aws_error_code in
    ImageNotFoundException) return 1 ;;
    RepositoryNotFoundException)
      fail "The repository $repository_uri does not exist. It is made by the stack artifact-store: is" \
        "--repository-uri its RepositoryUri?"
      ;;
    *) fail "The repository $repository_uri cannot be read. $aws_error" ;;
  esac
}

# log_in: lets docker into the registry until the script ends.
log_in() {
  # By a pipe: a password among the arguments would show in the list of processes.
  aws ecr get-login-password --region "$region" |
    docker login --username AWS --password-stdin "$registry" >/dev/null ||
    fail "docker could not log in to $registry: may the caller ecr:GetAuthorizationToken, and does docker run?" \
      "In CodeBuild docker needs PrivilegedMode."
  trap 'docker logout "$registry" >/dev/null 2>&1 || true; end_work' EXIT
}

# build: builds the image under both tags.
build() {
  # --no-cache, --pull: whatever the host kept of earlier builds, nothing of it gets into this image.
  # BUILDX_NO_DEFAULT_ATTESTATIONS: with an attestation the tag would name an index, whose parts have no tags and so
  # fall to lifecycle rules for untagged images.
  BUILDX_NO_DEFAULT_ATTESTATIONS=1 docker build --no-cache --pull --build-arg "BUILD_ID=$build_id" \
    --tag "$repository_uri:$build_id" --tag "$repository_uri:latest" "$context" ||
    fail "The image could not be built from $context; see above. Nothing was pushed."
}

# push TAG
push() {
  docker push "$repository_uri:$1" ||
    fail "$repository_uri:$1 could not be pushed; see above. Run again with the same build id: what was pushed stays."
}

# point_latest_at_build: tags the image of the build id as latest too, unless latest is that image or a newer one.
point_latest_at_build() {
  local latest='' newest
  if find_image latest; then
    latest=$digest
  fi
  find_image "$build_id" || fail "$repository_uri:$build_id is gone again: somebody deletes images."
  if [[ $latest == "$digest" ]]; then
    echo "latest is this image already."
    return
  fi
  if [[ -n $latest ]]; then
    ecr describe-images --image-ids "imageDigest=$digest" "imageDigest=$latest" \
      --query 'sort_by(imageDetails, &imagePushedAt)[-1].imageDigest' --output text ||
      fail "The repository $repository_uri cannot be read. $aws_error"
    newest=$aws_output
    if [[ $newest != "$digest" ]]; then
      echo "latest is a newer image, $latest, and stays. To go back to an older one, commit what it was built from."
      return
    fi
  fi
  # The same manifest under another tag is the same image: nothing is pulled and no byte of it changes.
  ecr batch-get-image --image-ids "imageDigest=$digest" --query 'images[0].imageManifest' --output text \
    --accepted-media-types application/vnd.oci.image.manifest.v1+json application/vnd.oci.image.index.v1+json \
    application/vnd.docker.distribution.manifest.v2+json application/vnd.docker.distribution.manifest.list.v2+json ||
    fail "The manifest of $repository_uri:$build_id cannot be read. $aws_error"
  printf '%s' "$aws_output" >"$work/manifest"
  ecr put-image --image-tag latest --image-digest "$digest" --image-manifest "file://$work/manifest" ||
    fail "latest could not be pointed at $digest. $aws_error"
  echo "latest is now this image."
}

make_work_folder
digest=''
if find_image "$build_id"; then
  echo "$repository_uri:$build_id exists as $digest; it is neither built nor pushed again."
  point_latest_at_build
else
  [[ -f $context/Dockerfile ]] || fail "$context: found no Dockerfile; expected the folder of the image (--context)."
  log_in
  build
  push "$build_id"
  push latest
  find_image "$build_id" || fail "$repository_uri:$build_id was pushed, but the repository does not have it."
fi
python3 "$here/lib/image.py" "$output" "$repository_uri" "$build_id" "$digest"
echo "$repository_uri:$build_id is $digest."
