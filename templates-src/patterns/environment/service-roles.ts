import { AccountId, Partition, type Reference, Region, sub, type Template } from '../../dsl';
import { namesOf, regionalArn } from '../../model/names';
import type { Topology } from '../../model/topology';
import { useKeyThrough } from '../shared/key-statements';
import { declareRole } from '../shared/roles';
import { passTaskRoles, seeTraffic, trustService } from '../shared/statements';
import { looksAtAlarms } from '../shared/suppressions';

/**
 * Roles that services of AWS take on for the container. The operator makes them and no pipeline does: a template could
 * open a role that it makes to others, and tasks' images, for one, are given out to a role by its name.
 */

/** A service's role, for the environment whose name a parameter holds. */
type DeclaredFor = (t: Template, topology: Topology, environment: Reference, tooling: Reference) => void;

/** Declares the role that starts tasks: it pulls images and writes logs. */
export const declareTaskExecutionRole: DeclaredFor = (t, topology, environment, tooling) => {
  const names = namesOf(topology);
  declareRole(t, 'TaskExecutionRole', {
    name: names.taskExecutionRole(environment),
    description: 'Pulls the image and writes the logs of tasks',
    trust: [trustTasks()],
    permissions: {
      '': [
        { Sid: 'LogInToRegistry', Effect: 'Allow', Action: 'ecr:GetAuthorizationToken', Resource: '*' },
        {
          Sid: 'PullImages',
          Effect: 'Allow',
          Action: ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
          Resource: sub`arn:${Partition}:ecr:${Region}:${tooling}:repository/${names.imageRepository}`,
        },
        {
          Sid: 'WriteLogs',
          Effect: 'Allow',
          Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
          Resource: logStreams(topology, environment, 'container'),
        },
        useKeyThrough(['logs'], anyKey),
      ],
    },
    wildcards: `A login to ECR has no resource: IAM knows ecr:GetAuthorizationToken on * only. ${keysHaveIds}`,
  });
};

/**
 * Who takes on the roles of a task. Documented for both in the ECS guide; the ARN is that of a task, which has no name
 * before it runs.
 */
export const trustTasks = () =>
  trustService('ecs-tasks.amazonaws.com', sub`arn:${Partition}:ecs:${Region}:${AccountId}:*`);

/**
 * Declares the service role of CodeDeploy: what AWS's managed policy AWSCodeDeployRoleForECS holds, for this service only
 * and without what is not used (hooks, notifications, revisions in S3: CodePipeline hands the appspec over as text).
 */
export const declareCodeDeployRole: DeclaredFor = (t, topology, environment) => {
  const names = namesOf(topology);
  const prefix = names.environmentPrefix(environment);
  declareRole(t, 'CodeDeployRole', {
    name: names.codeDeployRole(environment),
    description: 'Replaces task sets and moves the traffic of the load balancer',
    // CodeDeploy's guide, "Cross-service confused deputy prevention", documents both keys for this trust. The account is
    // enough: every deployment group of the account is the project's.
    trust: [trustService('codedeploy.amazonaws.com')],
    permissions: {
      '': [
        {
          Sid: 'ReplaceTaskSets',
          Effect: 'Allow',
          Action: ['ecs:CreateTaskSet', 'ecs:DeleteTaskSet', 'ecs:DescribeServices', 'ecs:UpdateServicePrimaryTaskSet'],
          Resource: [regionalArn('ecs', sub`service/${prefix}*`), regionalArn('ecs', sub`task-set/${prefix}*`)],
        },
        {
          Sid: 'MoveTraffic',
          Effect: 'Allow',
          Action: ['elasticloadbalancing:ModifyListener', 'elasticloadbalancing:ModifyRule'],
          Resource: [
            regionalArn('elasticloadbalancing', sub`listener/app/${prefix}*`),
            regionalArn('elasticloadbalancing', sub`listener-rule/app/${prefix}*`),
          ],
        },
        seeTraffic,
        passTaskRoles(topology, environment),
      ],
    },
    wildcards:
      'AWS makes the ids of listeners, rules and task sets up, and takes * alone for what only describes them.',
    suppressions: { '': [looksAtAlarms('SeeTraffic')] },
  });
};

/** Declares the role that records the traffic of the network. */
export const declareFlowLogRole: DeclaredFor = (t, topology, environment) => {
  declareRole(t, 'FlowLogRole', {
    name: namesOf(topology).flowLogRole(environment),
    description: 'Writes the flow logs of the network',
    // The VPC guide documents both keys; the id of the flow log is not known before it has the role.
    trust: [
      trustService('vpc-flow-logs.amazonaws.com', sub`arn:${Partition}:ec2:${Region}:${AccountId}:vpc-flow-log/*`),
    ],
    permissions: {
      '': [
        {
          Sid: 'WriteFlowLogs',
          Effect: 'Allow',
          Action: ['logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents'],
          Resource: logStreams(topology, environment, 'flow-logs'),
        },
        { Sid: 'FindLogGroup', Effect: 'Allow', Action: 'logs:DescribeLogGroups', Resource: '*' },
        useKeyThrough(['logs'], anyKey),
      ],
    },
    wildcards: `The service looks for its log group among all of them: the guide of VPC asks for it. ${keysHaveIds}`,
  });
};

/** ARN of a log group of an environment, with its streams. */
const logStreams = (topology: Topology, environment: Reference, name: string) =>
  regionalArn('logs', sub`log-group:/${topology.project}/${environment}/${name}:*`);

const anyKey = regionalArn('kms', 'key/*');
const keysHaveIds = 'The key of the logs is made later, and AWS makes its id up.';
