import { createHash } from 'node:crypto';
import { mkdtemp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { partitionOf } from '../../../templates-src/model/region';
import type { ActionContext } from '../action-context';
import { actionSession, fetchArtifact, type UnpackedArtifact } from '../artifacts';
import { assumeRole, type Cloud, type Session } from '../cloud';
import type { ActionResult, ActionRun } from '../pipeline';
import { type DeploymentGroup, type Replacement, shiftTraffic } from './shift-traffic';

/** What the action takes of an artifact; larger ones it refuses. */
const LARGEST_ARTIFACT = 3 * 1024 * 1024;

/** https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-resources.html */
interface AppSpec {
  readonly version: number;
  readonly Resources: readonly {
    readonly TargetService: { readonly Type: string; readonly Properties: Replacement };
  }[];
}

/**
 * A blue/green deployment to ECS: fills the placeholders, registers the task definition and creates the deployment, all
 * as the action's role; then does what CodeDeploy does with it.
 * https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-ECSbluegreen.html
 */
export async function codeDeployToEcs(run: ActionRun, context: ActionContext): Promise<ActionResult> {
  const session = await actionSession(context.cloud, run);
  const { configuration } = run;
  const { ApplicationName: applicationName = '', DeploymentGroupName: deploymentGroupName = '' } = configuration;
  const artifact = await inputArtifacts(run, context, session);

  const { taskDefinition, image } = await registerTaskDefinition(run, session, artifact);
  const appSpec = (
    await readInput(
      artifact,
      configuration.AppSpecTemplateArtifact,
      configuration.AppSpecTemplatePath ?? 'appspec.yaml',
    )
  ).replaceAll('<TASK_DEFINITION>', taskDefinition);
  const { deploymentId } = await session.call<{ deploymentId: string }>('codedeploy', 'CreateDeployment', {
    applicationName,
    deploymentGroupName,
    revision: {
      revisionType: 'AppSpecContent',
      appSpecContent: { content: appSpec, sha256: createHash('sha256').update(appSpec).digest('hex') },
    },
  });
  run.note(`deployment ${deploymentId} of ${taskDefinition.split('/').at(-1)}`);
  const group = await deploymentGroup(context.cloud, session, applicationName, deploymentGroupName);
  const { id: sourceAccount } = session.account;
  const { region } = context.cloud;
  const sourceArn = `arn:${partitionOf(region)}:codedeploy:${region}:${sourceAccount}:deploymentgroup:${applicationName}/${deploymentGroupName}`;
  const codeDeployFor = { service: 'codedeploy.amazonaws.com', sourceAccount, sourceArn } as const;
  const codeDeploy = await assumeRole(context.cloud, codeDeployFor, group.serviceRoleArn, deploymentId);
  await shiftTraffic(context.cloud, run, codeDeploy, group, readAppSpec(appSpec), context.fails(run));
  return {
    summary: `${group.ecsServices[0]?.serviceName} in ${session.account.name} runs ${shortDigest(image)}`,
  };
}

type InputArtifact = (name: string) => Promise<UnpackedArtifact>;

async function inputArtifacts(run: ActionRun, context: ActionContext, session: Session): Promise<InputArtifact> {
  const folder = await mkdtemp(join(context.folder, 'codedeploy-'));
  const fetched = new Map<string, Promise<UnpackedArtifact>>();
  return async (name) => {
    const unpacked = fetched.get(name) ?? fetchArtifact(context.cloud, session, run, name, folder);
    fetched.set(name, unpacked);
    const { bytes } = await unpacked;
    if (bytes > LARGEST_ARTIFACT) {
      throw new Error(
        `The artifact ${name} has ${bytes} bytes, and this action takes ${LARGEST_ARTIFACT}: keep other files out of it.`,
      );
    }
    return unpacked;
  };
}

async function readInput(artifact: InputArtifact, name: string | undefined, path: string): Promise<string> {
  const { folder } = await artifact(name ?? '');
  try {
    return await readFile(join(folder, path), 'utf8');
  } catch (error) {
    throw new Error(`Exception while trying to read ${path} from the artifact ${name}: ${(error as Error).message}`);
  }
}

/** @returns the ARN of the revision, and the image in it */
async function registerTaskDefinition(
  { configuration }: ActionRun,
  session: Session,
  artifact: InputArtifact,
): Promise<{ taskDefinition: string; image: string }> {
  const path = configuration.TaskDefinitionTemplatePath ?? 'taskdef.json';
  const text = await readInput(artifact, configuration.TaskDefinitionTemplateArtifact, path);
  const placeholder = `<${configuration.Image1ContainerName}>`;
  const detail = await readInput(artifact, configuration.Image1ArtifactName, 'imageDetail.json');
  const { ImageURI: image } = JSON.parse(detail) as { ImageURI: string };
  if (!text.includes(placeholder)) {
    throw new Error(`${path} has no ${placeholder}, so it would not get the image ${image}.`);
  }
  const { taskDefinition } = await session.call<{ taskDefinition: { taskDefinitionArn: string } }>(
    'ecs',
    'RegisterTaskDefinition',
    JSON.parse(text.replaceAll(placeholder, image)) as object,
  );
  return { taskDefinition: taskDefinition.taskDefinitionArn, image };
}

const shortDigest = (uri: string) => uri.slice(uri.indexOf('@') + 1).slice(0, 'sha256:'.length + 12);

/** CodeDeploy's own look at the group. */
async function deploymentGroup(
  { emulator }: Cloud,
  { account }: Session,
  applicationName: string,
  deploymentGroupName: string,
): Promise<DeploymentGroup> {
  const { deploymentGroupInfo } = await emulator.call<{ deploymentGroupInfo: DeploymentGroup }>(
    account.name,
    'codedeploy',
    'GetDeploymentGroup',
    { applicationName, deploymentGroupName },
  );
  return deploymentGroupInfo;
}

function readAppSpec(text: string): Replacement {
  const appSpec = load(text) as AppSpec;
  const properties = appSpec?.Resources?.[0]?.TargetService?.Properties;
  if (
    properties?.TaskDefinition === undefined ||
    properties.LoadBalancerInfo?.ContainerName === undefined ||
    properties.LoadBalancerInfo.ContainerPort === undefined
  ) {
    throw new Error(
      'INVALID_REVISION: the AppSpec file needs Resources[0].TargetService.Properties with TaskDefinition and ' +
        'LoadBalancerInfo (ContainerName, ContainerPort).',
    );
  }
  return properties;
}
