import { createHash } from 'node:crypto';
import { mkdtemp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { actionSession, fetchArtifact, type UnpackedArtifact } from '../artifacts';
import { assumeRole, type Session } from '../cloud';
import type { ActionResult, ActionRun } from '../pipeline';
import type { World } from '../world';

/** What the action takes of an artifact; larger ones it refuses. */
const LARGEST_ARTIFACT = 3 * 1024 * 1024;
const IMAGES = ['1', '2', '3', '4'];

interface DeploymentGroup {
  readonly serviceRoleArn: string;
  readonly deploymentConfigName: string;
  readonly ecsServices: readonly { readonly clusterName: string; readonly serviceName: string }[];
  readonly loadBalancerInfo: {
    readonly targetGroupPairInfoList: readonly {
      readonly targetGroups: readonly { readonly name: string }[];
      readonly prodTrafficRoute: { readonly listenerArns: readonly string[] };
      readonly testTrafficRoute?: { readonly listenerArns: readonly string[] };
    }[];
  };
  readonly blueGreenDeploymentConfiguration?: {
    readonly terminateBlueInstancesOnDeploymentSuccess?: {
      readonly action: string;
      readonly terminationWaitTimeInMinutes?: number;
    };
  };
}

interface Service {
  readonly desiredCount: number;
  readonly launchType: string;
  readonly networkConfiguration: unknown;
  readonly taskDefinition: string;
  readonly deploymentController?: { readonly type: string };
  readonly taskSets?: readonly { readonly id: string; readonly taskSetArn: string; readonly status: string }[];
}

interface TargetGroup {
  readonly TargetGroupName: string;
  readonly TargetGroupArn: string;
}

interface Listener {
  readonly ListenerArn: string;
  readonly Port: number;
  readonly DefaultActions: readonly {
    readonly Type: string;
    readonly TargetGroupArn?: string;
    readonly ForwardConfig?: { readonly TargetGroups: readonly { readonly TargetGroupArn: string }[] };
  }[];
}

/** https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-resources.html */
interface AppSpec {
  readonly version: number;
  readonly Resources: readonly {
    readonly TargetService: {
      readonly Type: string;
      readonly Properties: {
        readonly TaskDefinition: string;
        readonly LoadBalancerInfo: { readonly ContainerName: string; readonly ContainerPort: number };
        readonly NetworkConfiguration?: unknown;
      };
    };
  }[];
}

/**
 * A blue/green deployment to ECS: fills the placeholders, registers the task definition and creates the deployment, all
 * as the action's role; then does what CodeDeploy does with it.
 * https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-ECSbluegreen.html
 */
export async function codeDeployToEcs(run: ActionRun, world: World): Promise<ActionResult> {
  const session = await actionSession(world.cloud, run);
  const { configuration } = run;
  const { ApplicationName: applicationName = '', DeploymentGroupName: deploymentGroupName = '' } = configuration;
  const artifact = await inputArtifacts(run, world, session);

  const { taskDefinition, images } = await registerTaskDefinition(run, session, artifact);
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
  const group = await deploymentGroup(session, applicationName, deploymentGroupName);
  const codeDeploy = await assumeRole(world.cloud, 'codedeploy.amazonaws.com', group.serviceRoleArn, deploymentId);
  await shiftTraffic(run, codeDeploy, group, readAppSpec(appSpec), world.fails(run));
  return {
    summary: `${group.ecsServices[0]?.serviceName} in ${session.account.name} runs ${images.map(shortDigest).join(', ')}`,
  };
}

type InputArtifact = (name: string) => Promise<UnpackedArtifact>;

async function inputArtifacts(run: ActionRun, world: World, session: Session): Promise<InputArtifact> {
  const folder = await mkdtemp(join(world.folder, 'codedeploy-'));
  const fetched = new Map<string, Promise<UnpackedArtifact>>();
  return async (name) => {
    const unpacked = fetched.get(name) ?? fetchArtifact(world.cloud, session, run, name, folder);
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

/** @returns the ARN of the revision, and the images in it */
async function registerTaskDefinition(
  { configuration }: ActionRun,
  session: Session,
  artifact: InputArtifact,
): Promise<{ taskDefinition: string; images: readonly string[] }> {
  const path = configuration.TaskDefinitionTemplatePath ?? 'taskdef.json';
  let text = await readInput(artifact, configuration.TaskDefinitionTemplateArtifact, path);
  const images: string[] = [];
  for (const number of IMAGES) {
    const name = configuration[`Image${number}ArtifactName`];
    if (name !== undefined) {
      const placeholder = `<${configuration[`Image${number}ContainerName`]}>`;
      const detail = JSON.parse(await readInput(artifact, name, 'imageDetail.json')) as { ImageURI: string };
      if (!text.includes(placeholder)) {
        throw new Error(`${path} has no ${placeholder}, so it would not get the image ${detail.ImageURI}.`);
      }
      text = text.replaceAll(placeholder, detail.ImageURI);
      images.push(detail.ImageURI);
    }
  }
  const { taskDefinition } = await session.call<{ taskDefinition: { taskDefinitionArn: string } }>(
    'ecs',
    'RegisterTaskDefinition',
    JSON.parse(text) as object,
  );
  return { taskDefinition: taskDefinition.taskDefinitionArn, images };
}

const shortDigest = (uri: string) => uri.slice(uri.indexOf('@') + 1).slice(0, 'sha256:'.length + 12);

async function deploymentGroup(
  session: Session,
  applicationName: string,
  deploymentGroupName: string,
): Promise<DeploymentGroup> {
  const { deploymentGroupInfo } = await session.call<{ deploymentGroupInfo: DeploymentGroup }>(
    'codedeploy',
    'GetDeploymentGroup',
    { applicationName, deploymentGroupName },
  );
  return deploymentGroupInfo;
}

function readAppSpec(text: string): AppSpec['Resources'][number]['TargetService']['Properties'] {
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

/** What CodeDeploy does, as the role of the deployment group, step by step. */
async function shiftTraffic(
  { note, signal }: ActionRun,
  session: Session,
  group: DeploymentGroup,
  { TaskDefinition, LoadBalancerInfo, NetworkConfiguration }: ReturnType<typeof readAppSpec>,
  unhealthy: boolean,
): Promise<void> {
  const [{ clusterName: cluster, serviceName: service } = { clusterName: '', serviceName: '' }] = group.ecsServices;
  const found = await findService(session, cluster, service);
  const [pair] = group.loadBalancerInfo.targetGroupPairInfoList;
  if (pair === undefined) {
    throw new Error('The deployment group names no pair of target groups.');
  }
  const targetGroups = await findTargetGroups(
    session,
    pair.targetGroups.map(({ name }) => name),
  );
  const production = await findListeners(session, pair.prodTrafficRoute.listenerArns);
  const test = await findListeners(session, pair.testTrafficRoute?.listenerArns ?? []);
  const live = targetGroups.find(({ TargetGroupArn }) => production.every((it) => forwardsTo(it) === TargetGroupArn));
  const replacement = targetGroups.find((it) => it !== live);
  if (live === undefined || replacement === undefined) {
    throw new Error(
      `The production listener forwards to none of the deployment group's target groups, ` +
        `${targetGroups.map(({ TargetGroupName }) => TargetGroupName).join(' and ')}.`,
    );
  }
  const before = found.taskSets ?? [];
  const { taskSet } = await session.call<{ taskSet: { id: string; taskSetArn: string } }>('ecs', 'CreateTaskSet', {
    cluster,
    service,
    taskDefinition: TaskDefinition,
    launchType: found.launchType,
    networkConfiguration: NetworkConfiguration ?? found.networkConfiguration,
    loadBalancers: [
      {
        targetGroupArn: replacement.TargetGroupArn,
        containerName: LoadBalancerInfo.ContainerName,
        containerPort: LoadBalancerInfo.ContainerPort,
      },
    ],
  });
  // CodeDeploy names the scale at once; moto 5.2.5 would run tasks then, and fails on those of Fargate.
  await session.call('ecs', 'UpdateTaskSet', {
    cluster,
    service,
    taskSet: taskSet.taskSetArn,
    scale: { unit: 'PERCENT', value: 100 },
  });
  note(`replacement task set ${taskSet.id} behind ${replacement.TargetGroupName}`);
  await forward(session, test, replacement);
  if (test.length > 0) {
    note(`test traffic (port ${ports(test)}) goes to ${replacement.TargetGroupName}`);
  }
  signal.throwIfAborted();
  if (unhealthy) {
    await forward(session, test, live);
    await session.call('ecs', 'DeleteTaskSet', { cluster, service, taskSet: taskSet.taskSetArn, force: true });
    note(`rolled back: test traffic goes to ${live.TargetGroupName}, the replacement task set is gone`);
    throw new Error(
      'ALARM_ACTIVE: One or more alarms have been activated according to the Amazon CloudWatch metrics you selected ' +
        `(by --fail-at). Production traffic still goes to ${live.TargetGroupName}.`,
    );
  }
  await forward(session, production, replacement);
  await session.call('ecs', 'UpdateServicePrimaryTaskSet', { cluster, service, primaryTaskSet: taskSet.taskSetArn });
  note(
    `production traffic (port ${ports(production)}) goes from ${live.TargetGroupName} to ` +
      `${replacement.TargetGroupName}, as ${group.deploymentConfigName} says`,
  );
  const { terminateBlueInstancesOnDeploymentSuccess: termination } = group.blueGreenDeploymentConfiguration ?? {};
  if (termination?.action !== 'KEEP_ALIVE') {
    for (const old of before) {
      await session.call('ecs', 'DeleteTaskSet', { cluster, service, taskSet: old.taskSetArn, force: true });
    }
    const minutes = termination?.terminationWaitTimeInMinutes ?? 0;
    note(
      before.length > 0
        ? `old task set ended; AWS keeps it for ${minutes} minutes`
        : 'no old task set to end: this was the first deployment',
    );
  }
}

async function findService(session: Session, cluster: string, service: string): Promise<Service> {
  const { services } = await session.call<{ services: readonly Service[] }>('ecs', 'DescribeServices', {
    cluster,
    services: [service],
    include: ['TAGS'],
  });
  const [found] = services;
  if (found?.deploymentController?.type !== 'CODE_DEPLOY') {
    throw new Error(
      `INVALID_ECS_SERVICE: the service ${service} of the cluster ${cluster} ` +
        `${found === undefined ? 'does not exist' : 'is not deployed by CodeDeploy'}.`,
    );
  }
  return found;
}

async function findTargetGroups(session: Session, Names: readonly string[]): Promise<readonly TargetGroup[]> {
  const { TargetGroups } = await session.call<{ TargetGroups: readonly TargetGroup[] }>(
    'elbv2',
    'DescribeTargetGroups',
    { Names },
  );
  return TargetGroups;
}

async function findListeners(session: Session, ListenerArns: readonly string[]): Promise<readonly Listener[]> {
  if (ListenerArns.length === 0) {
    return [];
  }
  const { Listeners } = await session.call<{ Listeners: readonly Listener[] }>('elbv2', 'DescribeListeners', {
    ListenerArns,
  });
  return Listeners;
}

const forwardsTo = ({ DefaultActions }: Listener) =>
  DefaultActions[0]?.TargetGroupArn ?? DefaultActions[0]?.ForwardConfig?.TargetGroups[0]?.TargetGroupArn;

async function forward(session: Session, listeners: readonly Listener[], to: TargetGroup): Promise<void> {
  for (const { ListenerArn } of listeners) {
    await session.call('elbv2', 'ModifyListener', {
      ListenerArn,
      DefaultActions: [{ Type: 'forward', TargetGroupArn: to.TargetGroupArn }],
    });
  }
}

const ports = (listeners: readonly Listener[]) => listeners.map(({ Port }) => Port).join(', ');
