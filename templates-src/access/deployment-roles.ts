import { pascalCase } from '../model/function-names';
import { operatorTemplates, pipelinesOf, workloadTemplates } from '../model/names';
import {
  type ActorCases,
  type AdministratorActor,
  type Cases,
  casesOf,
  type DeclaredEnvironment,
  type DeclaredRoute,
  type Need,
  type Prohibition,
  type RoleActor,
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
const toolingRoles = (route: DeclaredRoute): readonly RoleActor[] =>
  pipelinesOf(route.topology).flatMap((pipeline) => {
    const stack = pipelineStack(route, pipeline);
    return stack.resources
      .filter(({ type }) => type === 'AWS::IAM::Role')
      .map(({ logicalId }) => stack.role(logicalId));
  });

/** That one role of the tooling account assumes a role, and nobody else. */
function assumedBy(
  route: DeclaredRoute,
  environment: DeclaredEnvironment,
  role: RoleActor,
  by: RoleActor | AdministratorActor,
): Need {
  const { environments, tooling } = route;
  const administrators = [tooling, ...environments].map((account) => ({
    that: `by somebody of ${account.name}`,
    actor: administratorOf(account),
    why: 'aws:PrincipalArn narrows the trust to one role: an account root alone would admit the whole account',
  }));
  const others = toolingRoles(route).filter(({ arn }) => arn !== by.arn);
  return {
    does: `is assumed by ${by.arn.replace(/^.*\//, '')}`,
    actor: by,
    actions: 'sts:AssumeRole',
    on: role.arn,
    why: 'IAM User Guide, "Cross-account access using roles": trust policy of the role',
    denied: [
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
const stackOf = (route: DeclaredRoute, environment: DeclaredEnvironment, name: string) =>
  arnIn(route, environment, 'cloudformation', `stack/${name}/0a1b2c3d-4e5f-6a7b-8c9d-0e1f2a3b4c5d`);

/** What none of these roles may do. */
function neverInAnEnvironment(route: DeclaredRoute, environment: DeclaredEnvironment): readonly Prohibition[] {
  const { environments, tooling } = route;
  const store = tooling.stack('artifact-store');
  return [
    ...neverReachesOthers(route, environment),
    ...neverDeletes('artifacts', artifactOf(route, 'infrastructureDeployment', 'Package'), store.arn('ArtifactBucket')),
    ...neverDeletes('packages', packageIn(route), store.arn('PackageBucket')),
    {
      that: 'replaces artifacts or packages',
      actions: 's3:PutObject',
      on: [artifactOf(route, 'infrastructureDeployment', 'Package'), packageIn(route)],
      context: ifNoneMatch,
      why: 'what is deployed to all environments is written in the tooling account alone',
    },
    {
      that: 'deletes or pushes images',
      actions: ['ecr:BatchDeleteImage', 'ecr:PutImage'],
      on: imagesOf(route),
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
      on: [...workloadTemplates(route.topology), ...operatorTemplates].map((template) =>
        stackOf(route, environment, environment.stack(template).name),
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

function cloudFormationAction(route: DeclaredRoute, environment: DeclaredEnvironment): ActorCases {
  const roles = environment.stack('deployment-roles');
  const actor = roles.role('CloudFormationActionRole');
  const stackArn = (name: string) => stackOf(route, environment, name);
  const { container } = route.topology;
  const own = workloadTemplates(route.topology).map((template) => stackArn(environment.stack(template).name));
  const execution = executionRolesOf(route, environment).map(({ arn }) => arn);
  return {
    group: `${environment.name}/CloudFormationActionRole`,
    actor,
    needs: [
      assumedBy(route, environment, actor, pipelineStack(route, 'infrastructureDeployment').role('PipelineRole')),
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
        denied: [
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
        denied: [
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
        denied: [
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
      ...encryptedObjects(route, environment, 'artifacts', artifacts(route, 'infrastructureDeployment', 'Package'), {
        read: ['s3:GetObject', 's3:GetObjectVersion'],
        describesKey: 'CodePipeline User Guide, "Create a pipeline that uses resources from another AWS account"',
        why: 'CodePipeline User Guide, "Create a pipeline that uses resources from another AWS account": s3:GetObject*',
      }),
    ],
    never: [
      ...neverInAnEnvironment(route, environment),
      {
        that: 'reads packages',
        actions: 's3:GetObject',
        on: packageIn(route),
        why: 'CloudFormation reads packages with the execution role',
      },
      ...(route.topology.pipelines.source === 'codecommit'
        ? [
            {
              that: 'reads the source of the pipeline',
              actions: ['codecommit:GetBranch', 'codecommit:GitPull'] as const,
              on: pipelineStack(route, 'infrastructureDeployment').arn('SourceRepository'),
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
  denied: [
    {
      that: 'what lies in them',
      actions: ['ec2:DescribeInstances', 'ec2:DescribeSubnets'],
      why: 'no parameter names a resource of EC2',
    },
  ],
};

function codeDeployAction(route: DeclaredRoute, environment: DeclaredEnvironment): ActorCases {
  const { environments, topology } = route;
  const roles = environment.stack('deployment-roles');
  const service = environment.stack('container-service');
  const actor = roles.role('CodeDeployActionRole');
  const application = service.arn('ContainerApplication');
  const group = service.arn('ContainerDeployments');
  const config = arnIn(route, environment, 'codedeploy', 'deploymentconfig:CodeDeployDefault.ECSAllAtOnce');
  const family = arnIn(
    route,
    environment,
    'ecs',
    `task-definition/${topology.project}-${environment.name}-container:1`,
  );
  const serviceRoles = environment.stack('service-roles');
  const taskRoles = [service.arn('TaskRole'), serviceRoles.arn('TaskExecutionRole')];
  const toEcs = { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' };
  const reference = 'CodePipeline User Guide, "Amazon ECS and CodeDeploy blue-green deploy action reference"';
  const other = (resource: string) => arnIn(route, environment, 'codedeploy', resource);
  return {
    group: `${environment.name}/CodeDeployActionRole`,
    actor,
    needs: [
      assumedBy(route, environment, actor, pipelineStack(route, 'containerDeployment').role('PipelineRole')),
      {
        does: 'registers revisions of the application',
        actions: [
          'codedeploy:GetApplication',
          'codedeploy:GetApplicationRevision',
          'codedeploy:RegisterApplicationRevision',
        ],
        on: application,
        why: reference,
        denied: [
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
        denied: [
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
        denied: [
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
        denied: [
          {
            that: 'others',
            on: arnIn(route, environment, 'ecs', 'task-definition/somebody-elses:1'),
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
        denied: [
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
          route,
          environment,
          `artifact ${artifact}`,
          artifacts(route, 'containerDeployment', artifact),
          {
            read: ['s3:GetObject', 's3:GetObjectVersion'],
            describesKey: 'CodePipeline User Guide, "Create a pipeline that uses resources from another AWS account"',
            why: 'CodePipeline User Guide, "Create a pipeline that uses resources from another AWS account": s3:GetObject*',
          },
        ),
      ),
    ],
    never: [
      ...neverInAnEnvironment(route, environment),
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
        on: packageIn(route),
        why: 'it deploys containers',
      },
    ],
  };
}

function lambdaUpdate(route: DeclaredRoute, environment: DeclaredEnvironment): ActorCases {
  const { environments } = route;
  const roles = environment.stack('deployment-roles');
  const actor = roles.role('LambdaUpdateRole');
  const record = commitRecord(route, environment);
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
        route,
        environment,
        actor,
        pipelineStack(route, 'infrastructureDeployment').role(`UpdateLambdas${pascalCase(environment.name)}Role`),
      ),
      {
        does: 'brings functions to the packaged code',
        actions: ['lambda:GetFunction', 'lambda:GetFunctionConfiguration', 'lambda:UpdateFunctionCode'],
        on: functionsOf(environment),
        why: 'Lambda API Reference, "UpdateFunctionCode"; the waiter function-updated-v2 calls GetFunction',
        denied: [
          {
            that: 'functions of others',
            on: arnIn(route, environment, 'lambda', 'function:somebody-elses-function'),
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
        route,
        environment,
        'packages',
        packages(route, 'packages are all that functions are made of'),
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
        denied: [record.others],
      },
    ],
    never: [
      ...neverInAnEnvironment(route, environment),
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
const commitRecord = (route: DeclaredRoute, environment: DeclaredEnvironment) => ({
  own: arnIn(route, environment, 'ssm', `parameter/${route.topology.project}/${environment.name}/deployed-commit`),
  others: {
    that: "somebody else's parameters",
    on: arnIn(route, environment, 'ssm', 'parameter/somebody-elses/secret'),
    why: 'other parameters may hold anything',
  },
});

function review(route: DeclaredRoute, environment: DeclaredEnvironment): ActorCases {
  const { topology, tooling } = route;
  const roles = environment.stack('deployment-roles');
  const record = commitRecord(route, environment);
  const stacks = workloadTemplates(topology).map((template) =>
    stackOf(route, environment, `${topology.project}-${environment.name}-${template}`),
  );
  const [prepared = '', ...previewed] = stacks;
  const ofReview = { 'cloudformation:ChangeSetName': 'review' };
  const name = `${pascalCase(environment.name)}`;
  const build: RoleActor | AdministratorActor = environment.environment.approval
    ? pipelineStack(route, 'infrastructureDeployment').role(`Review${name}Role`)
    : // Nothing is reviewed where nobody approves; the role is there in case somebody is to.
      {
        kind: 'administrator',
        arn: `arn:aws:iam::${tooling.id}:role/${topology.project}-review-${environment.name}-build`,
      };
  return {
    group: `${environment.name}/ReviewRole`,
    actor: roles.role('ReviewRole'),
    needs: [
      assumedBy(route, environment, roles.role('ReviewRole'), build),
      {
        does: 'looks at stacks and at what change sets would do to them',
        actions: ['cloudformation:DescribeChangeSet', 'cloudformation:DescribeStacks'],
        on: stacks,
        context: {},
        why: 'CloudFormation API Reference, "DescribeChangeSet"; review-changes.sh says it in words',
        denied: [
          {
            that: 'at stacks of others',
            on: stackOf(route, environment, 'somebody-elses-stack'),
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
              denied: [
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
                  on: executionRolesOf(route, environment).map(({ arn }) => arn),
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
        denied: [
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
      ...neverInAnEnvironment(route, environment),
      {
        that: 'reads artifacts or packages',
        actions: 's3:GetObject',
        on: [artifactOf(route, 'infrastructureDeployment', 'Package'), packageIn(route)],
        why: 'the build that assumes it has them',
      },
    ],
  };
}

function viewer(route: DeclaredRoute, environment: DeclaredEnvironment): ActorCases {
  const { topology } = route;
  const actor = environment.stack('deployment-roles').role('ViewerRole');
  const prefix = `${topology.project}-${environment.name}`;
  const stacks = workloadTemplates(topology).map((template) => stackOf(route, environment, `${prefix}-${template}`));
  return {
    group: `${environment.name}/ViewerRole`,
    actor,
    needs: [
      assumedBy(route, environment, actor, pipelineStack(route, 'infrastructureDeployment').role('ApproverRole')),
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
        denied: [
          {
            that: 'of others',
            on: stackOf(route, environment, 'somebody-elses-stack'),
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
      ...(topology.container === undefined ? [] : looksAtDeployments(route, environment)),
    ],
    never: neverInAnEnvironment(route, environment),
  };
}

function looksAtDeployments(route: DeclaredRoute, environment: DeclaredEnvironment): readonly Need[] {
  const prefix = `${route.topology.project}-${environment.name}`;
  return [
    {
      does: 'looks at deployments',
      actions: ['codedeploy:GetDeployment', 'codedeploy:ListDeployments'],
      on: environment.stack('container-service').arn('ContainerDeployments'),
      why: 'CodeDeploy API Reference, "GetDeployment": which version gets the traffic',
      denied: [
        {
          that: 'of others',
          on: arnIn(route, environment, 'codedeploy', 'deploymentgroup:somebody-elses/group'),
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
      on: arnIn(route, environment, 'ecs', `service/${prefix}-cluster/${prefix}-container`),
      why: 'ECS API Reference, "DescribeServices"',
      denied: [
        {
          that: 'of others',
          on: arnIn(route, environment, 'ecs', 'service/somebody-elses-cluster/service'),
          why: 'services of others are theirs',
        },
      ],
    },
  ];
}

function containerReview(route: DeclaredRoute, environment: DeclaredEnvironment): ActorCases {
  const { topology, tooling } = route;
  const actor = environment.stack('deployment-roles').role('ContainerReviewRole');
  const service = (cluster: string, name: string) => arnIn(route, environment, 'ecs', `service/${cluster}/${name}`);
  const prefix = `${topology.project}-${environment.name}`;
  const build: RoleActor | AdministratorActor = environment.environment.approval
    ? pipelineStack(route, 'containerDeployment').role(`ReviewContainer${pascalCase(environment.name)}Role`)
    : {
        kind: 'administrator',
        arn: `arn:aws:iam::${tooling.id}:role/${topology.project}-review-container-${environment.name}-build`,
      };
  return {
    group: `${environment.name}/ContainerReviewRole`,
    actor,
    needs: [
      assumedBy(route, environment, actor, build),
      {
        does: 'looks at the service, for what serves now',
        actions: 'ecs:DescribeServices',
        on: service(`${prefix}-cluster`, `${prefix}-container`),
        why: 'ECS API Reference, "DescribeServices": the primary task set',
        denied: [
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
        denied: [
          {
            that: 'registering one, or running it',
            actions: ['ecs:RegisterTaskDefinition', 'ecs:RunTask'],
            on: arnIn(route, environment, 'ecs', `task-definition/${prefix}-container:1`),
            why: 'it acts before anybody has approved',
          },
        ],
      },
    ],
    never: neverInAnEnvironment(route, environment),
  };
}

/** The cases of the deployment roles, but the CloudFormation execution role. */
export const deploymentRoles: Cases = (route) =>
  route.environments.flatMap((environment) =>
    [
      cloudFormationAction,
      ...(route.topology.container === undefined ? [] : [codeDeployAction, containerReview]),
      lambdaUpdate,
      review,
      ...(route.environments.some(({ environment: { approval } }) => approval) ? [viewer] : []),
    ].flatMap((cases) => casesOf(cases(route, environment))),
  );
