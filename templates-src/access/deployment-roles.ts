import { pascalCase } from '../model/function-names';
import { operatorTemplates, pipelinesOf, workloadTemplates } from '../model/names';
import {
  type ActorCases,
  type AdministratorActor,
  type Cases,
  casesOf,
  type DeclaredEnvironment,
  type Need,
  type Prohibition,
  type RoleActor,
  type World,
} from './case';
import { administratorOf, arnIn, imagesOf, openRole } from './elsewhere';
import {
  encryptedObjects,
  executionRolesOf,
  ifNoneMatch,
  neverDeletes,
  neverReachesOthers,
  operatorsOwn,
} from './needs';
import { artifactOf, artifacts, packageIn, packages, pipelineStack } from './pipelines';

/** The roles of an environment that the tooling account assumes: what they do, and who may become them. */

/** Roles of the tooling account that could be mistaken for another. */
const toolingRoles = (world: World): readonly RoleActor[] =>
  pipelinesOf(world.topology).flatMap((pipeline) => {
    const stack = pipelineStack(world, pipeline);
    return stack.resources
      .filter(({ type }) => type === 'AWS::IAM::Role')
      .map(({ logicalId }) => stack.role(logicalId));
  });

/** That one role of the tooling account assumes a role, and nobody else. */
function assumedBy(
  world: World,
  environment: DeclaredEnvironment,
  role: RoleActor,
  by: RoleActor | AdministratorActor,
): Need {
  const { environments, tooling } = world;
  const administrators = [tooling, ...environments].map((account) => ({
    that: `by somebody of ${account.name}`,
    actor: administratorOf(account),
    why: 'aws:PrincipalArn narrows the trust to one role: an account root alone would admit the whole account',
  }));
  const others = toolingRoles(world).filter(({ arn }) => arn !== by.arn);
  return {
    does: `is assumed by ${by.arn.replace(/^.*\//, '')}`,
    actor: by,
    actions: 'sts:AssumeRole',
    on: role.arn,
    why: 'IAM User Guide, "Cross-account access using roles": trust policy of the role',
    butNot: [
      ...administrators,
      ...others.map((other) => ({
        that: `by ${other.arn.replace(/^.*\//, '')}`,
        actor: other,
        why: 'each role of an environment is for one actor of the tooling account',
      })),
      ...environments
        .filter(({ name }) => name !== environment.name)
        .map((neighbour) => ({
          that: `by the roles of ${neighbour.name}`,
          actor: neighbour.stack('deployment-roles').role('CloudFormationExecutionRole'),
          why: 'an environment must not reach another environment',
        })),
    ],
  };
}

/** ARN of a stack of an environment, whose id AWS makes up. */
const stackOf = (world: World, environment: DeclaredEnvironment, name: string) =>
  arnIn(world, environment, 'cloudformation', `stack/${name}/0a1b2c3d-4e5f-6a7b-8c9d-0e1f2a3b4c5d`);

/** What none of these roles may do. */
function neverInAnEnvironment(world: World, environment: DeclaredEnvironment): readonly Prohibition[] {
  const { environments, tooling } = world;
  const store = tooling.stack('artifact-store');
  return [
    ...neverReachesOthers(world, environment),
    ...neverDeletes('artifacts', artifactOf(world, 'infrastructureDeployment', 'Package'), store.arn('ArtifactBucket')),
    ...neverDeletes('packages', packageIn(world), store.arn('PackageBucket')),
    {
      that: 'replaces artifacts or packages',
      actions: 's3:PutObject',
      on: [artifactOf(world, 'infrastructureDeployment', 'Package'), packageIn(world)],
      context: ifNoneMatch,
      why: 'what is deployed to all environments is written in the tooling account alone',
    },
    {
      that: 'deletes or pushes images',
      actions: ['ecr:BatchDeleteImage', 'ecr:PutImage'],
      on: imagesOf(world),
      why: 'images are made in the tooling account alone',
    },
    {
      that: 'becomes another role',
      actions: 'sts:AssumeRole',
      on: [
        ...operatorsOwn(environment, 'AWS::IAM::Role'),
        openRole(tooling, environment),
        ...environments.filter(({ name }) => name !== environment.name).map((other) => openRole(other, environment)),
      ],
      why: 'an environment must not reach another environment, nor the tooling account',
    },
    {
      that: 'deletes stacks, or takes their protection away',
      // IAM does not know in which state a stack is: who may delete what is left of a failed creation may delete all.
      actions: ['cloudformation:DeleteStack', 'cloudformation:UpdateTerminationProtection'],
      on: [...workloadTemplates(world.topology), ...operatorTemplates].map((template) =>
        stackOf(world, environment, environment.stack(template).name),
      ),
      why: 'a stack is freed or deleted by the operator, with credentials of the account',
    },
    {
      that: 'widens what it may do',
      actions: [
        'iam:AttachRolePolicy',
        'iam:PutRolePolicy',
        'iam:UpdateAssumeRolePolicy',
        'iam:DeleteRolePermissionsBoundary',
      ],
      on: operatorsOwn(environment, 'AWS::IAM::Role'),
      why: 'deployment roles are changed by the operator alone',
    },
    {
      that: 'changes policies',
      actions: ['iam:CreatePolicyVersion', 'iam:SetDefaultPolicyVersion', 'iam:DeletePolicy'],
      on: operatorsOwn(environment, 'AWS::IAM::ManagedPolicy'),
      why: 'who can change the boundary is not bound by it',
    },
    {
      that: 'creates users',
      actions: ['iam:CreateUser', 'iam:CreateAccessKey'],
      on: `arn:aws:iam::${environment.id}:user/backdoor`,
      why: 'nothing that is deployed needs a user',
    },
  ];
}

function cloudFormationAction(world: World, environment: DeclaredEnvironment): ActorCases {
  const roles = environment.stack('deployment-roles');
  const actor = roles.role('CloudFormationActionRole');
  const stackArn = (name: string) => stackOf(world, environment, name);
  const { container } = world.topology;
  const own = workloadTemplates(world.topology).map((template) => stackArn(environment.stack(template).name));
  const execution = executionRolesOf(world, environment).map(({ arn }) => arn);
  return {
    group: `${environment.name}/CloudFormationActionRole`,
    actor,
    needs: [
      assumedBy(world, environment, actor, pipelineStack(world, 'infrastructureDeployment').role('PipelineRole')),
      {
        does: 'deploys stacks and change sets',
        actions: [
          'cloudformation:CreateChangeSet',
          'cloudformation:CreateStack',
          'cloudformation:DeleteChangeSet',
          'cloudformation:DescribeChangeSet',
          'cloudformation:DescribeStackResources',
          'cloudformation:DescribeStacks',
          'cloudformation:ExecuteChangeSet',
          'cloudformation:GetTemplate',
          'cloudformation:UpdateStack',
        ],
        on: own,
        why: 'CodePipeline User Guide, "AWS CloudFormation deploy action reference": service role permissions',
        butNot: [
          {
            that: 'stacks of others, or the stack of its own role',
            on: [stackArn('somebody-elses-stack'), stackArn(roles.name)],
            why: 'who can deploy its own role may do everything',
          },
        ],
      },
      {
        does: 'gives stacks the policy of their template configuration',
        actions: ['cloudformation:GetStackPolicy', 'cloudformation:SetStackPolicy'],
        on: own,
        why: 'CodePipeline User Guide, "AWS CloudFormation artifacts": StackPolicy of a template configuration; CDK grants both',
        butNot: [
          {
            that: 'stacks of others, or the stack of its own role',
            on: [stackArn('somebody-elses-stack'), stackArn(roles.name)],
            why: 'a stack policy says what may change',
          },
        ],
      },
      {
        does: 'validates templates',
        actions: 'cloudformation:ValidateTemplate',
        on: '*',
        why: 'CodePipeline User Guide, "AWS CloudFormation deploy action reference": service role permissions',
      },
      {
        does: 'says which resource of a stack failed',
        actions: 'cloudformation:DescribeStackEvents',
        on: own,
        why: 'CodePipeline User Guide, "AWS CloudFormation deploy action reference": DescribeStackEvents, for the error message',
      },
      ...(container === undefined ? [] : [looksUpZones]),
      {
        does: 'passes the execution roles',
        actions: 'iam:PassRole',
        on: execution,
        context: { 'iam:PassedToService': 'cloudformation.amazonaws.com' },
        why: 'CodePipeline User Guide, "AWS CloudFormation deploy action reference": iam:PassRole on RoleArn',
        butNot: [
          {
            that: 'to another service',
            context: { 'iam:PassedToService': 'lambda.amazonaws.com' },
            why: 'IAM User Guide, "Granting a user permissions to pass a role to an AWS service": iam:PassedToService',
          },
          {
            that: 'another role',
            on: [
              roles.arn('LambdaUpdateRole'),
              ...(container === undefined ? [] : [roles.arn('CodeDeployActionRole')]),
              `arn:aws:iam::${environment.id}:role/somebody-elses-administrator`,
            ],
            why: 'with another role CloudFormation would do what that role may do',
          },
        ],
      },
      ...encryptedObjects(world, environment, 'artifacts', artifacts(world, 'infrastructureDeployment', 'Package'), {
        read: ['s3:GetObject', 's3:GetObjectVersion'],
        describesKey: 'CodePipeline User Guide, "Create a pipeline that uses resources from another AWS account"',
        why: 'CodePipeline User Guide, "Create a pipeline that uses resources from another AWS account": s3:GetObject*',
      }),
    ],
    never: [
      ...neverInAnEnvironment(world, environment),
      {
        that: 'reads packages',
        actions: 's3:GetObject',
        on: packageIn(world),
        why: 'CloudFormation reads packages with the execution role',
      },
      ...(world.topology.pipelines.source === 'codecommit'
        ? [
            {
              that: 'reads the source of the pipeline',
              actions: ['codecommit:GetBranch', 'codecommit:GitPull'] as const,
              on: pipelineStack(world, 'infrastructureDeployment').arn('SourceRepository'),
              why: 'an environment gets artifacts, never the repository',
            },
          ]
        : []),
    ],
  };
}

const looksUpZones: Need = {
  does: 'has CloudFormation look up the availability zones that parameters name',
  actions: 'ec2:DescribeAvailabilityZones',
  on: '*',
  why: 'CloudFormation User Guide, "Specify existing resources at runtime with supplied parameter types": whose permission it takes is not said, so both roles have it',
  butNot: [
    {
      that: 'what lies in them',
      actions: ['ec2:DescribeInstances', 'ec2:DescribeSubnets'],
      why: 'no parameter names a resource of EC2',
    },
  ],
};

function codeDeployAction(world: World, environment: DeclaredEnvironment): ActorCases {
  const { environments, topology } = world;
  const roles = environment.stack('deployment-roles');
  const service = environment.stack('container-service');
  const actor = roles.role('CodeDeployActionRole');
  const application = service.arn('ContainerApplication');
  const group = service.arn('ContainerDeployments');
  const config = arnIn(world, environment, 'codedeploy', 'deploymentconfig:CodeDeployDefault.ECSAllAtOnce');
  const family = arnIn(
    world,
    environment,
    'ecs',
    `task-definition/${topology.project}-${environment.name}-container:1`,
  );
  const serviceRoles = environment.stack('service-roles');
  const taskRoles = [service.arn('TaskRole'), serviceRoles.arn('TaskExecutionRole')];
  const toEcs = { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' };
  const reference = 'CodePipeline User Guide, "Amazon ECS and CodeDeploy blue-green deploy action reference"';
  const other = (resource: string) => arnIn(world, environment, 'codedeploy', resource);
  return {
    group: `${environment.name}/CodeDeployActionRole`,
    actor,
    needs: [
      assumedBy(world, environment, actor, pipelineStack(world, 'containerDeployment').role('PipelineRole')),
      {
        does: 'registers revisions of the application',
        actions: [
          'codedeploy:GetApplication',
          'codedeploy:GetApplicationRevision',
          'codedeploy:RegisterApplicationRevision',
        ],
        on: application,
        why: reference,
        butNot: [
          {
            that: 'of another application',
            on: other('application:somebody-elses'),
            why: 'the role deploys one application',
          },
        ],
      },
      {
        does: 'creates deployments and follows them',
        actions: ['codedeploy:CreateDeployment', 'codedeploy:GetDeployment'],
        on: group,
        why: reference,
        butNot: [
          {
            that: 'for another deployment group',
            on: other('deploymentgroup:somebody-elses/group'),
            why: 'the role deploys one application',
          },
          {
            that: 'changing the group',
            actions: ['codedeploy:UpdateDeploymentGroup', 'codedeploy:DeleteDeploymentGroup'],
            why: 'the group is part of the stack',
          },
        ],
      },
      {
        does: 'looks at the deployment configuration',
        actions: 'codedeploy:GetDeploymentConfig',
        on: config,
        why: reference,
      },
      {
        does: 'registers task definitions',
        actions: 'ecs:RegisterTaskDefinition',
        on: family,
        why: reference,
        butNot: [
          {
            that: 'deregistering them or running tasks',
            actions: ['ecs:DeleteTaskDefinitions', 'ecs:RunTask'],
            why: 'CodeDeploy starts tasks, behind its traffic shift',
          },
        ],
      },
      {
        does: 'tags task definitions that it registers',
        actions: 'ecs:TagResource',
        on: family,
        context: { 'ecs:CreateAction': 'RegisterTaskDefinition' },
        why: 'ECS Developer Guide, "Tagging authorization": ecs:TagResource when the task definition has tags',
        butNot: [
          {
            that: 'others',
            on: arnIn(world, environment, 'ecs', 'task-definition/somebody-elses:1'),
            why: 'tags can decide about access',
          },
          {
            that: 'at any other time',
            context: {},
            why: 'ECS Developer Guide, "Tagging authorization": ecs:CreateAction',
          },
        ],
      },
      {
        does: 'passes the roles of the task',
        actions: 'iam:PassRole',
        on: taskRoles,
        context: toEcs,
        why: `${reference}: iam:PassRole on task role and task execution role`,
        butNot: [
          {
            that: 'to another service',
            context: { 'iam:PassedToService': 'lambda.amazonaws.com' },
            why: 'IAM User Guide, "Granting a user permissions to pass a role to an AWS service": iam:PassedToService',
          },
          {
            that: 'another role',
            on: [
              roles.arn('CloudFormationExecutionRole'),
              serviceRoles.arn('CodeDeployRole'),
              `arn:aws:iam::${environment.id}:role/somebody-elses-administrator`,
            ],
            why: 'a task would do what that role may do',
          },
        ],
      },
      ...(['Verified', 'Image'] as const).flatMap((artifact) =>
        encryptedObjects(
          world,
          environment,
          `artifact ${artifact}`,
          artifacts(world, 'containerDeployment', artifact),
          {
            read: ['s3:GetObject', 's3:GetObjectVersion'],
            describesKey: 'CodePipeline User Guide, "Create a pipeline that uses resources from another AWS account"',
            why: 'CodePipeline User Guide, "Create a pipeline that uses resources from another AWS account": s3:GetObject*',
          },
        ),
      ),
    ],
    never: [
      ...neverInAnEnvironment(world, environment),
      ...environments
        .filter(({ name }) => name !== environment.name)
        .map((neighbour) => ({
          that: `deploys to ${neighbour.name}`,
          actions: 'codedeploy:CreateDeployment' as const,
          on: neighbour.stack('container-service').arn('ContainerDeployments'),
          why: 'an environment must not reach another environment',
        })),
      {
        that: 'reads packages',
        actions: 's3:GetObject',
        on: packageIn(world),
        why: 'it deploys containers',
      },
    ],
  };
}

function lambdaUpdate(world: World, environment: DeclaredEnvironment): ActorCases {
  const { environments } = world;
  const roles = environment.stack('deployment-roles');
  const actor = roles.role('LambdaUpdateRole');
  const record = commitRecord(world, environment);
  const functionsOf = (of: DeclaredEnvironment) =>
    of
      .stack('infrastructure')
      .resources.filter(({ type }) => type === 'AWS::Lambda::Function')
      .map(({ arn }) => arn);
  return {
    group: `${environment.name}/LambdaUpdateRole`,
    actor,
    needs: [
      assumedBy(
        world,
        environment,
        actor,
        pipelineStack(world, 'infrastructureDeployment').role(`UpdateLambdas${pascalCase(environment.name)}Role`),
      ),
      {
        does: 'brings functions to the packaged code',
        actions: ['lambda:GetFunction', 'lambda:GetFunctionConfiguration', 'lambda:UpdateFunctionCode'],
        on: functionsOf(environment),
        why: 'Lambda API Reference, "UpdateFunctionCode"; the waiter function-updated-v2 calls GetFunction',
        butNot: [
          {
            that: 'functions of others',
            on: arnIn(world, environment, 'lambda', 'function:somebody-elses-function'),
            why: 'the pipeline updates what it deploys',
          },
          ...environments
            .filter(({ name }) => name !== environment.name)
            .map((neighbour) => ({
              that: `functions of ${neighbour.name}`,
              on: functionsOf(neighbour),
              why: 'an environment must not reach another environment',
            })),
          {
            that: 'anything but their code',
            actions: [
              'lambda:UpdateFunctionConfiguration',
              'lambda:DeleteFunction',
              'lambda:AddPermission',
              'lambda:InvokeFunction',
            ],
            why: 'all else is what CloudFormation deploys',
          },
        ],
      },
      ...encryptedObjects(
        world,
        environment,
        'packages',
        packages(world, 'packages are all that functions are made of'),
        {
          read: ['s3:GetObject', 's3:GetObjectVersion'],
          why: 'Lambda API Reference, "UpdateFunctionCode", reads as the caller; S3 API Reference, "HeadObject": checksums, too',
        },
      ),
      {
        does: 'notes the commit that the environment runs',
        actions: 'ssm:PutParameter',
        on: record.own,
        why: 'Systems Manager API Reference, "PutParameter"; the next approver compares with it',
        butNot: [record.others],
      },
    ],
    never: [
      ...neverInAnEnvironment(world, environment),
      {
        that: 'passes roles',
        actions: 'iam:PassRole',
        on: [
          ...environment
            .stack('infrastructure')
            .resources.filter(({ type }) => type === 'AWS::IAM::Role')
            .map(({ arn }) => arn),
          roles.arn('CloudFormationExecutionRole'),
        ],
        context: { 'iam:PassedToService': 'lambda.amazonaws.com' },
        why: 'new code runs with the role that CloudFormation gave the function',
      },
    ],
  };
}

/** The parameter that has the commit which an environment runs, and one of somebody else. */
const commitRecord = (world: World, environment: DeclaredEnvironment) => ({
  own: arnIn(world, environment, 'ssm', `parameter/${world.topology.project}/${environment.name}/deployed-commit`),
  others: {
    that: "somebody else's parameters",
    on: arnIn(world, environment, 'ssm', 'parameter/somebody-elses/secret'),
    why: 'other parameters may hold anything',
  },
});

function review(world: World, environment: DeclaredEnvironment): ActorCases {
  const { topology, tooling } = world;
  const roles = environment.stack('deployment-roles');
  const record = commitRecord(world, environment);
  const stacks = workloadTemplates(topology).map((template) =>
    stackOf(world, environment, `${topology.project}-${environment.name}-${template}`),
  );
  const [prepared = '', ...previewed] = stacks;
  const ofReview = { 'cloudformation:ChangeSetName': 'review' };
  const name = `${pascalCase(environment.name)}`;
  const build: RoleActor | AdministratorActor = environment.environment.approval
    ? pipelineStack(world, 'infrastructureDeployment').role(`Review${name}Role`)
    : // Nothing is reviewed where nobody approves; the role is there in case somebody is to.
      {
        kind: 'administrator',
        arn: `arn:aws:iam::${tooling.id}:role/${topology.project}-review-${environment.name}-build`,
      };
  return {
    group: `${environment.name}/ReviewRole`,
    actor: roles.role('ReviewRole'),
    needs: [
      assumedBy(world, environment, roles.role('ReviewRole'), build),
      {
        does: 'looks at stacks and at what change sets would do to them',
        actions: ['cloudformation:DescribeChangeSet', 'cloudformation:DescribeStacks'],
        on: stacks,
        context: {},
        why: 'CloudFormation API Reference, "DescribeChangeSet"; review-changes.sh says it in words',
        butNot: [
          {
            that: 'at stacks of others',
            on: stackOf(world, environment, 'somebody-elses-stack'),
            why: 'templates and parameters of others are theirs',
          },
          {
            that: 'changing them',
            actions: [
              'cloudformation:CreateStack',
              'cloudformation:UpdateStack',
              'cloudformation:DeleteStack',
              'cloudformation:SetStackPolicy',
              'cloudformation:ExecuteChangeSet',
            ],
            why: 'it acts before anybody has approved',
          },
          {
            that: 'executing its own change sets',
            actions: 'cloudformation:ExecuteChangeSet',
            context: ofReview,
            why: 'CloudFormation would use the execution role that the stack was deployed with',
          },
        ],
      },
      ...(previewed.length === 0
        ? []
        : [
            {
              does: 'previews stacks whose change sets the pipeline cannot prepare',
              actions: ['cloudformation:CreateChangeSet', 'cloudformation:DeleteChangeSet'] as const,
              on: previewed,
              context: ofReview,
              why: 'CloudFormation API Reference, "CreateChangeSet": without RoleARN, the role that the stack has',
              butNot: [
                {
                  that: 'under the name of the change set that the pipeline executes',
                  context: { 'cloudformation:ChangeSetName': 'pipeline' },
                  why: 'what was approved would be another one than what is executed',
                },
                {
                  that: 'of the stack whose change set is prepared',
                  on: prepared,
                  why: 'the pipeline prepares that one',
                },
                {
                  that: 'handing over a role',
                  actions: 'iam:PassRole' as const,
                  on: executionRolesOf(world, environment).map(({ arn }) => arn),
                  context: { 'iam:PassedToService': 'cloudformation.amazonaws.com' },
                  why: 'CloudFormation would do what that role may do',
                },
              ],
            },
          ]),
      {
        does: 'looks up the commit that the environment runs',
        actions: 'ssm:GetParameter',
        on: record.own,
        why: 'Systems Manager API Reference, "GetParameter"; the approver compares with what runs',
        butNot: [
          record.others,
          {
            that: 'changing it',
            actions: ['ssm:PutParameter', 'ssm:DeleteParameter'],
            why: 'who can change it decides what an approver compares with',
          },
        ],
      },
    ],
    never: [
      ...neverInAnEnvironment(world, environment),
      {
        that: 'reads artifacts or packages',
        actions: 's3:GetObject',
        on: [artifactOf(world, 'infrastructureDeployment', 'Package'), packageIn(world)],
        why: 'the build that assumes it has them',
      },
    ],
  };
}

function viewer(world: World, environment: DeclaredEnvironment): ActorCases {
  const { topology } = world;
  const actor = environment.stack('deployment-roles').role('ViewerRole');
  const prefix = `${topology.project}-${environment.name}`;
  const stacks = workloadTemplates(topology).map((template) => stackOf(world, environment, `${prefix}-${template}`));
  return {
    group: `${environment.name}/ViewerRole`,
    actor,
    needs: [
      assumedBy(world, environment, actor, pipelineStack(world, 'infrastructureDeployment').role('ApproverRole')),
      {
        does: 'looks at stacks and change sets',
        actions: [
          'cloudformation:DescribeChangeSet',
          'cloudformation:DescribeEvents',
          'cloudformation:DescribeStackEvents',
          'cloudformation:DescribeStackResources',
          'cloudformation:DescribeStacks',
          'cloudformation:GetTemplate',
          'cloudformation:ListChangeSets',
        ],
        on: stacks,
        why: 'CloudFormation User Guide, "View a change set": what the console and the AWS CLI call',
        butNot: [
          {
            that: 'of others',
            on: stackOf(world, environment, 'somebody-elses-stack'),
            why: 'templates and parameters of others are theirs',
          },
          {
            that: 'changing them',
            actions: [
              'cloudformation:CreateChangeSet',
              'cloudformation:DeleteChangeSet',
              'cloudformation:ExecuteChangeSet',
              'cloudformation:UpdateStack',
              'cloudformation:DeleteStack',
            ],
            why: 'who approves deploys nothing by hand',
          },
        ],
      },
      ...(topology.container === undefined ? [] : looksAtDeployments(world, environment)),
    ],
    never: neverInAnEnvironment(world, environment),
  };
}

function looksAtDeployments(world: World, environment: DeclaredEnvironment): readonly Need[] {
  const prefix = `${world.topology.project}-${environment.name}`;
  return [
    {
      does: 'looks at deployments',
      actions: ['codedeploy:GetDeployment', 'codedeploy:ListDeployments'],
      on: environment.stack('container-service').arn('ContainerDeployments'),
      why: 'CodeDeploy API Reference, "GetDeployment": which version gets the traffic',
      butNot: [
        {
          that: 'of others',
          on: arnIn(world, environment, 'codedeploy', 'deploymentgroup:somebody-elses/group'),
          why: 'deployments of others are theirs',
        },
        {
          that: 'creating them',
          actions: ['codedeploy:CreateDeployment', 'codedeploy:UpdateDeploymentGroup'],
          why: 'who approves deploys nothing by hand',
        },
      ],
    },
    {
      does: 'looks at the service',
      actions: 'ecs:DescribeServices',
      on: arnIn(world, environment, 'ecs', `service/${prefix}-cluster/${prefix}-container`),
      why: 'ECS API Reference, "DescribeServices"',
      butNot: [
        {
          that: 'of others',
          on: arnIn(world, environment, 'ecs', 'service/somebody-elses-cluster/service'),
          why: 'services of others are theirs',
        },
      ],
    },
  ];
}

function containerReview(world: World, environment: DeclaredEnvironment): ActorCases {
  const { topology, tooling } = world;
  const actor = environment.stack('deployment-roles').role('ContainerReviewRole');
  const service = (cluster: string, name: string) => arnIn(world, environment, 'ecs', `service/${cluster}/${name}`);
  const prefix = `${topology.project}-${environment.name}`;
  const build: RoleActor | AdministratorActor = environment.environment.approval
    ? pipelineStack(world, 'containerDeployment').role(`ReviewContainer${pascalCase(environment.name)}Role`)
    : {
        kind: 'administrator',
        arn: `arn:aws:iam::${tooling.id}:role/${topology.project}-review-container-${environment.name}-build`,
      };
  return {
    group: `${environment.name}/ContainerReviewRole`,
    actor,
    needs: [
      assumedBy(world, environment, actor, build),
      {
        does: 'looks at the service, for what serves now',
        actions: 'ecs:DescribeServices',
        on: service(`${prefix}-cluster`, `${prefix}-container`),
        why: 'ECS API Reference, "DescribeServices": the primary task set',
        butNot: [
          {
            that: 'at services of others',
            on: service('somebody-elses-cluster', 'service'),
            why: 'it looks at one service',
          },
          {
            that: 'changing it',
            actions: ['ecs:UpdateService', 'ecs:DeleteService', 'ecs:UpdateServicePrimaryTaskSet'],
            why: 'it acts before anybody has approved',
          },
        ],
      },
      {
        does: 'looks at the task definition that serves now',
        actions: 'ecs:DescribeTaskDefinition',
        on: '*',
        why: 'ECS API Reference, "DescribeTaskDefinition": no resource',
        butNot: [
          {
            that: 'registering one, or running it',
            actions: ['ecs:RegisterTaskDefinition', 'ecs:RunTask'],
            on: arnIn(world, environment, 'ecs', `task-definition/${prefix}-container:1`),
            why: 'it acts before anybody has approved',
          },
        ],
      },
    ],
    never: neverInAnEnvironment(world, environment),
  };
}

/** The cases of the deployment roles, but the CloudFormation execution role. */
export const deploymentRoles: Cases = (world) =>
  world.environments.flatMap((environment) =>
    [
      cloudFormationAction,
      ...(world.topology.container === undefined ? [] : [codeDeployAction, containerReview]),
      lambdaUpdate,
      review,
      ...(world.environments.some(({ environment: { approval } }) => approval) ? [viewer] : []),
    ].flatMap((cases) => casesOf(cases(world, environment))),
  );
