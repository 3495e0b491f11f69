import { namesOf, workloadRoles } from '../patterns/names';
import {
  type ActorCases,
  type Cases,
  type Context,
  casesOf,
  type DeclaredEnvironment,
  type DeclaredResource,
  type Need,
  type Prohibition,
  type Refusal,
  type ServiceActor,
  type World,
} from './case';
import {
  administratorOf,
  arnIn,
  boundedAdministratorOf,
  foreignAccountId,
  imagesOf,
  openKey,
  openObject,
  openRepository,
  openRole,
} from './elsewhere';
import {
  assumedByService,
  encryptsLogs,
  ifNoneMatch,
  keyAdministration,
  logGroupItself,
  neverReachesOthers,
  plainHttp,
} from './needs';
import { packageIn } from './pipelines';

/** What runs in an environment: functions, tasks, CodeDeploy, flow logs, and the boundary that limits them all. */

const ofType = (resources: readonly DeclaredResource[], type: string) => resources.filter((each) => each.type === type);

const streamOf = (logGroup: string) => `${logGroup}:log-stream:2026/11/23/stream`;

/** That a role writes to a log group, and to no other. */
function writesLogs(
  world: World,
  environment: DeclaredEnvironment,
  logGroup: string,
  why: string,
  through?: string,
): Need {
  const { topology } = world;
  return {
    does: through === undefined ? 'writes its logs' : 'writes its logs through the VPC endpoint',
    actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    on: streamOf(logGroup),
    ...(through === undefined ? {} : { through }),
    why,
    butNot: [
      {
        that: 'logs of others',
        on: streamOf(arnIn(world, environment, 'logs', `log-group:/${topology.project}/${environment.name}/others`)),
        why: 'who can write the logs of others can hide in them',
      },
    ],
  };
}

/** Context of a request that a service makes to a key for its caller. */
const via = (service: string, { region }: World) => ({ 'kms:ViaService': `${service}.${region}.amazonaws.com` });

/** The cases of one function: what its code calls, as far as its template says so. */
function functionCases(world: World, environment: DeclaredEnvironment, lambda: DeclaredResource): ActorCases {
  const stack = environment.stack('infrastructure');
  const { resources } = stack;
  const id = lambda.logicalId.replace(/Function$/, '');
  const role = stack.role(`${id}Role`);
  const queues = ofType(resources, 'AWS::SQS::Queue');
  const variables = lambda.properties.Environment as
    | { readonly Variables?: Readonly<Record<string, string>> }
    | undefined;
  const texts = Object.values(variables?.Variables ?? {});
  const deadLetters = lambda.properties.DeadLetterConfig as { readonly TargetArn: string };
  const source = ofType(resources, 'AWS::Lambda::EventSourceMapping').find(
    ({ properties }) => properties.FunctionName === lambda.ref,
  );
  const sendsTo = queues.filter(({ arn, ref }) => texts.includes(ref) || arn === deadLetters.TargetArn);
  const receivesFrom = queues.filter(({ arn }) => arn === source?.properties.EventSourceArn);
  const others = arnIn(world, environment, 'sqs', 'somebody-elses-queue');
  const key = stack.arn('WorkloadKey');
  const overHttp: Refusal = {
    that: 'over plain HTTP',
    context: plainHttp,
    why: 'SQS Developer Guide, "Enforce encryption of data in transit": aws:SecureTransport',
  };
  const notOthers = (queuesOfItsOwn: readonly DeclaredResource[]): readonly Refusal[] => [
    {
      that: 'with other queues',
      on: [...queues.filter((queue) => !queuesOfItsOwn.includes(queue)).map(({ arn }) => arn), others],
      why: 'a function uses the queues that it was given',
    },
    overHttp,
  ];
  return {
    group: `${environment.name}/${lambda.logicalId}`,
    actor: role,
    needs: [
      assumedByService(world, role, {
        service: 'lambda.amazonaws.com',
        account: environment,
        why: 'Lambda Developer Guide, "Lambda execution role"',
      }),
      writesLogs(
        world,
        environment,
        stack.arn(`${id}Logs`),
        'Lambda Developer Guide, "AWS managed policies": AWSLambdaBasicExecutionRole, for one log group',
      ),
      encryptsLogs(world, key, openKey(world, environment, environment)),
      {
        does: 'sends messages and dead letters',
        actions: 'sqs:SendMessage',
        on: sendsTo.map(({ arn }) => arn),
        why: 'Lambda Developer Guide, "Dead-letter queues": sqs:SendMessage; what the code sends to is in its environment',
        butNot: notOthers(sendsTo),
      },
      ...(receivesFrom.length === 0
        ? []
        : [
            {
              does: 'receives messages',
              actions: ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'] as const,
              on: receivesFrom.map(({ arn }) => arn),
              why: 'Lambda Developer Guide, "Using Lambda with Amazon SQS": execution role permissions',
              butNot: notOthers(receivesFrom),
            },
          ]),
      {
        does: 'uses the key of its queues',
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        on: key,
        context: via('sqs', world),
        why: 'SQS Developer Guide, "Configure KMS permissions for Amazon SQS": producers and consumers',
        butNot: [
          {
            that: 'other keys',
            on: openKey(world, environment, environment),
            why: 'a function uses what it was given',
          },
          {
            that: 'by itself, or through another service',
            context: {},
            and: [{ actions: ['kms:Decrypt', 'kms:GenerateDataKey'], on: key, context: via('s3', world) }],
            why: 'KMS Developer Guide, "kms:ViaService": the key is used through queues and log groups alone',
          },
          {
            that: 'administering it',
            actions: ['kms:PutKeyPolicy', 'kms:ScheduleKeyDeletion', 'kms:CreateGrant'],
            why: 'a key is changed by its template alone',
          },
        ],
      },
    ],
    never: workloadNever(world, environment),
  };
}

/** What nothing that runs in an environment may do, even if a template allowed it everything. */
function workloadNever(world: World, environment: DeclaredEnvironment): readonly Prohibition[] {
  const { environments, tooling } = world;
  const roles = environment.stack('deployment-roles');
  const deploymentRoles = ofType(roles.resources, 'AWS::IAM::Role').map(({ arn }) => arn);
  return [
    ...neverReachesOthers(world, environment),
    {
      that: 'becomes another role',
      actions: 'sts:AssumeRole',
      on: [
        ...deploymentRoles,
        openRole(tooling, environment),
        ...environments.filter(({ name }) => name !== environment.name).map((other) => openRole(other, environment)),
      ],
      why: 'an environment must not reach another environment, nor the tooling account',
    },
    {
      that: 'changes roles or its boundary',
      actions: ['iam:PutRolePolicy', 'iam:AttachRolePolicy', 'iam:DeleteRolePermissionsBoundary'],
      on: deploymentRoles,
      and: [{ actions: 'iam:CreatePolicyVersion', on: roles.arn('WorkloadBoundary') }],
      why: 'IAM User Guide, "Permissions boundaries for IAM entities"',
    },
    {
      that: 'reads packages, or writes to the tooling account',
      actions: 's3:GetObject',
      on: packageIn(world),
      and: [
        { actions: 's3:PutObject', on: packageIn(world), context: ifNoneMatch },
        { actions: ['ecr:PutImage', 'ecr:BatchDeleteImage'], on: imagesOf(world) },
      ],
      why: 'what is deployed to all environments is written in the tooling account alone',
    },
    {
      that: 'changes functions',
      actions: 'lambda:UpdateFunctionCode',
      on: ofType(environment.stack('infrastructure').resources, 'AWS::Lambda::Function').map(({ arn }) => arn),
      why: 'functions are changed by the pipeline alone',
    },
  ];
}

/** A role whose own policy allows everything: what the boundary refuses, no template can allow. */
function boundaryCases(world: World, environment: DeclaredEnvironment): ActorCases {
  const { topology, environments, tooling } = world;
  const names = namesOf(topology);
  const neighbour = environments.find(({ name }) => name !== environment.name)?.name ?? 'another';
  const inAccount = (service: string, resource: string) => arnIn(world, environment, service, resource);
  const role = (name: string) => `arn:aws:iam::${environment.id}:role/${name}`;
  const why = 'IAM User Guide, "Permissions boundaries for IAM entities": the boundary is the most a role may do';
  const key = openKey(world, environment, environment);
  const useKey = (context: Context, on = key) => ({
    actions: ['kms:Decrypt', 'kms:GenerateDataKey'] as const,
    on,
    context,
  });
  return {
    group: `${environment.name}/WorkloadBoundary`,
    actor: boundedAdministratorOf(environment),
    never: [
      ...workloadNever(world, environment),
      {
        that: 'writes logs of others',
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        on: [
          streamOf(inAccount('logs', 'log-group:/somebody-else/log-group')),
          streamOf(inAccount('logs', `log-group:/${topology.project}/${neighbour}/container`)),
        ],
        why,
      },
      {
        that: 'uses queues of others',
        actions: ['sqs:SendMessage', 'sqs:ReceiveMessage', 'sqs:DeleteMessage'],
        on: [inAccount('sqs', 'somebody-elses-queue'), inAccount('sqs', `${topology.project}-${neighbour}-orders`)],
        why,
      },
      {
        that: 'uses keys by itself, through services that hold data of others, or in another Region',
        ...useKey({}),
        and: [
          ...['dynamodb', 's3', 'secretsmanager'].map((service) => useKey(via(service, world))),
          useKey(via('sqs', world), { ...key, arn: key.arn.replace(`:${world.region}:`, ':ap-southeast-2:') }),
          { actions: ['kms:CreateGrant', 'kms:Encrypt', 'kms:PutKeyPolicy'], on: key, context: via('sqs', world) },
        ],
        why: 'KMS Developer Guide, "kms:ViaService": through queues and log groups, a key opens what these let in',
      },
      {
        that: 'pulls images of others',
        actions: ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
        on: openRepository(world, tooling, environment),
        why,
      },
      {
        that: 'switches traffic of others',
        actions: 'elasticloadbalancing:ModifyListener',
        on: inAccount('elasticloadbalancing', 'listener/app/somebody-elses/0123456789abcdef/0123456789abcdef'),
        and: [
          {
            actions: ['ecs:UpdateServicePrimaryTaskSet', 'ecs:DescribeServices'],
            on: inAccount('ecs', 'service/somebody-elses/service'),
          },
        ],
        why,
      },
      {
        that: 'passes roles other than those of tasks',
        actions: 'iam:PassRole',
        on: [
          role(names.cloudFormationExecutionRole(environment.name).text),
          role(names.workloadRole(environment.name, workloadRoles.codeDeploy).text),
        ],
        context: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' },
        and: [
          {
            actions: 'iam:PassRole',
            on: role(names.workloadRole(environment.name, workloadRoles.containerTask).text),
            context: { 'iam:PassedToService': 'lambda.amazonaws.com' },
          },
        ],
        why,
      },
      {
        that: 'reads data of others in the account',
        actions: 's3:GetObject',
        on: openObject(environment, environment),
        and: [
          { actions: 'secretsmanager:GetSecretValue', on: inAccount('secretsmanager', 'secret:somebody-elses-AbCdEf') },
          { actions: 'dynamodb:GetItem', on: inAccount('dynamodb', 'table/somebody-elses') },
        ],
        why,
      },
    ],
  };
}

function flowLogCases(world: World, environment: DeclaredEnvironment): ActorCases {
  const stack = environment.stack('infrastructure');
  const role = stack.role('FlowLogRole');
  const logGroup = stack.arn('FlowLogGroup');
  return {
    group: `${environment.name}/FlowLogRole`,
    actor: role,
    needs: [
      assumedByService(world, role, {
        service: 'vpc-flow-logs.amazonaws.com',
        forOne: { noun: 'flow log', arn: stack.arn('NetworkFlowLog'), otherArn: stack.arn('Network') },
        account: environment,
        why: 'VPC User Guide, "IAM role for publishing flow logs to CloudWatch Logs": trust policy',
      }),
      writesLogs(
        world,
        environment,
        logGroup,
        'VPC User Guide, "IAM role for publishing flow logs to CloudWatch Logs"',
      ),
      encryptsLogs(world, stack.arn('WorkloadKey'), openKey(world, environment, environment)),
      {
        does: 'looks at log groups and streams',
        actions: 'logs:DescribeLogStreams',
        on: logGroupItself(logGroup),
        and: [{ actions: 'logs:DescribeLogGroups', on: '*' }],
        why: 'VPC User Guide, "IAM role for publishing flow logs to CloudWatch Logs"',
      },
    ],
    never: workloadNever(world, environment),
  };
}

function containerCases(world: World, environment: DeclaredEnvironment): readonly ActorCases[] {
  const { tooling } = world;
  const stack = environment.stack('container-service');
  const infrastructure = environment.stack('infrastructure');
  const repository = tooling.stack('artifact-store').arn('ImageRepository');
  const task = arnIn(world, environment, 'ecs', 'task/0123456789abcdef');
  const endpoint = (id: string) => infrastructure.resource(id).ref;
  const trust = (role: ReturnType<typeof stack.role>) =>
    assumedByService(world, role, {
      service: 'ecs-tasks.amazonaws.com',
      forOne: { noun: 'tasks', arn: task, otherArn: arnIn(world, environment, 'ec2', 'instance/i-00000000000000000') },
      account: environment,
      why: 'ECS Developer Guide, "Amazon ECS task execution IAM role" and "task IAM role": trust policy',
    });
  const execution = stack.role('TaskExecutionRole');
  const pull = ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'] as const;
  const pulls =
    'ECS Developer Guide, "Amazon ECS task execution IAM role"; ECR User Guide, "Private repository policies"';
  const otherImages: Refusal = {
    that: "somebody else's images",
    on: openRepository(world, tooling, environment),
    why: 'an environment runs images of one repository',
  };
  return [
    {
      group: `${environment.name}/TaskExecutionRole`,
      actor: execution,
      needs: [
        trust(execution),
        {
          does: 'logs in to the registry',
          actions: 'ecr:GetAuthorizationToken',
          on: '*',
          why: 'ECR User Guide, "Private registry authentication": GetAuthorizationToken has no resource',
        },
        {
          does: 'pulls the image by digest',
          actions: pull,
          on: repository,
          why: pulls,
          butNot: [
            otherImages,
            ...(environment.id === tooling.id
              ? []
              : [
                  {
                    that: 'as another role of the environment',
                    actor: administratorOf(environment),
                    why: 'the repository admits the task execution roles',
                  },
                ]),
            {
              that: 'pushing or deleting images',
              actions: ['ecr:PutImage', 'ecr:BatchDeleteImage', 'ecr:InitiateLayerUpload'],
              why: 'images are made in the tooling account alone',
            },
          ],
        },
        ...['EcrApiEndpoint', 'EcrRegistryEndpoint'].flatMap((id): Need[] => [
          {
            does: `logs in through the VPC endpoint ${id}`,
            actions: 'ecr:GetAuthorizationToken',
            on: '*',
            through: endpoint(id),
            why: 'ECR User Guide, "Amazon ECR interface VPC endpoints": endpoint policies',
            butNot: [notFromOutside],
          },
          {
            does: `pulls the image through the VPC endpoint ${id}`,
            actions: pull,
            on: repository,
            through: endpoint(id),
            why: 'ECR User Guide, "Amazon ECR interface VPC endpoints": endpoint policies',
            butNot: [
              notFromOutside,
              {
                that: "somebody else's images, whoever asks",
                actor: administratorOf(environment),
                on: openRepository(world, environment, environment),
                why: 'who can reach another registry from the VPC can carry data out',
              },
            ],
          },
        ]),
        writesLogs(
          world,
          environment,
          stack.arn('ContainerLogs'),
          'ECS Developer Guide, "Using the awslogs log driver"',
        ),
        encryptsLogs(world, infrastructure.arn('WorkloadKey'), openKey(world, environment, environment)),
        writesLogs(
          world,
          environment,
          stack.arn('ContainerLogs'),
          'CloudWatch Logs User Guide, "Using CloudWatch Logs with interface VPC endpoints"',
          endpoint('LogsEndpoint'),
        ),
      ],
      never: [
        ...workloadNever(world, environment),
        {
          that: 'writes logs of others through the VPC endpoint, whoever asks',
          actor: administratorOf(environment),
          actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
          on: streamOf(arnIn(world, environment, 'logs', 'log-group:/somebody-else/log-group')),
          through: endpoint('LogsEndpoint'),
          why: 'tasks write to the log groups of their environment',
        },
        {
          that: 'lets others write logs through the VPC endpoint',
          actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
          on: streamOf(stack.arn('ContainerLogs')),
          context: { 'aws:PrincipalAccount': foreignAccountId },
          through: endpoint('LogsEndpoint'),
          why: 'credentials of another account would carry data out of the VPC',
        },
      ],
    },
    {
      group: `${environment.name}/TaskRole`,
      actor: stack.role('TaskRole'),
      needs: [trust(stack.role('TaskRole'))],
      never: [
        ...workloadNever(world, environment),
        {
          that: 'calls anything at all',
          actions: 's3:GetObject',
          on: openObject(environment, environment),
          and: [
            {
              actions: ['sqs:SendMessage', 'sqs:ReceiveMessage'],
              on: ofType(infrastructure.resources, 'AWS::SQS::Queue').map(({ arn }) => arn),
            },
            { actions: pull, on: repository },
          ],
          why: 'the code in the container calls no API of AWS',
        },
      ],
    },
    {
      group: `${environment.name}/S3 endpoint`,
      // ECR hands out signed URLs: who follows them acts as ECR, which owns the bucket.
      actor: administratorOf(environment),
      needs: [
        {
          does: 'lets layers of images through',
          actions: 's3:GetObject',
          on: layerOf(world, environment, `prod-${world.region}-starport-layer-bucket`),
          through: endpoint('S3Endpoint'),
          why: 'ECR User Guide, "Minimum Amazon S3 bucket permissions for Amazon ECR"',
          butNot: [
            {
              that: 'anything else from S3',
              on: layerOf(world, environment, 'somebody-elses-bucket'),
              why: 'who can reach any bucket from the VPC can carry data out',
            },
            {
              that: 'writing to it',
              actions: ['s3:PutObject', 's3:DeleteObject'],
              why: 'who can write to any bucket from the VPC can carry data out',
            },
          ],
        },
      ],
    },
    codeDeployCases(world, environment),
  ];
}

/** That administrators of the tooling account deploy through pipelines alone. */
function reachedFromTooling({ tooling }: World, environment: DeclaredEnvironment): ActorCases {
  return {
    group: `${environment.name}/operator of the tooling account`,
    actor: administratorOf(tooling),
    never: [
      {
        that: 'changes services or functions',
        actions: ['ecs:UpdateService', 'ecs:DeleteService'],
        on: environment.has('container-service') ? environment.stack('container-service').arn('ContainerService') : [],
        and: [
          {
            actions: 'lambda:UpdateFunctionCode',
            on: ofType(environment.stack('infrastructure').resources, 'AWS::Lambda::Function').map(({ arn }) => arn),
          },
        ],
        why: 'the tooling account deploys through pipelines; its administrators do not reach environments',
      },
    ],
  };
}

/** Credentials of another account, used from the VPC. */
const notFromOutside: Refusal = {
  that: 'with credentials of another account',
  context: { 'aws:PrincipalAccount': foreignAccountId },
  why: 'ECR User Guide, "Amazon ECR interface VPC endpoints": endpoint policies; others could carry data out of the VPC',
};

/** An object in a bucket of AWS that lets everybody of the account read and write, as far as the endpoint does. */
const layerOf = (_world: World, environment: DeclaredEnvironment, bucket: string) => ({
  ...openObject(environment, environment),
  arn: `arn:aws:s3:::${bucket}/layer`,
});

function codeDeployCases(world: World, environment: DeclaredEnvironment): ActorCases {
  const { topology } = world;
  const stack = environment.stack('container-service');
  const role = stack.role('CodeDeployRole');
  const service = stack.arn('ContainerService');
  const taskSet = `${service.replace(':service/', ':task-set/')}/ecs-svc/0123456789`;
  const listener = stack.arn('HttpListener');
  const managed = 'CodeDeploy User Guide, "AWSCodeDeployRoleForECS"';
  const taskRoles = [stack.arn('TaskRole'), stack.arn('TaskExecutionRole')];
  const others = (arn: string) => arn.replaceAll(`${topology.project}-${environment.name}-`, 'somebody-elses-');
  const notOthers = (arn: string): readonly Refusal[] => [
    { that: "somebody else's", on: others(arn), why: 'it deploys one service' },
  ];
  return {
    group: `${environment.name}/CodeDeployRole`,
    actor: role,
    needs: [
      assumedByService(world, role, {
        service: 'codedeploy.amazonaws.com',
        account: environment,
        why: 'CodeDeploy User Guide, "Cross-service confused deputy prevention"',
      }),
      {
        does: 'replaces task sets',
        actions: ['ecs:CreateTaskSet', 'ecs:DeleteTaskSet'],
        on: taskSet,
        why: managed,
        butNot: notOthers(taskSet),
      },
      {
        does: 'makes a task set the primary one',
        actions: ['ecs:DescribeServices', 'ecs:UpdateServicePrimaryTaskSet'],
        on: service,
        why: managed,
        butNot: [
          ...notOthers(service),
          {
            that: 'changing or deleting the service',
            actions: ['ecs:UpdateService', 'ecs:DeleteService'],
            why: managed,
          },
        ],
      },
      {
        does: 'moves traffic',
        actions: 'elasticloadbalancing:ModifyListener',
        on: [listener, stack.arn('TestListener')],
        and: [
          {
            actions: 'elasticloadbalancing:ModifyRule',
            on: `${listener.replace(':listener/', ':listener-rule/')}/0123456789abcdef`,
          },
        ],
        why: managed,
        butNot: [
          ...notOthers(listener),
          {
            that: 'removing listeners',
            actions: 'elasticloadbalancing:DeleteListener',
            why: managed,
          },
        ],
      },
      {
        does: 'looks at alarms, listeners and target groups',
        actions: [
          'elasticloadbalancing:DescribeListeners',
          'elasticloadbalancing:DescribeRules',
          'elasticloadbalancing:DescribeTargetGroups',
        ],
        on: '*',
        and: [
          {
            actions: 'cloudwatch:DescribeAlarms',
            on: ofType(stack.resources, 'AWS::CloudWatch::Alarm').map(({ arn }) => arn),
          },
        ],
        why: managed,
      },
      {
        does: 'passes the roles of tasks',
        actions: 'iam:PassRole',
        on: taskRoles,
        context: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' },
        why: `${managed}: iam:PassRole to ecs-tasks.amazonaws.com`,
        butNot: [
          {
            that: 'to another service',
            context: { 'iam:PassedToService': 'lambda.amazonaws.com' },
            why: 'IAM User Guide, "Granting a user permissions to pass a role to an AWS service": iam:PassedToService',
          },
          {
            that: 'other roles',
            on: [role.arn, environment.stack('deployment-roles').arn('CloudFormationExecutionRole')],
            why: 'a task would do what that role may do',
          },
        ],
      },
    ],
    never: workloadNever(world, environment),
  };
}

/** An access log, as the load balancer names it. */
const deliveredTo = ({ region }: World, environment: DeclaredEnvironment, logBucket: string) =>
  `${logBucket}/AWSLogs/${environment.id}/elasticloadbalancing/${region}/2026/11/23/log.gz`;

const readsAccessLogs = (logBucket: string, delivered: string): readonly Need[] => [
  {
    does: 'reads access logs of the load balancer',
    actions: 's3:GetObject',
    on: delivered,
    why: 'S3 User Guide, "Identity-based policies": an account may use its own buckets',
    butNot: [{ that: 'over plain HTTP', context: plainHttp, why: 'Security Hub S3.5' }],
  },
  {
    does: 'lists access logs of the load balancer',
    actions: 's3:ListBucket',
    on: logBucket,
    why: 'S3 User Guide, "Identity-based policies": an account may use its own buckets',
    butNot: [{ that: 'over plain HTTP', context: plainHttp, why: 'Security Hub S3.5' }],
  },
];

function accessLogCases(world: World, environment: DeclaredEnvironment, logBucket: string): ActorCases {
  const delivered = deliveredTo(world, environment, logBucket);
  const loadBalancers: ServiceActor = {
    kind: 'service',
    service: 'logdelivery.elasticloadbalancing.amazonaws.com',
    sourceAccount: environment.id,
  };
  return {
    group: `${environment.name}/Elastic Load Balancing`,
    actor: loadBalancers,
    needs: [
      {
        does: 'delivers access logs',
        actions: 's3:PutObject',
        on: delivered,
        why: 'Elastic Load Balancing User Guide, "Enable access logs": bucket policy for logdelivery.elasticloadbalancing.amazonaws.com',
        butNot: [
          {
            that: 'those of another account',
            on: delivered.replace(`/${environment.id}/`, `/${foreignAccountId}/`),
            why: 'Elastic Load Balancing User Guide, "Enable access logs": the account id is part of the path',
          },
          { that: 'reading or deleting them', actions: ['s3:GetObject', 's3:DeleteObject'], why: 'it only writes' },
        ],
      },
    ],
  };
}

/** Keys, buckets and queues of an environment: what services and the operator do with them. */
function dataCases(world: World, environment: DeclaredEnvironment): readonly ActorCases[] {
  const { region } = world;
  const stack = environment.stack('infrastructure');
  const key = stack.arn('WorkloadKey');
  const logBucket = environment.has('container-service') ? stack.arn('LogBucket') : undefined;
  const logs: ServiceActor = {
    kind: 'service',
    service: `logs.${region}.amazonaws.com`,
    sourceAccount: environment.id,
  };
  const ofLogGroup = (arn: string) => ({ 'kms:EncryptionContext:aws:logs:arn': arn });
  const logGroup = ofType(stack.resources, 'AWS::Logs::LogGroup')[0]?.arn ?? '';
  const queues = ofType(stack.resources, 'AWS::SQS::Queue').map(({ arn }) => arn);
  const strangers: readonly Refusal[] = [world.tooling, ...world.environments]
    .filter(({ id }) => id !== environment.id)
    .map((account) => ({
      that: `from ${account.name}`,
      actor: administratorOf(account),
      why: 'KMS Developer Guide, "Allowing users in other accounts to use a KMS key": the key policy decides',
    }));
  return [
    {
      group: `${environment.name}/operator`,
      actor: administratorOf(environment),
      needs: [
        {
          does: 'administers the key',
          actions: keyAdministration,
          on: key,
          why: 'KMS Developer Guide, "Default key policy": allows key administrators to administer the KMS key',
          butNot: strangers,
        },
        {
          does: 'reads what is encrypted, as far as IAM lets it',
          actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
          on: key,
          why: 'KMS Developer Guide, "Default key policy": allows access to the account and enables IAM policies',
          butNot: strangers,
        },
        ...(logBucket === undefined ? [] : readsAccessLogs(logBucket, deliveredTo(world, environment, logBucket))),
        {
          does: 'looks at queues',
          actions: ['sqs:GetQueueAttributes', 'sqs:ReceiveMessage'],
          on: queues,
          why: 'SQS Developer Guide, "Identity-based policies": an account may use its own queues',
          butNot: [
            {
              that: 'over plain HTTP',
              context: plainHttp,
              why: 'SQS Developer Guide, "Enforce encryption of data in transit"',
            },
          ],
        },
      ],
    },
    {
      group: `${environment.name}/CloudWatch Logs`,
      actor: logs,
      needs: [
        {
          does: 'encrypts log groups',
          actions: ['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey', 'kms:ReEncryptFrom', 'kms:ReEncryptTo'],
          on: key,
          context: ofLogGroup(logGroup),
          why: 'CloudWatch Logs User Guide, "Encrypt log data in CloudWatch Logs using AWS KMS": permissions on the key',
          butNot: [
            {
              that: 'those of another account',
              context: ofLogGroup(logGroup.replace(environment.id, foreignAccountId)),
              why: 'CloudWatch Logs User Guide, "AWS KMS keys and encryption context"',
            },
          ],
        },
      ],
    },
    ...(logBucket === undefined ? [] : [accessLogCases(world, environment, logBucket)]),
  ];
}

/** The cases of what runs in the environments. */
export const workloads: Cases = (world) =>
  world.environments.flatMap((environment) =>
    [
      ...ofType(environment.stack('infrastructure').resources, 'AWS::Lambda::Function').map((lambda) =>
        functionCases(world, environment, lambda),
      ),
      ...(environment.has('container-service')
        ? [flowLogCases(world, environment), ...containerCases(world, environment)]
        : []),
      ...(environment.id === world.tooling.id ? [] : [reachedFromTooling(world, environment)]),
      boundaryCases(world, environment),
      ...dataCases(world, environment),
    ].flatMap(casesOf),
  );
