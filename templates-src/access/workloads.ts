import {
  type ActorCases,
  type Cases,
  type Context,
  casesOf,
  type DeclaredEnvironment,
  type DeclaredResource,
  type DeclaredRoute,
  type Need,
  type Prohibition,
  type Refusal,
  type ServiceActor,
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
  openToEverybody,
} from './elsewhere';
import {
  assumedByService,
  encryptsLogs,
  executionRolesOf,
  ifNoneMatch,
  keyAdministration,
  logGroupItself,
  neverReachesOthers,
  operatorsOwn,
  plainHttp,
} from './needs';
import { packageIn } from './pipelines';

/** What runs in an environment: functions, tasks, CodeDeploy, flow logs, and the boundary that limits them all. */

const ofType = (resources: readonly DeclaredResource[], type: string) => resources.filter((each) => each.type === type);

const streamOf = (logGroup: string) => `${logGroup}:log-stream:2026/11/23/stream`;

/** That a role writes to a log group, and to no other. */
function writesLogs(
  route: DeclaredRoute,
  environment: DeclaredEnvironment,
  logGroup: string,
  why: string,
  through?: string,
): Need {
  const { topology } = route;
  return {
    does: through === undefined ? 'writes its logs' : 'writes its logs through the VPC endpoint',
    actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    on: streamOf(logGroup),
    ...(through === undefined ? {} : { through }),
    why,
    denied: [
      {
        that: 'logs of others',
        on: streamOf(arnIn(route, environment, 'logs', `log-group:/${topology.project}/${environment.name}/others`)),
        why: 'who can write the logs of others can hide in them',
      },
    ],
  };
}

/** Context of a request that a service makes to a key for its caller. */
const via = (service: string, { region }: DeclaredRoute) => ({
  'kms:ViaService': `${service}.${region}.amazonaws.com`,
});

/** The cases of one function: what its code calls, as far as its template says so. */
function functionCases(route: DeclaredRoute, environment: DeclaredEnvironment, lambda: DeclaredResource): ActorCases {
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
  const others = arnIn(route, environment, 'sqs', 'somebody-elses-queue');
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
      assumedByService(route, role, {
        service: 'lambda.amazonaws.com',
        account: environment,
        why: 'Lambda Developer Guide, "Lambda execution role"',
      }),
      writesLogs(
        route,
        environment,
        stack.arn(`${id}Logs`),
        'Lambda Developer Guide, "AWS managed policies": AWSLambdaBasicExecutionRole, for one log group',
      ),
      encryptsLogs(route, key, openKey(route, environment, environment)),
      {
        does: 'sends messages and dead letters',
        actions: 'sqs:SendMessage',
        on: sendsTo.map(({ arn }) => arn),
        why: 'Lambda Developer Guide, "Dead-letter queues": sqs:SendMessage; what the code sends to is in its environment',
        denied: notOthers(sendsTo),
      },
      ...(receivesFrom.length === 0
        ? []
        : [
            {
              does: 'receives messages',
              actions: ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'] as const,
              on: receivesFrom.map(({ arn }) => arn),
              why: 'Lambda Developer Guide, "Using Lambda with Amazon SQS": execution role permissions',
              denied: notOthers(receivesFrom),
            },
          ]),
      {
        does: 'uses the key of its queues',
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        on: key,
        context: via('sqs', route),
        why: 'SQS Developer Guide, "Configure KMS permissions for Amazon SQS": producers and consumers',
        denied: [
          {
            that: 'other keys',
            on: openKey(route, environment, environment),
            why: 'a function uses what it was given',
          },
          {
            that: 'by itself, or through another service',
            context: {},
            and: [{ actions: ['kms:Decrypt', 'kms:GenerateDataKey'], on: key, context: via('s3', route) }],
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
    never: workloadNever(route, environment),
  };
}

/** What nothing that runs in an environment may do, even if a template allowed it everything. */
function workloadNever(route: DeclaredRoute, environment: DeclaredEnvironment): readonly Prohibition[] {
  const { environments, tooling } = route;
  const operatorsRoles = operatorsOwn(environment, 'AWS::IAM::Role');
  return [
    ...neverReachesOthers(route, environment),
    {
      that: 'becomes another role',
      actions: 'sts:AssumeRole',
      on: [
        ...operatorsRoles,
        openRole(tooling, environment),
        ...environments.filter(({ name }) => name !== environment.name).map((other) => openRole(other, environment)),
      ],
      why: 'an environment must not reach another environment, nor the tooling account',
    },
    {
      that: 'changes roles or its boundary',
      actions: ['iam:PutRolePolicy', 'iam:AttachRolePolicy', 'iam:DeleteRolePermissionsBoundary'],
      on: operatorsRoles,
      and: [{ actions: 'iam:CreatePolicyVersion', on: operatorsOwn(environment, 'AWS::IAM::ManagedPolicy') }],
      why: 'IAM User Guide, "Permissions boundaries for IAM entities"',
    },
    {
      that: 'reads packages, or writes to the tooling account',
      actions: 's3:GetObject',
      on: packageIn(route),
      and: [
        { actions: 's3:PutObject', on: packageIn(route), context: ifNoneMatch },
        { actions: ['ecr:PutImage', 'ecr:BatchDeleteImage'], on: imagesOf(route) },
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

/**
 * A role whose own policy allows everything: what the boundary refuses, no template can allow, nor any resource that
 * admits everybody.
 *
 * @param boundary logical id of the boundary
 */
function boundaryCases(route: DeclaredRoute, environment: DeclaredEnvironment, boundary: string): ActorCases {
  const { topology, environments, tooling } = route;
  const neighbour = environments.find(({ name }) => name !== environment.name)?.name ?? 'another';
  const inAccount = (service: string, resource: string) => arnIn(route, environment, service, resource);
  const why = 'IAM User Guide, "Permissions boundaries for IAM entities": the boundary is the most a role may do';
  const actor = boundedAdministratorOf(environment, boundary);
  const prefix = `${topology.project}-${environment.name}-`;
  const key = openKey(route, environment, environment);
  const elsewhere = key.arn.replace(`:${route.region}:`, ':ap-southeast-2:');
  const useKey = (context: Context, on = key) => ({
    actions: ['kms:Decrypt', 'kms:GenerateDataKey'] as const,
    on,
    context,
  });
  const queues = ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage', 'sqs:SendMessage'] as const;
  const logs = ['logs:CreateLogStream', 'logs:PutLogEvents'] as const;
  const othersQueues = [
    inAccount('sqs', 'somebody-elses-queue'),
    inAccount('sqs', `${topology.project}-${neighbour}-orders`),
  ];
  const othersLogs = [
    inAccount('logs', 'log-group:/somebody-else/log-group'),
    inAccount('logs', `log-group:/aws/lambda/${topology.project}-${neighbour}-orders`),
  ].map(streamOf);
  const isOfFunctions = boundary === 'FunctionBoundary';
  const open = (arn: string) => openToEverybody(actor, environment, arn);
  const wrongServices = ['dynamodb', 's3', 'secretsmanager'];
  return {
    group: `${environment.name}/${boundary}`,
    actor,
    needs: [
      {
        does: 'leaves it to templates to give queues of the environment',
        actions: queues,
        on: inAccount('sqs', `${prefix}anything`),
        why,
      },
      {
        does: `leaves it to templates to give keys, through ${isOfFunctions ? 'log groups and queues' : 'queues'}`,
        ...useKey(via('sqs', route)),
        and: isOfFunctions ? [useKey(via('logs', route))] : [],
        why: 'SQS Developer Guide, "Configure KMS permissions for Amazon SQS"; CloudWatch Logs User Guide, "Encrypt log data"',
      },
      ...(isOfFunctions
        ? [
            {
              does: 'leaves it to templates to give the log group of the function',
              actions: logs,
              on: streamOf(inAccount('logs', `log-group:/aws/lambda/${prefix}anything`)),
              why: 'Lambda Developer Guide, "AWS managed policies": AWSLambdaBasicExecutionRole',
            },
            {
              does: 'has Lambda decrypt the variables of the function',
              ...useKey(via('lambda', route)),
              why: 'hashicorp/terraform-provider-aws #9703: the role is who decrypts them, by a grant that a Deny would go before',
            },
          ]
        : []),
    ],
    never: [
      ...workloadNever(route, environment),
      { that: 'writes logs of others', actions: logs, on: othersLogs, why },
      { that: 'uses queues of others', actions: queues, on: othersQueues, why },
      {
        that: 'uses keys by itself, through services that hold data of others, or in another Region',
        ...useKey({}),
        and: [
          ...wrongServices.map((service) => useKey(via(service, route))),
          useKey(via('sqs', route), { ...key, arn: elsewhere }),
          { actions: ['kms:CreateGrant', 'kms:Encrypt', 'kms:PutKeyPolicy'], on: key, context: via('sqs', route) },
        ],
        why: 'KMS Developer Guide, "kms:ViaService": through queues and log groups, a key opens what these let in',
      },
      {
        that: 'pulls images',
        actions: ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
        on: openRepository(route, tooling, environment),
        why,
      },
      {
        that: 'switches traffic',
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
        that: 'passes roles',
        actions: 'iam:PassRole',
        on: operatorsOwn(environment, 'AWS::IAM::Role'),
        context: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' },
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
      {
        that: 'reaches what admits everybody',
        actions: 's3:GetObject',
        on: open('arn:aws:s3:::open-to-everybody/object'),
        and: [
          { actions: queues, on: othersQueues.flatMap(open) },
          ...(isOfFunctions ? [{ actions: logs, on: othersLogs.flatMap(open) }] : []),
          ...open(key.arn).flatMap((on) => [
            useKey({}, on),
            ...wrongServices.map((service) => useKey(via(service, route), on)),
            {
              actions: ['kms:CreateGrant', 'kms:Encrypt', 'kms:PutKeyPolicy'] as const,
              on,
              context: via('sqs', route),
            },
          ]),
          ...open(elsewhere).map((on) => useKey(via('sqs', route), on)),
        ],
        why: 'IAM User Guide, "Policy evaluation for requests within a single account": only an explicit Deny holds',
      },
    ],
  };
}

function flowLogCases(route: DeclaredRoute, environment: DeclaredEnvironment): ActorCases {
  const stack = environment.stack('infrastructure');
  const role = environment.stack('service-roles').role('FlowLogRole');
  const logGroup = stack.arn('FlowLogGroup');
  return {
    group: `${environment.name}/FlowLogRole`,
    actor: role,
    needs: [
      assumedByService(route, role, {
        service: 'vpc-flow-logs.amazonaws.com',
        forOne: { noun: 'flow log', arn: stack.arn('NetworkFlowLog'), otherArn: stack.arn('Network') },
        account: environment,
        why: 'VPC User Guide, "IAM role for publishing flow logs to CloudWatch Logs": trust policy',
      }),
      writesLogs(
        route,
        environment,
        logGroup,
        'VPC User Guide, "IAM role for publishing flow logs to CloudWatch Logs"',
      ),
      encryptsLogs(route, stack.arn('WorkloadKey'), openKey(route, environment, environment), { knowsKey: false }),
      {
        does: 'looks at log groups and streams',
        actions: 'logs:DescribeLogStreams',
        on: logGroupItself(logGroup),
        and: [{ actions: 'logs:DescribeLogGroups', on: '*' }],
        why: 'VPC User Guide, "IAM role for publishing flow logs to CloudWatch Logs"',
      },
    ],
    never: workloadNever(route, environment),
  };
}

function containerCases(route: DeclaredRoute, environment: DeclaredEnvironment): readonly ActorCases[] {
  const { tooling } = route;
  const stack = environment.stack('container-service');
  const infrastructure = environment.stack('infrastructure');
  const repository = tooling.stack('artifact-store').arn('ImageRepository');
  const task = arnIn(route, environment, 'ecs', 'task/0123456789abcdef');
  const endpoint = (id: string) => infrastructure.resource(id).ref;
  const trust = (role: ReturnType<typeof stack.role>) =>
    assumedByService(route, role, {
      service: 'ecs-tasks.amazonaws.com',
      forOne: { noun: 'tasks', arn: task, otherArn: arnIn(route, environment, 'ec2', 'instance/i-00000000000000000') },
      account: environment,
      why: 'ECS Developer Guide, "Amazon ECS task execution IAM role" and "task IAM role": trust policy',
    });
  const execution = environment.stack('service-roles').role('TaskExecutionRole');
  const pull = ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'] as const;
  const pulls =
    'ECS Developer Guide, "Amazon ECS task execution IAM role"; ECR User Guide, "Private repository policies"';
  const otherImages: Refusal = {
    that: "somebody else's images",
    on: openRepository(route, tooling, environment),
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
          denied: [
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
            denied: [notFromOutside],
          },
          {
            does: `pulls the image through the VPC endpoint ${id}`,
            actions: pull,
            on: repository,
            through: endpoint(id),
            why: 'ECR User Guide, "Amazon ECR interface VPC endpoints": endpoint policies',
            denied: [
              notFromOutside,
              {
                that: "somebody else's images, for any caller",
                actor: administratorOf(environment),
                on: openRepository(route, environment, environment),
                why: 'who can reach another registry from the VPC can carry data out',
              },
            ],
          },
        ]),
        writesLogs(
          route,
          environment,
          stack.arn('ContainerLogs'),
          'ECS Developer Guide, "Using the awslogs log driver"',
        ),
        encryptsLogs(route, infrastructure.arn('WorkloadKey'), openKey(route, environment, environment), {
          knowsKey: false,
        }),
        writesLogs(
          route,
          environment,
          stack.arn('ContainerLogs'),
          'CloudWatch Logs User Guide, "Using CloudWatch Logs with interface VPC endpoints"',
          endpoint('LogsEndpoint'),
        ),
      ],
      never: [
        ...workloadNever(route, environment),
        {
          that: 'writes logs of others through the VPC endpoint, for any caller',
          actor: administratorOf(environment),
          actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
          on: streamOf(arnIn(route, environment, 'logs', 'log-group:/somebody-else/log-group')),
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
        ...workloadNever(route, environment),
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
          on: layerOf(route, environment, `prod-${route.region}-starport-layer-bucket`),
          through: endpoint('S3Endpoint'),
          why: 'ECR User Guide, "Minimum Amazon S3 bucket permissions for Amazon ECR"',
          denied: [
            {
              that: 'anything else from S3',
              on: layerOf(route, environment, 'somebody-elses-bucket'),
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
    codeDeployCases(route, environment),
  ];
}

/** That administrators of the tooling account deploy through pipelines alone. */
function reachedFromTooling({ tooling }: DeclaredRoute, environment: DeclaredEnvironment): ActorCases {
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
const layerOf = (_world: DeclaredRoute, environment: DeclaredEnvironment, bucket: string) => ({
  ...openObject(environment, environment),
  arn: `arn:aws:s3:::${bucket}/layer`,
});

function codeDeployCases(route: DeclaredRoute, environment: DeclaredEnvironment): ActorCases {
  const { topology } = route;
  const stack = environment.stack('container-service');
  const serviceRoles = environment.stack('service-roles');
  const role = serviceRoles.role('CodeDeployRole');
  const service = stack.arn('ContainerService');
  const taskSet = `${service.replace(':service/', ':task-set/')}/ecs-svc/0123456789`;
  const listener = stack.arn('HttpListener');
  const managed = 'CodeDeploy User Guide, "AWSCodeDeployRoleForECS"';
  const taskRoles = [stack.arn('TaskRole'), serviceRoles.arn('TaskExecutionRole')];
  const others = (arn: string) => arn.replaceAll(`${topology.project}-${environment.name}-`, 'somebody-elses-');
  const notOthers = (arn: string): readonly Refusal[] => [
    { that: "somebody else's", on: others(arn), why: 'it deploys one service' },
  ];
  return {
    group: `${environment.name}/CodeDeployRole`,
    actor: role,
    needs: [
      assumedByService(route, role, {
        service: 'codedeploy.amazonaws.com',
        account: environment,
        why: 'CodeDeploy User Guide, "Cross-service confused deputy prevention"',
      }),
      {
        does: 'replaces task sets',
        actions: ['ecs:CreateTaskSet', 'ecs:DeleteTaskSet'],
        on: taskSet,
        why: managed,
        denied: notOthers(taskSet),
      },
      {
        does: 'makes a task set the primary one',
        actions: ['ecs:DescribeServices', 'ecs:UpdateServicePrimaryTaskSet'],
        on: service,
        why: managed,
        denied: [
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
        denied: [
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
        denied: [
          {
            that: 'to another service',
            context: { 'iam:PassedToService': 'lambda.amazonaws.com' },
            why: 'IAM User Guide, "Granting a user permissions to pass a role to an AWS service": iam:PassedToService',
          },
          {
            that: 'other roles',
            on: [role.arn, ...executionRolesOf(route, environment).map(({ arn }) => arn)],
            why: 'a task would do what that role may do',
          },
        ],
      },
    ],
    never: workloadNever(route, environment),
  };
}

/** An access log, as the load balancer names it. */
const deliveredTo = ({ region }: DeclaredRoute, environment: DeclaredEnvironment, logBucket: string) =>
  `${logBucket}/AWSLogs/${environment.id}/elasticloadbalancing/${region}/2026/11/23/log.gz`;

const readsAccessLogs = (logBucket: string, delivered: string): readonly Need[] => [
  {
    does: 'reads access logs of the load balancer',
    actions: 's3:GetObject',
    on: delivered,
    why: 'S3 User Guide, "Identity-based policies": an account may use its own buckets',
    denied: [{ that: 'over plain HTTP', context: plainHttp, why: 'Security Hub S3.5' }],
  },
  {
    does: 'lists access logs of the load balancer',
    actions: 's3:ListBucket',
    on: logBucket,
    why: 'S3 User Guide, "Identity-based policies": an account may use its own buckets',
    denied: [{ that: 'over plain HTTP', context: plainHttp, why: 'Security Hub S3.5' }],
  },
];

function accessLogCases(route: DeclaredRoute, environment: DeclaredEnvironment, logBucket: string): ActorCases {
  const delivered = deliveredTo(route, environment, logBucket);
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
        denied: [
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
function dataCases(route: DeclaredRoute, environment: DeclaredEnvironment): readonly ActorCases[] {
  const { region } = route;
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
  const strangers: readonly Refusal[] = [route.tooling, ...route.environments]
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
          denied: strangers,
        },
        {
          does: 'reads what is encrypted, as far as IAM lets it',
          actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
          on: key,
          why: 'KMS Developer Guide, "Default key policy": allows access to the account and enables IAM policies',
          denied: strangers,
        },
        ...(logBucket === undefined ? [] : readsAccessLogs(logBucket, deliveredTo(route, environment, logBucket))),
        {
          does: 'looks at queues',
          actions: ['sqs:GetQueueAttributes', 'sqs:ReceiveMessage'],
          on: queues,
          why: 'SQS Developer Guide, "Identity-based policies": an account may use its own queues',
          denied: [
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
          denied: [
            {
              that: 'those of another account',
              context: ofLogGroup(logGroup.replace(environment.id, foreignAccountId)),
              why: 'CloudWatch Logs User Guide, "AWS KMS keys and encryption context"',
            },
          ],
        },
      ],
    },
    ...(logBucket === undefined ? [] : [accessLogCases(route, environment, logBucket)]),
  ];
}

/** The cases of what runs in the environments. */
export const workloads: Cases = (route) =>
  route.environments.flatMap((environment) =>
    [
      ...ofType(environment.stack('infrastructure').resources, 'AWS::Lambda::Function').map((lambda) =>
        functionCases(route, environment, lambda),
      ),
      ...(environment.has('container-service')
        ? [flowLogCases(route, environment), ...containerCases(route, environment)]
        : []),
      ...(environment.id === route.tooling.id ? [] : [reachedFromTooling(route, environment)]),
      ...environment
        .stack('service-roles')
        .resources.filter(({ logicalId }) => logicalId.endsWith('Boundary'))
        .map(({ logicalId }) => boundaryCases(route, environment, logicalId)),
      ...dataCases(route, environment),
    ].flatMap(casesOf),
  );
