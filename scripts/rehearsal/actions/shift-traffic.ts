import type { Cloud, Session } from '../cloud';
import type { ActionRun } from '../pipeline';

/** A deployment group, as GetDeploymentGroup gives it. */
export interface DeploymentGroup {
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
    readonly deploymentReadyOption?: { readonly actionOnTimeout: string; readonly waitTimeInMinutes?: number };
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

/** What an appspec says of the tasks that replace others. */
export interface Replacement {
  readonly TaskDefinition: string;
  readonly LoadBalancerInfo: { readonly ContainerName: string; readonly ContainerPort: number };
  readonly NetworkConfiguration?: unknown;
}

/** What a deployment finds: the service, the listeners, the group that serves and the one that will. */
interface Scene {
  readonly cluster: string;
  readonly service: string;
  readonly found: Service;
  readonly production: readonly Listener[];
  readonly test: readonly Listener[];
  readonly live: TargetGroup;
  readonly replacement: TargetGroup;
}

/**
 * What CodeDeploy does, as the role of the deployment group, step by step.
 *
 * @param unhealthy whether an alarm rises before production traffic moves
 */
export async function shiftTraffic(
  cloud: Cloud,
  { note, signal }: ActionRun,
  session: Session,
  group: DeploymentGroup,
  appSpec: Replacement,
  unhealthy: boolean,
): Promise<void> {
  const scene = await look(session, group);
  const { cluster, service, found, production, test, live, replacement } = scene;
  const taskSet = await makeTaskSet(cloud, session, scene, appSpec);
  note(`replacement task set ${taskSet.id} of ${found.desiredCount} tasks behind ${replacement.TargetGroupName}`);
  await forward(session, test, replacement);
  if (test.length > 0) {
    note(`test traffic (port ${ports(test)}) goes to ${replacement.TargetGroupName}`);
  }
  const { deploymentReadyOption: ready } = group.blueGreenDeploymentConfiguration ?? {};
  if (ready?.actionOnTimeout === 'STOP_DEPLOYMENT') {
    note(
      `test window: AWS stops the deployment unless somebody says within ${ready.waitTimeInMinutes ?? 0} minutes: aws ` +
        'deploy continue-deployment --deployment-wait-type READY_WAIT; the rehearsal goes on',
    );
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
  await endOldTasks(note, session, group, scene);
}

async function look(session: Session, group: DeploymentGroup): Promise<Scene> {
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
  const astray = test.find((it) => forwardsTo(it) !== live.TargetGroupArn);
  if (astray !== undefined) {
    throw new Error(
      `The test listener (port ${astray.Port}) does not forward to ${live.TargetGroupName}, which serves: something ` +
        'else than CodeDeploy has changed a listener. Bring both to the group whose tasks run, then deploy again.',
    );
  }
  if (found.desiredCount === 0) {
    throw new Error(
      `The service ${service} wants no tasks, so CodeDeploy would make a task set without any and call that a success.`,
    );
  }
  return { cluster, service, found, production, test, live, replacement };
}

async function makeTaskSet(
  { emulator }: Cloud,
  session: Session,
  { cluster, service, found, replacement }: Scene,
  { TaskDefinition, LoadBalancerInfo, NetworkConfiguration }: Replacement,
): Promise<{ readonly id: string; readonly taskSetArn: string }> {
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
  await emulator.call(session.account.name, 'ecs', 'UpdateTaskSet', {
    cluster,
    service,
    taskSet: taskSet.taskSetArn,
    scale: { unit: 'PERCENT', value: 100 },
  });
  return taskSet;
}

async function endOldTasks(
  note: ActionRun['note'],
  session: Session,
  group: DeploymentGroup,
  { cluster, service, found }: Scene,
): Promise<void> {
  const { terminateBlueInstancesOnDeploymentSuccess: termination } = group.blueGreenDeploymentConfiguration ?? {};
  if (termination?.action === 'KEEP_ALIVE') {
    return;
  }
  const before = found.taskSets ?? [];
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
