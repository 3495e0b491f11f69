import type { Resource } from '../../lib/resolve/resolve-stack';
import type { AccountView, ExpectedStack } from './account-view';
import { expectedResources } from './account-view';

/** What an operation answers: `{ output }`, or `{ error }` with a code of AWS. */
export type Answer = { readonly output: object } | { readonly error: string; readonly message?: string };

interface Question {
  readonly view: AccountView;
  /** The stack that the call names, if it names one. */
  readonly stack: ExpectedStack | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: its shape is checked against the models of botocore
  readonly input: any;
}

type HealthyAnswers = Readonly<Record<string, (question: Question) => Answer>>;

const output = (value: object): Answer => ({ output: value });
const time = '2026-11-01T00:00:00Z';
const policy = JSON.stringify({
  Statement: [{ Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::111111111111:root' }, Action: '*', Resource: '*' }],
});

/** What AWS answers when everything is deployed and well. Where lists are long only the fields that matter are there. */
export const healthyAnswers: HealthyAnswers = {
  'sts get-caller-identity': ({ view }) =>
    output({
      UserId: 'AROAEXAMPLEEXAMPLE000:operator',
      Account: view.accountId,
      Arn: `arn:aws:sts::${view.accountId}:assumed-role/ReadOnly/operator`,
    }),
  'cloudformation describe-stacks': ({ view, stack }) =>
    output({ Stacks: (stack === undefined ? view.stacks : [stack]).map(deployed) }),
  'cloudformation get-template': ({ stack }) => output({ TemplateBody: stack?.template }),
  'cloudformation list-stack-resources': ({ stack }) =>
    output({
      StackResourceSummaries: [...(stack?.resolved.resources.values() ?? [])].map((resource) => ({
        LogicalResourceId: resource.logicalId,
        PhysicalResourceId: physicalId(resource),
        ResourceType: resource.type,
        ResourceStatus: 'CREATE_COMPLETE',
        LastUpdatedTimestamp: time,
      })),
    }),
  'service-quotas get-service-quota': ({ input }) => output({ Quota: { ...input, Value: 1000 } }),
  'lambda get-account-settings': () =>
    output({ AccountLimit: { ConcurrentExecutions: 1000, UnreservedConcurrentExecutions: 1000 } }),
  'lambda get-policy': () => output({ Policy: policy }),
  'ec2 describe-availability-zones': ({ view }) =>
    output({
      AvailabilityZones: ['a', 'b', 'c'].map((zone) => ({ ZoneName: `${view.region}${zone}`, State: 'available' })),
    }),
  'ec2 describe-vpc-endpoint-services': ({ view, input }) =>
    output({
      ServiceDetails: input.ServiceNames.map((ServiceName: string) => ({
        ServiceName,
        ServiceType: [{ ServiceType: 'Interface' }],
        AvailabilityZones: ['a', 'b', 'c'].map((zone) => `${view.region}${zone}`),
      })),
    }),
  'iam get-role': ({ view, input }) => output({ Role: role(view, input.RoleName) }),
  'iam list-roles': ({ view }) =>
    output({
      Roles: view.stacks
        .flatMap((expected) => expectedResources(expected, 'AWS::IAM::Role'))
        .map(({ ids }) => ({ ...role(view, ids.ref), AssumeRolePolicyDocument: policy })),
    }),
  'iam list-policies': ({ view }) =>
    output({ Policies: refsOf(view, 'AWS::IAM::ManagedPolicy').map((Arn) => ({ Arn, PolicyName: Arn })) }),
  'iam list-role-policies': () => output({ PolicyNames: ['inline'] }),
  'iam list-attached-role-policies': ({ view }) =>
    output({ AttachedPolicies: [{ PolicyArn: `arn:aws:iam::${view.accountId}:policy/attached` }] }),
  'lambda list-functions': ({ view }) =>
    output({ Functions: refsOf(view, 'AWS::Lambda::Function').map((FunctionName) => ({ FunctionName })) }),
  's3api list-buckets': ({ view }) => output({ Buckets: refsOf(view, 'AWS::S3::Bucket').map((Name) => ({ Name })) }),
  'kms list-aliases': ({ view }) =>
    output({
      Aliases: [{ AliasName: 'alias/aws/s3' }, ...refsOf(view, 'AWS::KMS::Alias').map((AliasName) => ({ AliasName }))],
    }),
  'kms list-grants': ({ view, input }) =>
    output({
      Grants: ['ecr.amazonaws.com', `arn:aws:iam::${view.accountId}:role/administrator`].map((GranteePrincipal) => ({
        KeyId: input.KeyId,
        GrantId: '0a1b2c3d',
        GranteePrincipal,
      })),
    }),
  'logs describe-log-groups': ({ view }) =>
    output({
      logGroups: ['/somebody/elses', ...refsOf(view, 'AWS::Logs::LogGroup')].map((logGroupName) => ({ logGroupName })),
    }),
  'sqs list-queues': ({ view }) => output({ QueueUrls: refsOf(view, 'AWS::SQS::Queue') }),
  'kms get-key-policy': () => output({ Policy: policy }),
  's3api get-bucket-policy': () => output({ Policy: policy }),
  'ecr get-repository-policy': () => output({ policyText: policy }),
  'sns get-topic-attributes': () => output({ Attributes: { Policy: policy } }),
  'sqs get-queue-attributes': () => output({ Attributes: { Policy: policy } }),
  'codecommit list-repositories': () => output({ repositories: [] }),
  'codecommit get-branch': ({ input }) => output({ branch: { branchName: input.branchName, commitId: '0a1b2c3d' } }),
  'codeconnections get-connection': () =>
    output({ Connection: { ConnectionName: 'team', ConnectionStatus: 'AVAILABLE' } }),
  'codepipeline get-pipeline-state': ({ input }) =>
    output({
      pipelineName: input.name,
      stageStates: [
        {
          stageName: 'Source',
          inboundTransitionState: { enabled: true },
          latestExecution: { pipelineExecutionId: 'e1', status: 'Succeeded' },
        },
      ],
    }),
  // CloudWatch has no values of what never happened.
  'cloudwatch get-metric-data': ({ input }) =>
    output({
      MetricDataResults: input.MetricDataQueries.map(({ Id }: { Id: string }) => ({
        Id,
        StatusCode: 'Complete',
        Values: [],
      })),
    }),
  'sns list-subscriptions-by-topic': ({ view, input }) =>
    output({
      Subscriptions: view.stacks
        .flatMap((expected) => expectedResources(expected, 'AWS::SNS::Subscription'))
        .map(({ properties: { Protocol, Endpoint } }) => ({
          SubscriptionArn: `${input.TopicArn}:0a1b2c3d`,
          Protocol,
          Endpoint,
        })),
    }),
  'acm describe-certificate': ({ input }) =>
    output({ Certificate: { ...input, Status: 'ISSUED', NotAfter: '2027-11-26T12:00:00Z' } }),
};

/** What AWS answers otherwise when nothing is deployed yet. */
export const firstDayAnswers: HealthyAnswers = {
  'cloudformation describe-stacks': ({ input }) =>
    input.StackName === undefined
      ? output({ Stacks: [] })
      : { error: 'ValidationError', message: `Stack with id ${input.StackName} does not exist` },
  's3api head-bucket': () => ({ error: '404', message: 'Not Found' }),
  'ecr describe-repositories': () => ({ error: 'RepositoryNotFoundException' }),
  'codecommit get-repository': () => ({ error: 'RepositoryDoesNotExistException' }),
  'logs describe-log-groups': () => output({ logGroups: [] }),
  'sqs list-queues': () => output({}),
  'kms list-aliases': () => output({ Aliases: [{ AliasName: 'alias/aws/s3' }] }),
  'iam get-role': () => ({ error: 'NoSuchEntity' }),
  'iam list-roles': () => output({ Roles: [] }),
  'iam list-policies': () => output({ Policies: [] }),
  'lambda list-functions': () => output({ Functions: [] }),
  'elbv2 describe-target-groups': () => output({ TargetGroups: [] }),
  'codepipeline list-pipelines': () => output({ pipelines: [] }),
  'ec2 describe-vpcs': () => output({ Vpcs: [{ VpcId: 'vpc-0a1b2c3d' }] }),
  'ec2 describe-addresses': () => output({ Addresses: [] }),
  'elbv2 describe-load-balancers': () => output({ LoadBalancers: [{ Type: 'network' }] }),
};

/** What the stacks of an account have of a type. */
const refsOf = (view: AccountView, type: string) =>
  view.stacks.flatMap((expected) => expectedResources(expected, type)).map(physicalId);

/** A stack as it is deployed when nobody has touched it since. */
function deployed({ stack, resolved }: ExpectedStack): object {
  const values = Object.entries(resolved.parameters);
  return {
    StackName: stack.name,
    StackStatus: 'UPDATE_COMPLETE',
    CreationTime: time,
    EnableTerminationProtection: true,
    Parameters: values.map(([ParameterKey, ParameterValue]) => ({ ParameterKey, ParameterValue })),
  };
}

/** Types that nothing refers to have no id here. */
function physicalId({ ids, logicalId }: Resource): string {
  try {
    return ids.ref;
  } catch {
    return logicalId;
  }
}

function role(view: AccountView, RoleName: string): object {
  const Arn = `arn:aws:iam::${view.accountId}:role/${RoleName}`;
  return { Path: '/', RoleName, RoleId: 'AROAEXAMPLEEXAMPLE000', Arn, CreateDate: time };
}
