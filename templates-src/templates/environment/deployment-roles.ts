import { AccountId, type IdentityStatement, type Reference, sub, type Template, template } from '../../dsl';
import { bucketArn, namesOf, type PipelineKey, regionalArn, roleArn, workloadTemplates } from '../../model/names';
import type { Topology } from '../../model/topology';
import { infrastructurePermissions } from '../../patterns/environment/execution-permissions';
import { artifactPath } from '../../patterns/shared/artifacts';
import { accountId, artifactKeyArn, declareRegion, environmentName } from '../../patterns/shared/parameters';
import { declareRole } from '../../patterns/shared/roles';
import { passRole, passTaskRoles, trustRole, trustService } from '../../patterns/shared/statements';
import { looksAtAlarms, registersTaskDefinitions } from '../../patterns/shared/suppressions';

/** What an environment account lets the Tooling account do. */
export default function deploymentRoles(topology: Topology): Template {
  const names = namesOf(topology);
  const { project, container } = topology;
  const t = template(`Environment account of ${project}: roles of the pipelines`);

  declareRegion(t);
  const { EnvironmentName, ToolingAccountId } = t.parameters('Accounts', {
    EnvironmentName: environmentName(topology),
    ToolingAccountId: accountId('tooling'),
  });
  const { ArtifactKeyArn } = t.parameters('Artifacts', { ArtifactKeyArn: artifactKeyArn });

  const prefix = names.environmentPrefix(EnvironmentName);

  const executionRole = declareRole(t, 'CloudFormationExecutionRole', {
    name: names.executionRole(EnvironmentName, 'infrastructure'),
    description: 'CloudFormation uses it to create network and functions of this environment',
    // Not narrowed to stacks by aws:SourceArn: AWS documents neither key for this trust, and people run
    // bootstrap roles with aws:SourceAccount only.
    trust: [trustService('cloudformation.amazonaws.com')],
    permissions: infrastructurePermissions(topology, {
      environment: EnvironmentName,
      artifactKey: ArtifactKeyArn,
      tooling: ToolingAccountId,
    }),
    wildcards: 'Templates name resources below the prefix of the environment; the ids of others are made by AWS.',
    suppressions: { Alarms: [looksAtAlarms('DescribeAlarms')] },
  });

  const readArtifacts = (pipeline: PipelineKey, ...artifacts: readonly string[]): readonly IdentityStatement[] => [
    {
      Sid: 'ReadArtifacts',
      Effect: 'Allow',
      Action: ['s3:GetObject', 's3:GetObjectVersion'],
      Resource: artifacts.map((artifact) =>
        bucketArn(sub`${names.artifactBucket(ToolingAccountId)}/${artifactPath(topology, pipeline, artifact)}/*`),
      ),
    },
    { Sid: 'DecryptArtifacts', Effect: 'Allow', Action: ['kms:Decrypt', 'kms:DescribeKey'], Resource: ArtifactKeyArn },
  ];

  const cloudFormationAction = declareRole(t, 'CloudFormationActionRole', {
    name: names.cloudFormationActionRole(EnvironmentName),
    description: 'Infrastructure-Deployment assumes it to deploy stacks',
    trust: [trustRole(ToolingAccountId, names.pipelineRole('infrastructureDeployment'))],
    permissions: {
      '': [
        {
          Sid: 'DeployStacks',
          Effect: 'Allow',
          Action: [
            'cloudformation:CreateChangeSet',
            'cloudformation:CreateStack',
            'cloudformation:DeleteChangeSet',
            'cloudformation:DescribeChangeSet',
            // Without it the pipeline only says that a stack failed, not which resource did and why.
            'cloudformation:DescribeStackEvents',
            'cloudformation:DescribeStackResources',
            'cloudformation:DescribeStacks',
            'cloudformation:ExecuteChangeSet',
            'cloudformation:GetStackPolicy',
            'cloudformation:GetTemplate',
            // For the StackPolicy of a template configuration, which comes along with CreateStack and UpdateStack.
            'cloudformation:SetStackPolicy',
            'cloudformation:UpdateStack',
          ],
          Resource: workloadTemplates(topology).map((template) =>
            regionalArn('cloudformation', sub`stack/${names.environmentStack(EnvironmentName, template)}/*`),
          ),
        },
        ...(container === undefined ? [] : [lookUpZones]),
        { Sid: 'ValidateTemplates', Effect: 'Allow', Action: 'cloudformation:ValidateTemplate', Resource: '*' },
        passRole(
          'PassExecutionRoles',
          [
            executionRole.Arn,
            ...(container === undefined
              ? []
              : [roleArn(AccountId, names.executionRole(EnvironmentName, 'container-service'))]),
          ],
          'cloudformation.amazonaws.com',
        ),
        ...readArtifacts('infrastructureDeployment', 'Package'),
      ],
    },
    wildcards: 'The id of a stack ends with characters that AWS makes up; CodePipeline names artifacts by itself.',
  });

  const codeDeployAction =
    container === undefined
      ? undefined
      : declareCodeDeployAction(t, topology, EnvironmentName, ToolingAccountId, readArtifacts);

  const commitRecord = regionalArn('ssm', sub`parameter${names.commitRecord(EnvironmentName)}`);
  const lambdaUpdate = declareRole(t, 'LambdaUpdateRole', {
    name: names.lambdaUpdateRole(EnvironmentName),
    description: 'CodeBuild assumes it to bring functions to the packaged code',
    trust: [trustRole(ToolingAccountId, names.updateLambdasRole(EnvironmentName))],
    permissions: {
      '': [
        {
          Sid: 'UpdateFunctionCode',
          Effect: 'Allow',
          Action: ['lambda:GetFunction', 'lambda:GetFunctionConfiguration', 'lambda:UpdateFunctionCode'],
          Resource: regionalArn('lambda', sub`function:${prefix}*`),
        },
        {
          Sid: 'ReadPackages',
          Effect: 'Allow',
          Action: ['s3:GetObject', 's3:GetObjectVersion'],
          Resource: bucketArn(sub`${names.packageBucket(ToolingAccountId)}/*.zip`),
        },
        { Sid: 'DecryptPackages', Effect: 'Allow', Action: 'kms:Decrypt', Resource: ArtifactKeyArn },
        { Sid: 'NoteCommit', Effect: 'Allow', Action: 'ssm:PutParameter', Resource: commitRecord },
      ],
    },
    wildcards: 'Functions come and go below the prefix of the environment; packages are named by their content.',
  });

  const review = declareReview(t, topology, EnvironmentName, ToolingAccountId);
  const containerReview =
    container === undefined ? undefined : declareContainerReview(t, topology, EnvironmentName, ToolingAccountId);

  const viewer = topology.environments.some(({ approval }) => approval)
    ? declareViewer(t, topology, EnvironmentName, ToolingAccountId)
    : undefined;

  t.outputs({
    CloudFormationExecutionRoleArn: { Description: 'Creates the resources', Value: executionRole.Arn },
    CloudFormationActionRoleArn: {
      Description: 'Assumed by Infrastructure-Deployment',
      Value: cloudFormationAction.Arn,
    },
    ...(codeDeployAction === undefined
      ? {}
      : {
          CodeDeployActionRoleArn: { Description: 'Assumed by ECS-Container-Deployment', Value: codeDeployAction.Arn },
        }),
    LambdaUpdateRoleArn: { Description: 'Assumed by CodeBuild after a deployment', Value: lambdaUpdate.Arn },
    ReviewRoleArn: { Description: 'Assumed by CodeBuild before an approval', Value: review.Arn },
    ...(containerReview === undefined
      ? {}
      : {
          ContainerReviewRoleArn: {
            Description: "Assumed by CodeBuild before an approval of the container's deployment",
            Value: containerReview.Arn,
          },
        }),
    ...(viewer === undefined
      ? {}
      : { ViewerRoleArn: { Description: 'Assumed by people who approve', Value: viewer.Arn } }),
  });
  return t;
}

/**
 * Declares the role that looks at what a deployment would change, before somebody has approved it. It may prepare change
 * sets of stacks that exist, under a name of their own, and has no permission to execute any: neither this name nor that of
 * the pipeline.
 */
function declareReview(t: Template, topology: Topology, environment: Reference, tooling: Reference) {
  const names = namesOf(topology);
  const stacks = (templates: readonly string[]) =>
    templates.map((template) =>
      regionalArn('cloudformation', sub`stack/${names.environmentStack(environment, template)}/*`),
    );
  const [, ...previewed] = workloadTemplates(topology);
  return declareRole(t, 'ReviewRole', {
    name: names.reviewRole(environment),
    description: 'CodeBuild assumes it to say what a deployment would change',
    trust: [trustRole(tooling, names.reviewBuildRole(environment))],
    permissions: {
      '': [
        {
          Sid: 'LookAtChanges',
          Effect: 'Allow',
          Action: ['cloudformation:DescribeChangeSet', 'cloudformation:DescribeStacks'],
          Resource: stacks(workloadTemplates(topology)),
        },
        ...(previewed.length === 0
          ? []
          : [
              {
                Sid: 'PreviewChanges',
                Effect: 'Allow' as const,
                Action: ['cloudformation:CreateChangeSet', 'cloudformation:DeleteChangeSet'] as const,
                Resource: stacks(previewed),
                Condition: { StringEquals: { 'cloudformation:ChangeSetName': 'review' } },
              },
            ]),
        {
          Sid: 'LookUpCommit',
          Effect: 'Allow',
          Action: 'ssm:GetParameter',
          Resource: regionalArn('ssm', sub`parameter${names.commitRecord(environment)}`),
        },
      ],
    },
    wildcards: 'The id of a stack ends with characters that AWS makes up.',
  });
}

/** Declares the role in which people who approve look at stacks, change sets and deployments, and change nothing. */
function declareViewer(t: Template, topology: Topology, environment: Reference, tooling: Reference) {
  const names = namesOf(topology);
  const prefix = names.environmentPrefix(environment);
  return declareRole(t, 'ViewerRole', {
    name: names.viewerRole(environment),
    description: 'People who approve assume it to look at what is deployed, and at what is about to be',
    trust: [trustRole(tooling, names.approverRole)],
    permissions: {
      '': [
        {
          Sid: 'SeeStacks',
          Effect: 'Allow',
          Action: [
            'cloudformation:DescribeChangeSet',
            'cloudformation:DescribeEvents',
            'cloudformation:DescribeStackEvents',
            'cloudformation:DescribeStackResources',
            'cloudformation:DescribeStacks',
            'cloudformation:GetTemplate',
            'cloudformation:ListChangeSets',
          ],
          Resource: workloadTemplates(topology).map((template) =>
            regionalArn('cloudformation', sub`stack/${names.environmentStack(environment, template)}/*`),
          ),
        },
        ...(topology.container === undefined
          ? []
          : [
              {
                Sid: 'SeeDeployments',
                Effect: 'Allow' as const,
                Action: ['codedeploy:GetDeployment', 'codedeploy:ListDeployments'] as const,
                Resource: regionalArn('codedeploy', sub`deploymentgroup:${prefix}*`),
              },
              {
                Sid: 'SeeService',
                Effect: 'Allow' as const,
                Action: 'ecs:DescribeServices' as const,
                Resource: regionalArn('ecs', sub`service/${prefix}*`),
              },
            ]),
      ],
    },
    wildcards: 'The ids of stacks end with characters that AWS makes up; services are named after their cluster.',
  });
}

/** Declares the role that looks at which version of the container serves, before somebody has approved another. */
function declareContainerReview(t: Template, topology: Topology, environment: Reference, tooling: Reference) {
  const names = namesOf(topology);
  return declareRole(t, 'ContainerReviewRole', {
    name: names.containerReviewRole(environment),
    description: 'CodeBuild assumes it to say what a deployment of the container would change',
    trust: [trustRole(tooling, names.reviewContainerBuildRole(environment))],
    permissions: {
      '': [
        {
          Sid: 'LookAtService',
          Effect: 'Allow',
          Action: 'ecs:DescribeServices',
          Resource: regionalArn(
            'ecs',
            sub`service/${names.containerCluster(environment)}/${names.containerApplication(environment)}`,
          ),
        },
        { Sid: 'LookAtTaskDefinitions', Effect: 'Allow', Action: 'ecs:DescribeTaskDefinition', Resource: '*' },
      ],
    },
    wildcards: 'ECS knows no resource for looking at a task definition.',
  });
}

/** A change set whose parameters name availability zones is refused unless they can be looked up. */
const lookUpZones: IdentityStatement = {
  Sid: 'LookUpParameters',
  Effect: 'Allow',
  Action: 'ec2:DescribeAvailabilityZones',
  Resource: '*',
};

/** Declares the role that ECS-Container-Deployment assumes. */
function declareCodeDeployAction(
  t: Template,
  topology: Topology,
  environment: Reference,
  tooling: Reference,
  readArtifacts: (pipeline: PipelineKey, ...artifacts: readonly string[]) => readonly IdentityStatement[],
) {
  const names = namesOf(topology);
  const prefix = names.environmentPrefix(environment);
  return declareRole(t, 'CodeDeployActionRole', {
    name: names.codeDeployActionRole(environment),
    description: 'ECS-Container-Deployment assumes it for blue/green deployments',
    trust: [trustRole(tooling, names.pipelineRole('containerDeployment'))],
    permissions: {
      '': [
        {
          Sid: 'DeployApplication',
          Effect: 'Allow',
          Action: [
            'codedeploy:CreateDeployment',
            'codedeploy:GetApplication',
            'codedeploy:GetApplicationRevision',
            'codedeploy:GetDeployment',
            'codedeploy:GetDeploymentConfig',
            'codedeploy:RegisterApplicationRevision',
          ],
          Resource: [
            regionalArn('codedeploy', sub`application:${prefix}*`),
            regionalArn('codedeploy', sub`deploymentgroup:${prefix}*`),
            regionalArn('codedeploy', 'deploymentconfig:*'),
          ],
        },
        // ECS evaluates the registration of a task definition against `*`; what a task may do is limited by PassTaskRoles.
        { Sid: 'RegisterTaskDefinition', Effect: 'Allow', Action: 'ecs:RegisterTaskDefinition', Resource: '*' },
        {
          Sid: 'TagTaskDefinition',
          Effect: 'Allow',
          Action: 'ecs:TagResource',
          Resource: regionalArn('ecs', sub`task-definition/${prefix}*:*`),
          Condition: { StringEquals: { 'ecs:CreateAction': 'RegisterTaskDefinition' } },
        },
        passTaskRoles(topology, environment),
        ...readArtifacts('containerDeployment', 'Verified', 'Image'),
      ],
    },
    wildcards:
      'Names below the prefix of the environment; AWS makes revisions and artifacts up, and owns configurations.',
    suppressions: { '': [registersTaskDefinitions('RegisterTaskDefinition')] },
  });
}
