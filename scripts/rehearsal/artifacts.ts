import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { partitionOf } from '../../templates-src/model/region';
import { toolingAccount } from '../../templates-src/model/topology';
import { pack, unpack } from './archive';
import { assumeRole, type Cloud, getObject, putObject, type Session } from './cloud';
import type { PipelineDefinition } from './definition';
import type { ActionRun, ArtifactLocation } from './pipeline';

/** The session in which an action is done: of its own role, else of the pipeline's. */
export async function actionSession(cloud: Cloud, { pipeline, action, execution }: ActionRun): Promise<Session> {
  const ofPipeline = await pipelineSession(cloud, pipeline, execution.id);
  return action.roleArn === undefined
    ? ofPipeline
    : assumeRole(cloud, ofPipeline, action.roleArn, `${execution.id}-${action.name}`);
}

/** A session of a pipeline's own role. */
export function pipelineSession(
  cloud: Cloud,
  { name, roleArn }: Pick<PipelineDefinition, 'name' | 'roleArn'>,
  sessionName: string,
): Promise<Session> {
  const sourceAccount = cloud.accounts[toolingAccount] ?? '';
  const sourceArn = `arn:${partitionOf(cloud.region)}:codepipeline:${cloud.region}:${sourceAccount}:${name}`;
  return assumeRole(cloud, { service: 'codepipeline.amazonaws.com', sourceAccount, sourceArn }, roleArn, sessionName);
}

/**
 * Packs files and stores them as an action's output artifact, where CodePipeline would: below a folder with the first
 * 20 characters of the pipeline's name, which is what policies are narrowed to, and one with the first 10 of the
 * artifact's.
 */
export async function storeArtifact(
  cloud: Cloud,
  session: Session,
  { pipeline }: Pick<ActionRun, 'pipeline'>,
  artifact: string,
  folder: string,
  patterns: readonly string[] = ['**/*'],
): Promise<ArtifactLocation> {
  const { location, encryptionKey } = pipeline.artifactStore;
  const key = `${pipeline.name.slice(0, 20)}/${artifact.slice(0, 10)}/${randomBytes(4).toString('hex').slice(0, 7)}`;
  const zip = await pack(folder, patterns);
  await putObject(cloud, session, { bucket: location, key }, zip, encryptionKey?.id);
  return { bucket: location, key };
}

/** Files of an input artifact. */
export interface UnpackedArtifact {
  readonly folder: string;
  /** Size of the zip. */
  readonly bytes: number;
}

/**
 * Fetches and unpacks an input artifact.
 *
 * @param folder where to; has no such files yet
 * @throws Error when the action has no such input
 */
export async function fetchArtifact(
  cloud: Cloud,
  session: Session,
  { inputs }: Pick<ActionRun, 'inputs'>,
  artifact: string,
  folder: string,
): Promise<UnpackedArtifact> {
  const location = inputs.get(artifact);
  if (location === undefined) {
    throw new Error(
      `It names the artifact ${artifact}, which is not among its inputs: ${[...inputs.keys()].join(', ')}.`,
    );
  }
  const zip = await getObject(cloud, session, location);
  const unpacked = join(folder, artifact);
  await unpack(zip, unpacked);
  return { folder: unpacked, bytes: zip.length };
}
