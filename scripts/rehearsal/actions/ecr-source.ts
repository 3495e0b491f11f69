import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ActionContext } from '../action-context';
import { actionSession, storeArtifact } from '../artifacts';
import type { ActionResult, ActionRun } from '../pipeline';

interface Images {
  readonly imageDetails: readonly {
    readonly registryId: string;
    readonly repositoryName: string;
    readonly imageDigest: string;
    readonly imageTags: readonly string[];
    readonly imageSizeInBytes: number;
    readonly imagePushedAt: string;
  }[];
}

/**
 * A source in ECR: the image that has the tag now, named by its digest in `imageDetail.json`.
 * https://docs.aws.amazon.com/codepipeline/latest/userguide/file-reference.html#file-reference-ecs-bluegreen
 */
export async function ecrSource(run: ActionRun, context: ActionContext): Promise<ActionResult> {
  const { RepositoryName = '', ImageTag = 'latest' } = run.configuration;
  const session = await actionSession(context.cloud, run);
  const { imageDetails } = await session.call<Images>('ecr', 'DescribeImages', {
    repositoryName: RepositoryName,
    imageIds: [{ imageTag: context.fails(run) ? `not-${ImageTag}-by---fail-at` : ImageTag }],
  });
  const image = imageDetails[0] as Images['imageDetails'][number];
  const registry = `${image.registryId}.dkr.ecr.${context.cloud.region}.amazonaws.com`;
  const uri = `${registry}/${image.repositoryName}@${image.imageDigest}`;
  const folder = await mkdtemp(join(context.folder, 'image-'));
  await writeFile(
    join(folder, 'imageDetail.json'),
    JSON.stringify({
      ImageSizeInBytes: String(image.imageSizeInBytes),
      ImageDigest: image.imageDigest,
      Version: '1.0',
      ImagePushedAt: image.imagePushedAt,
      RegistryId: image.registryId,
      RepositoryName: image.repositoryName,
      ImageURI: uri,
      ImageTags: image.imageTags,
    }),
  );
  const [output] = run.action.outputArtifacts;
  const location = await storeArtifact(context.cloud, session, run, output?.name ?? '', folder);
  return {
    summary: `${ImageTag} is ${image.imageDigest.slice(0, 19)}`,
    outputs: new Map([[output?.name ?? '', location]]),
    variables: {
      RegistryId: image.registryId,
      RepositoryName: image.repositoryName,
      ImageTag,
      ImageDigest: image.imageDigest,
      ImageURI: uri,
    },
  };
}
