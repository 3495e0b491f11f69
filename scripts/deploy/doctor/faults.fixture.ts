import type { Topology } from '../../../templates-src/model/topology';
import { topologyWith } from '../../../templates-src/topology.fixture';
import type { Answers, Call } from './cloud.fixture';
import type { Answer } from './healthy-answers.fixture';

/** Two environments, of which one is production; other names than those of this repository. */
export const topology = topologyWith({
  project: 'shop',
  environments: [
    { name: 'int', approval: false },
    { name: 'live', approval: true, production: true },
  ],
});
export const connected = topologyWith({ ...topology, pipelines: { source: 'connection' } });

/** A way in which an account is not well: what AWS answers then, and what is said about it. */
export interface Fault {
  readonly check: string;
  readonly of: string;
  readonly answers: Answers;
  readonly topology?: Topology;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly empty?: true;
  readonly says: RegExp;
  readonly toDo: RegExp;
  readonly fails?: readonly string[];
}

const output = (value: object): Answer => ({ output: value });
/** An answer with one more in a list. */
const added = (answer: Answer, list: string, one: object): Answer => {
  const { output: healthy } = answer as { output: Record<string, readonly object[]> };
  return output({ ...healthy, [list]: [...(healthy[list] ?? []), one] });
};
const inAccount = (account: string, answer: Answer) => (call: Call) => (call.account === account ? answer : undefined);
const ofStack = (name: string, answer: Answer) => (call: Call) => (call.input.StackName === name ? answer : undefined);
/** Changes fields of a stack, and values of its parameters. */
const changedStack =
  (name: string, fields: object, values: Readonly<Record<string, string>> = {}) =>
  (call: Call, healthy: () => Answer) => {
    if (call.input.StackName !== name) {
      return undefined;
    }
    const { Stacks } = (healthy() as { output: { Stacks: [{ Parameters: { ParameterKey: string }[] }] } }).output;
    const Parameters = Stacks[0].Parameters.map((one) =>
      one.ParameterKey in values ? { ...one, ParameterValue: values[one.ParameterKey] } : one,
    );
    return output({ Stacks: [{ ...Stacks[0], Parameters, ...fields }] });
  };

export const certificate = 'arn:aws:acm:eu-west-1:333333333333:certificate/0a1b2c3d';
const withPrincipal = (id: string) =>
  JSON.stringify({ Statement: [{ Effect: 'Allow', Principal: { AWS: ['arn:aws:iam::111111111111:root', id] } }] });
const roleOf = (RoleName: string) => ({
  Path: '/',
  RoleName,
  RoleId: 'AROAEXAMPLEEXAMPLE000',
  Arn: `arn:aws:iam::222222222222:role/${RoleName}`,
  CreateDate: '2026-11-01T00:00:00Z',
});
const quotaOf = (account: string, code: string, Value: number) => (call: Call) =>
  call.account === account && call.input.QuotaCode === code ? output({ Quota: { ...call.input, Value } }) : undefined;
const failedStage = {
  stageName: 'Deploy',
  inboundTransitionState: { enabled: true },
  latestExecution: { pipelineExecutionId: 'e1', status: 'Failed' },
  actionStates: [
    {
      actionName: 'Build',
      latestExecution: {
        status: 'Failed',
        errorDetails: { code: 'JobFailed', message: 'Cannot have more than 0 builds in queue for the account' },
      },
    },
  ],
};

export const faults: readonly Fault[] = [
  {
    check: 'credentials',
    of: 'another account',
    answers: {
      'sts get-caller-identity': inAccount(
        'int',
        output({ UserId: 'AIDAEXAMPLE', Account: '999999999999', Arn: 'arn:aws:iam::999999999999:user/someone' }),
      ),
    },
    says: /found account 999999999999 in the profile int, expected 222222222222/,
    toDo: /--profile int=NAME/,
  },
  {
    check: 'stacks',
    of: 'a stack whose first creation failed',
    answers: {
      'cloudformation describe-stacks': changedStack('shop-int-infrastructure', {
        StackStatus: 'ROLLBACK_COMPLETE',
        StackStatusReason: 'No room',
      }),
      'ec2 describe-vpcs': output({ Vpcs: [] }),
      'ec2 describe-addresses': output({ Addresses: [] }),
      'logs describe-log-groups': output({ logGroups: [] }),
      'kms list-aliases': output({ Aliases: [] }),
      's3api head-bucket': { error: '404' },
      'sqs list-queues': output({}),
      'iam list-roles': output({ Roles: [] }),
      'iam list-policies': output({ Policies: [] }),
      'lambda list-functions': output({ Functions: [] }),
    },
    says: /shop-int-infrastructure is in ROLLBACK_COMPLETE: No room/,
    toDo: /aws cloudformation delete-stack --stack-name shop-int-infrastructure --region eu-west-1 --profile int && /,
    fails: ['shop-int-infrastructure'],
  },
  {
    check: 'leftovers',
    of: 'a role that a reverted commit made',
    answers: {
      'iam list-roles': (call, healthy) =>
        call.account === 'live' ? added(healthy(), 'Roles', roleOf('shop-live-workload-function-gone')) : undefined,
    },
    says: /the role shop-live-workload-function-gone belongs to no stack of this route/,
    toDo: /aws iam delete-role-policy --role-name shop-live-workload-function-gone --policy-name inline .* && aws iam detach-role-policy .*:policy\/attached .* && aws iam delete-role --role-name shop-live-workload-function-gone --region eu-west-1 --profile live/,
  },
  {
    check: 'leftovers',
    of: 'a boundary that roles of earlier templates had',
    answers: {
      'iam list-policies': (call, healthy) =>
        call.account === 'live'
          ? added(healthy(), 'Policies', { Arn: 'arn:aws:iam::333333333333:policy/shop-live-workload-boundary' })
          : undefined,
    },
    says: /the policy arn:aws:iam::333333333333:policy\/shop-live-workload-boundary belongs to no stack/,
    toDo: /aws iam delete-policy --policy-arn arn:aws:iam::333333333333:policy\/shop-live-workload-boundary/,
  },
  {
    check: 'leftovers',
    of: 'a log group that a template retained',
    answers: {
      'logs describe-log-groups': (call, healthy) =>
        call.account === 'int' && call.input.logGroupNamePrefix === undefined
          ? added(healthy(), 'logGroups', { logGroupName: '/aws/lambda/shop-int-gone' })
          : undefined,
    },
    says: /the log group \/aws\/lambda\/shop-int-gone belongs to no stack/,
    toDo: /a template may have retained it/,
  },
  {
    check: 'leftovers',
    of: 'a grant of another account on a key',
    answers: {
      'kms list-grants': (call, healthy) =>
        call.account === 'live'
          ? added(healthy(), 'Grants', {
              KeyId: call.input.KeyId,
              GrantId: 'f00d',
              GranteePrincipal: 'arn:aws:iam::999999999999:role/somebody',
            })
          : undefined,
    },
    says: /arn:aws:iam::999999999999:role\/somebody has a grant on the key .* of shop-live-infrastructure, which no policy shows/,
    toDo: /aws kms revoke-grant --key-id .* --grant-id f00d/,
  },
  {
    check: 'routes',
    of: 'another route of the same name',
    answers: {
      'cloudformation describe-stacks': changedStack(
        'shop-artifact-store',
        {},
        { IntAccountId: '777777777777', LiveAccountId: '888888888888' },
      ),
    },
    says: /^shop-artifact-store is deployed for accounts that this route does not have \(IntAccountId 777777777777, LiveAccountId 888888888888\)$/,
    toDo: /another route that is called shop, give this one another project/,
    fails: ['shop-artifact-store'],
  },
  {
    check: 'routes',
    of: 'an environment of another route in the account',
    answers: {
      'cloudformation describe-stacks': (call, healthy) =>
        call.account === 'int' && call.input.StackName === undefined
          ? output({
              Stacks: [
                ...(healthy() as { output: { Stacks: object[] } }).output.Stacks,
                ...['books-dev-deployment-roles', 'books-notes'].map((StackName) => ({
                  StackName,
                  StackStatus: 'CREATE_COMPLETE',
                  CreationTime: '2026-11-01T00:00:00Z',
                  Tags: [{ Key: 'Project', Value: 'books' }],
                })),
              ],
            })
          : undefined,
    },
    says: /^the route books has this account, too \(books-dev-deployment-roles\), and roles/,
    toDo: /give one of the routes an account of its own/,
    fails: ['shop-int-deployment-roles'],
  },
  {
    check: 'drift',
    of: 'a parameter that was changed by hand',
    answers: {
      'cloudformation describe-stacks': changedStack('shop-int-container-service', {}, { MaxTasks: '99' }),
    },
    says: /shop-int-container-service is not as in this checkout: Resources.TaskCount differs, MaxTasks is '99' there and '12' here/,
    toDo: /publish-repositories.sh Infrastructure-Deployment/,
  },
  {
    check: 'drift',
    of: 'an older template',
    answers: {
      'cloudformation get-template': ofStack(
        'shop-artifact-store',
        output({ TemplateBody: 'Resources: {Topic: {Type: AWS::SNS::Topic}}' }),
      ),
    },
    says: /shop-artifact-store is not as in this checkout: Resources.Topic is to go/,
    toDo: /^scripts\/deploy.sh shop-artifact-store$/,
  },
  {
    check: 'names',
    of: 'a bucket of an earlier life',
    empty: true,
    answers: {
      's3api head-bucket': (call) =>
        call.input.Bucket === 'shop-packages-111111111111-eu-west-1'
          ? output({ BucketRegion: 'eu-west-1' })
          : undefined,
    },
    says: /shop-packages-111111111111-eu-west-1 \(AWS::S3::Bucket\) exists, while shop-artifact-store does not/,
    toDo: /scripts\/deploy.sh --adopt shop-artifact-store/,
    fails: ['shop-artifact-store'],
  },
  {
    check: 'names',
    of: 'a repository of an earlier life',
    empty: true,
    answers: { 'ecr describe-repositories': output({ repositories: [{ repositoryName: 'shop-container' }] }) },
    says: /shop-container \(AWS::ECR::Repository\) exists/,
    toDo: /--adopt shop-artifact-store/,
    fails: ['shop-artifact-store'],
  },
  {
    check: 'names',
    of: 'a log group of an earlier life',
    empty: true,
    answers: {
      'logs describe-log-groups': (call) =>
        call.account === 'int' && call.input.logGroupNamePrefix === '/shop'
          ? output({ logGroups: [{ logGroupName: '/shop/int/container' }, { logGroupName: '/shop/int/container-2' }] })
          : undefined,
    },
    says: /^\/shop\/int\/container \(AWS::Logs::LogGroup\) exists/,
    toDo: /--adopt shop-int-container-service/,
    fails: ['shop-int-container-service'],
  },
  {
    check: 'names',
    of: 'a queue of an earlier life',
    empty: true,
    answers: {
      'sqs list-queues': inAccount(
        'int',
        output({ QueueUrls: ['https://sqs.eu-west-1.amazonaws.com/222222222222/shop-int-orders'] }),
      ),
    },
    says: /shop-int-orders \(AWS::SQS::Queue\) exists/,
    toDo: /--adopt shop-int-infrastructure/,
    fails: ['shop-int-infrastructure'],
  },
  {
    check: 'names',
    of: 'an alias of an earlier life',
    empty: true,
    answers: {
      'kms list-aliases': output({ Aliases: [{ AliasName: 'alias/shop-live-workload', TargetKeyId: '0a1b2c3d' }] }),
    },
    says: /alias\/shop-live-workload \(AWS::KMS::Alias\) exists/,
    toDo: /^it stands for 0a1b2c3d; once nothing uses that by this name: aws kms delete-alias --alias-name alias\/shop-live-workload/,
    fails: ['shop-live-infrastructure'],
  },
  {
    check: 'names',
    of: 'a role of somebody else',
    empty: true,
    answers: {
      'iam list-roles': inAccount('int', output({ Roles: [roleOf('shop-int-cloudformation-execution')] })),
    },
    says: /^shop-int-cloudformation-execution \(AWS::IAM::Role\) exists, while shop-int-deployment-roles does not/,
    toDo: /find out whose it is: aws iam list-roles .*; delete it if nobody uses it, or take another project/,
    fails: ['shop-int-deployment-roles'],
  },
  {
    check: 'names',
    of: 'a managed policy of somebody else',
    empty: true,
    answers: {
      'iam list-policies': inAccount('int', output({ Policies: [{ PolicyName: 'shop-int-boundary-function' }] })),
    },
    says: /^shop-int-boundary-function \(AWS::IAM::ManagedPolicy\) exists/,
    toDo: /aws iam list-policies --scope Local/,
    fails: ['shop-int-service-roles'],
  },
  {
    check: 'names',
    of: 'a function of somebody else',
    empty: true,
    answers: {
      'lambda list-functions': inAccount('int', output({ Functions: [{ FunctionName: 'shop-int-orders-api' }] })),
    },
    says: /^shop-int-orders-api \(AWS::Lambda::Function\) exists/,
    toDo: /aws lambda list-functions/,
    fails: ['shop-int-infrastructure'],
  },
  {
    check: 'names',
    of: 'a load balancer of somebody else',
    empty: true,
    answers: {
      'elbv2 describe-load-balancers': inAccount(
        'int',
        output({ LoadBalancers: [{ Type: 'application', LoadBalancerName: 'shop-int-lb' }] }),
      ),
    },
    says: /^shop-int-lb \(AWS::ElasticLoadBalancingV2::LoadBalancer\) exists/,
    toDo: /aws elbv2 describe-load-balancers/,
    fails: ['shop-int-container-service'],
  },
  {
    check: 'names',
    of: 'a target group of somebody else',
    empty: true,
    answers: {
      'elbv2 describe-target-groups': inAccount('int', output({ TargetGroups: [{ TargetGroupName: 'shop-int-b' }] })),
    },
    says: /^shop-int-b \(AWS::ElasticLoadBalancingV2::TargetGroup\) exists/,
    toDo: /aws elbv2 describe-target-groups/,
    fails: ['shop-int-container-service'],
  },
  {
    check: 'names',
    of: 'a pipeline of somebody else',
    empty: true,
    answers: { 'codepipeline list-pipelines': output({ pipelines: [{ name: 'ECS-Container-Build-shop' }] }) },
    says: /^ECS-Container-Build-shop \(AWS::CodePipeline::Pipeline\) exists/,
    toDo: /aws codepipeline list-pipelines/,
    fails: ['shop-container-build-pipeline'],
  },
  {
    check: 'quotas',
    of: 'a new account, with few vCPUs',
    answers: { 'service-quotas get-service-quota': quotaOf('int', 'L-3032A538', 6) },
    says: /Fargate On-Demand vCPU resource count: 6 allowed, 24 needed \(shop-int-.*: twice 12 tasks of 1 vCPU/,
    toDo: /aws service-quotas request-service-quota-increase --service-code fargate .* --desired-value 24 /,
  },
  {
    check: 'quotas',
    of: 'no room for another VPC, by the default of AWS',
    empty: true,
    answers: {
      'service-quotas get-service-quota': (call) =>
        call.input.QuotaCode === 'L-F678F1CE' ? { error: 'NoSuchResourceException' } : undefined,
      'service-quotas get-aws-default-service-quota': (call) => output({ Quota: { ...call.input, Value: 5 } }),
      'ec2 describe-vpcs': inAccount('int', output({ Vpcs: Array.from({ length: 5 }, () => ({ VpcId: 'vpc-1' })) })),
    },
    says: /VPCs per Region: 5 allowed, 5 in use and 1 more needed \(for shop-int-infrastructure\)/,
    toDo: /--desired-value 6 /,
    fails: ['shop-int-infrastructure'],
  },
  {
    check: 'quotas',
    of: 'too few addresses for a NAT gateway in every zone',
    empty: true,
    parameters: { NatGateways: 'one-per-zone' },
    answers: {
      'service-quotas get-service-quota': quotaOf('live', 'L-0263D0A3', 5),
      'ec2 describe-addresses': inAccount('live', output({ Addresses: [{ AllocationId: 'a' }, {}, {}] })),
    },
    says: /EC2-VPC Elastic IPs: 5 allowed, 3 in use and 3 more needed/,
    toDo: /--service-code ec2 --quota-code L-0263D0A3 --desired-value 6/,
    fails: ['shop-live-infrastructure'],
  },
  {
    check: 'quotas',
    of: 'no room for another load balancer',
    empty: true,
    answers: {
      'service-quotas get-service-quota': quotaOf('live', 'L-53DA6B97', 1),
      'elbv2 describe-load-balancers': inAccount(
        'live',
        output({ LoadBalancers: [{ Type: 'application' }, { Type: 'network' }] }),
      ),
    },
    says: /Application Load Balancers per Region: 1 allowed, 1 in use and 1 more needed/,
    toDo: /--service-code elasticloadbalancing/,
    fails: ['shop-live-container-service'],
  },
  {
    check: 'quotas',
    of: 'a new account, that may not build',
    answers: {
      'service-quotas get-service-quota': quotaOf('tooling', 'L-9D07B6EF', 0),
    },
    says: /Concurrently running builds for Linux\/Small environment: 0 allowed, 3 needed/,
    toDo: /--service-code codebuild --quota-code L-9D07B6EF --desired-value 3/,
  },
  {
    check: 'concurrency',
    of: 'a new account, with few runs of functions',
    answers: {
      'lambda get-account-settings': inAccount('int', output({ AccountLimit: { ConcurrentExecutions: 5 } })),
    },
    says: /Concurrent executions: 5 allowed, 6 needed/,
    toDo: /--quota-code L-B99A9384 --desired-value 6 /,
  },
  {
    check: 'concurrency',
    of: 'reservations that leave too little',
    parameters: { OrdersApiReservedConcurrency: '20' },
    answers: {
      'lambda get-account-settings': inAccount('live', output({ AccountLimit: { ConcurrentExecutions: 50 } })),
    },
    says: /50 allowed, 120 needed \(20 are reserved, and Lambda keeps 100\)/,
    toDo: /--desired-value 120 /,
    fails: ['shop-live-infrastructure'],
  },
  {
    check: 'concurrency',
    of: 'what functions of others have reserved',
    parameters: { OrdersApiReservedConcurrency: '20' },
    answers: {
      'lambda get-account-settings': inAccount(
        'live',
        output({ AccountLimit: { ConcurrentExecutions: 1000, UnreservedConcurrentExecutions: 60 } }),
      ),
    },
    says: /1000 allowed, 1040 needed \(940 are reserved, 920 of them by other functions, and Lambda keeps 100\)/,
    toDo: /--desired-value 1040 /,
    fails: ['shop-live-infrastructure'],
  },
  {
    check: 'zones',
    of: 'a Region with one zone that will do',
    answers: {
      'ec2 describe-availability-zones': inAccount(
        'int',
        output({ AvailabilityZones: [{ ZoneName: 'eu-west-1a', State: 'available' }] }),
      ),
    },
    says: /this account has no zone eu-west-1b, eu-west-1c, it has eu-west-1a$/,
    toDo: /^take another Region: of this one, eu-west-1a alone offers every service, and a network takes two$/,
    fails: ['shop-int-infrastructure'],
  },
  {
    check: 'zones',
    of: 'a zone without an endpoint',
    answers: {
      'ec2 describe-vpc-endpoint-services': (call) =>
        call.account === 'int'
          ? output({
              ServiceDetails: call.input.ServiceNames.map((ServiceName: string) => ({
                ServiceName,
                ServiceType: [{ ServiceType: 'Interface' }],
                AvailabilityZones: [
                  ...(ServiceName.endsWith('ecr.dkr') ? [] : ['eu-west-1a']),
                  'eu-west-1b',
                  'eu-west-1c',
                ],
              })),
            })
          : undefined,
    },
    says: /shop-int-infrastructure: eu-west-1a does not offer the endpoint com.amazonaws.eu-west-1.ecr.dkr/,
    toDo: /choose fewer or other zones in parameters\/int\/infrastructure.json \(FirstZone, SecondZone, ThirdZone\); every service is offered in eu-west-1b, eu-west-1c/,
    fails: ['shop-int-infrastructure'],
  },
  {
    check: 'zones',
    of: 'a Region without an endpoint',
    answers: {
      'ec2 describe-vpc-endpoint-services': (call) =>
        call.account === 'int' && call.input.ServiceNames.some((name: string) => name.endsWith('ecr.dkr'))
          ? { error: 'InvalidServiceName' }
          : undefined,
    },
    says: /shop-int-infrastructure: no zone offers the endpoint com.amazonaws.eu-west-1.ecr.dkr/,
    toDo: /take another Region/,
    fails: ['shop-int-infrastructure'],
  },
  {
    check: 'zones',
    of: 'a zone that this account does not have',
    answers: {
      'ec2 describe-availability-zones': inAccount(
        'int',
        output({ AvailabilityZones: ['b', 'c'].map((z) => ({ ZoneName: `eu-west-1${z}`, State: 'available' })) }),
      ),
    },
    says: /this account has no zone eu-west-1a, it has eu-west-1b, eu-west-1c/,
    toDo: /choose fewer or other zones/,
    fails: ['shop-int-infrastructure'],
  },
  {
    check: 'service-linked-roles',
    of: 'a role that was never made',
    answers: {
      'iam get-role': (call) =>
        call.account === 'int' && call.input.RoleName === 'AWSServiceRoleForECS'
          ? { error: 'NoSuchEntity' }
          : undefined,
    },
    says: /there is no AWSServiceRoleForECS/,
    toDo: /aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com/,
  },
  {
    check: 'sources',
    of: 'CodeCommit closed to this account',
    answers: { 'codecommit list-repositories': { error: 'OptInRequired', message: 'You need a subscription' } },
    says: /CodeCommit cannot be used in eu-west-1: You need a subscription/,
    toDo: /source: 'connection'/,
    fails: [
      'shop-container-build-pipeline',
      'shop-infrastructure-deployment-pipeline',
      'shop-container-deployment-pipeline',
    ],
  },
  {
    check: 'sources',
    of: 'a repository that is still empty',
    answers: {
      'codecommit get-branch': (call) =>
        call.input.repositoryName === 'ECS-Container-Build-shop' ? { error: 'BranchDoesNotExistException' } : undefined,
    },
    says: /the repository ECS-Container-Build-shop has no branch main/,
    toDo: /scripts\/publish-repositories.sh ECS-Container-Build/,
  },
  {
    check: 'sources',
    of: 'a connection that nobody has completed',
    topology: connected,
    answers: {
      'codeconnections get-connection': output({
        Connection: { ConnectionName: 'github', ConnectionStatus: 'PENDING' },
      }),
    },
    says: /the connection github is PENDING/,
    toDo: /Update pending connection/,
  },
  {
    check: 'pipelines',
    of: 'an execution that failed',
    answers: {
      'codepipeline get-pipeline-state': (call) =>
        call.input.name === 'ECS-Container-Build-shop'
          ? output({ pipelineName: call.input.name, stageStates: [failedStage] })
          : undefined,
    },
    says: /ECS-Container-Build-shop failed in the stage Deploy: Build: Cannot have more than 0 builds in queue/,
    toDo: /aws codepipeline retry-stage-execution --pipeline-name ECS-Container-Build-shop --stage-name Deploy --pipeline-execution-id e1 --retry-mode ALL_ACTIONS/,
  },
  {
    check: 'pipelines',
    of: 'a transition that somebody disabled',
    answers: {
      'codepipeline get-pipeline-state': (call) =>
        call.input.name === 'ECS-Container-Build-shop'
          ? output({
              pipelineName: call.input.name,
              stageStates: [
                { stageName: 'Live', inboundTransitionState: { enabled: false, disabledReason: 'end of year' } },
              ],
            })
          : undefined,
    },
    says: /nothing gets into the stage Live, its transition is disabled: end of year/,
    toDo: /aws codepipeline enable-stage-transition --pipeline-name ECS-Container-Build-shop --stage-name Live --transition-type Inbound/,
  },
  {
    check: 'rules',
    of: 'targets that EventBridge could not reach',
    answers: {
      'cloudwatch get-metric-data': (call) =>
        output({
          MetricDataResults: call.input.MetricDataQueries.map(({ Id }: { Id: string }, index: number) => ({
            Id,
            StatusCode: 'Complete',
            Values: index === 0 ? [2, 1] : [],
          })),
        }),
    },
    says: /failed to reach its target 3 times in 24 hours/,
    toDo: /compare the policies/,
  },
  {
    check: 'subscriptions',
    of: 'approvers who have not confirmed',
    answers: {
      'sns list-subscriptions-by-topic': inAccount(
        'tooling',
        output({
          Subscriptions: [
            { SubscriptionArn: 'PendingConfirmation', Protocol: 'email', Endpoint: 'approvers@example.com' },
          ],
        }),
      ),
    },
    says: /approvers@example.com has not confirmed the subscription of /,
    toDo: /confirm it with the link of AWS's mail; for another mail: aws sns subscribe --topic-arn \S+ --protocol email/,
  },
  {
    check: 'subscriptions',
    of: 'approvers who unsubscribed',
    answers: { 'sns list-subscriptions-by-topic': inAccount('tooling', output({ Subscriptions: [] })) },
    says: /approvers@example.com is not subscribed to /,
    toDo: /aws sns subscribe/,
  },
  {
    check: 'principals',
    of: 'a key that was opened to a role that is gone',
    answers: {
      'kms get-key-policy': inAccount('tooling', output({ Policy: withPrincipal('AROAEXAMPLEEXAMPLE111') })),
    },
    says: /the policy of \S+ \(AWS::KMS::Key\) names AROAEXAMPLEEXAMPLE111, who was deleted/,
    toDo: /aws kms put-key-policy/,
  },
  {
    check: 'principals',
    of: 'a bucket that was opened to a user who is gone',
    answers: {
      's3api get-bucket-policy': (call) =>
        call.input.Bucket === 'shop-packages-111111111111-eu-west-1'
          ? output({ Policy: withPrincipal('AIDAEXAMPLEEXAMPLE111') })
          : undefined,
    },
    says: /the policy of shop-packages-111111111111-eu-west-1 \(AWS::S3::Bucket\) names AIDAEXAMPLEEXAMPLE111/,
    toDo: /aws s3api put-bucket-policy/,
  },
  {
    check: 'principals',
    of: 'a repository that was opened to a role that is gone',
    answers: { 'ecr get-repository-policy': output({ policyText: withPrincipal('AROAEXAMPLEEXAMPLE111') }) },
    says: /\(AWS::ECR::Repository\) names AROAEXAMPLEEXAMPLE111/,
    toDo: /aws ecr set-repository-policy/,
  },
  {
    check: 'principals',
    of: 'a topic that was opened to a role that is gone',
    answers: {
      'sns get-topic-attributes': inAccount(
        'tooling',
        output({ Attributes: { Policy: withPrincipal('AROAEXAMPLEEXAMPLE111') } }),
      ),
    },
    says: /\(AWS::SNS::Topic\) names AROAEXAMPLEEXAMPLE111/,
    toDo: /aws sns set-topic-attributes/,
  },
  {
    check: 'principals',
    of: 'a queue that was opened to a role that is gone',
    answers: {
      'sqs get-queue-attributes': (call) =>
        call.account === 'int' && call.input.QueueUrl.endsWith('shop-int-orders')
          ? output({ Attributes: { Policy: withPrincipal('AROAEXAMPLEEXAMPLE111') } })
          : undefined,
    },
    says: /\(AWS::SQS::Queue\) names AROAEXAMPLEEXAMPLE111/,
    toDo: /aws sqs set-queue-attributes/,
  },
  {
    check: 'principals',
    of: 'a function that was opened to a role that is gone',
    answers: {
      'lambda get-policy': (call) =>
        call.input.FunctionName === 'shop-int-orders-api'
          ? output({
              Policy: JSON.stringify({
                Statement: [{ Sid: 'Invoke', Effect: 'Allow', Principal: { AWS: 'AROAEXAMPLEEXAMPLE111' } }],
              }),
            })
          : undefined,
    },
    says: /the policy of shop-int-orders-api \(AWS::Lambda::Function\) names AROAEXAMPLEEXAMPLE111/,
    toDo: /aws lambda remove-permission --function-name shop-int-orders-api --statement-id Invoke/,
  },
  {
    check: 'principals',
    of: 'a role that trusts a role that is gone',
    answers: {
      'iam list-roles': inAccount(
        'int',
        output({
          Roles: [
            {
              ...roleOf('shop-int-cloudformation-action'),
              AssumeRolePolicyDocument: withPrincipal('AROAEXAMPLEEXAMPLE111'),
            },
          ],
        }),
      ),
    },
    says: /the trust of the role shop-int-cloudformation-action names AROAEXAMPLEEXAMPLE111/,
    toDo: /aws iam update-assume-role-policy/,
  },
  {
    check: 'certificates',
    of: 'a certificate that expires',
    parameters: { CertificateArn: certificate },
    answers: {
      'acm describe-certificate': inAccount(
        'live',
        output({
          Certificate: {
            Status: 'ISSUED',
            NotAfter: '2026-12-06T12:00:00Z',
            RenewalSummary: {
              RenewalStatus: 'PENDING_VALIDATION',
              RenewalStatusReason: 'ADDITIONAL_VERIFICATION_REQUIRED',
              DomainValidationOptions: [{ DomainName: 'example.com' }],
              UpdatedAt: '2026-11-01T00:00:00Z',
            },
          },
        }),
      ),
    },
    says: /expires in 10 days; its renewal: PENDING_VALIDATION ADDITIONAL_VERIFICATION_REQUIRED/,
    toDo: /see to the records of the domain/,
  },
  {
    check: 'certificates',
    of: 'a certificate that was never issued',
    parameters: { CertificateArn: certificate },
    answers: {
      'acm describe-certificate': inAccount('live', output({ Certificate: { Status: 'PENDING_VALIDATION' } })),
    },
    says: /is PENDING_VALIDATION/,
    toDo: /prove that you own the domain/,
    fails: ['shop-live-container-service'],
  },
  {
    check: 'protection',
    of: 'a stack of production that anybody may delete',
    answers: {
      'cloudformation describe-stacks': changedStack('shop-live-deployment-roles', {
        EnableTerminationProtection: false,
      }),
    },
    says: /shop-live-deployment-roles has no termination protection/,
    toDo: /update-termination-protection --enable-termination-protection --stack-name shop-live-deployment-roles/,
  },
];
