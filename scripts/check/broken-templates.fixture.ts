// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of CloudFormation, not of TypeScript
import type { Tool } from './finding';

/**
 * Faults, each put into a generated template on its own, and the rule that has to refuse it. They are changes of what is
 * generated now, so that they stay faults of the templates as these change.
 */

/** A value of a template that may be changed. */
// biome-ignore lint/suspicious/noExplicitAny: a fault may be anywhere and of any form
type Editable = any;

/** A template that may be changed. */
export interface EditableTemplate {
  readonly Resources: Record<string, Editable>;
  readonly [section: string]: Editable;
}

/** One fault. */
export interface BrokenTemplate {
  readonly what: string;
  /** The generated template that gets it: `tooling/artifact-store`. */
  readonly template: string;
  readonly break: (template: EditableTemplate) => void;
  readonly tool: Tool;
  /** All that the tool has to say. */
  readonly rules: readonly string[];
  /** What cfn-nag says of it; nothing unless given. Held against the real one where it is installed. */
  readonly cfnNag?: readonly string[];
}

/** The properties of the first resource of a type, or of the one whose id is given. */
function propertiesOf({ Resources }: EditableTemplate, type: string, id?: string): Editable {
  const found = Object.entries(Resources).find(([key, { Type }]) => Type === type && (id ?? key) === key);
  if (found === undefined) {
    throw new Error(
      `the template has no ${type}${id === undefined ? '' : ` ${id}`} any more: give the fault to another`,
    );
  }
  return found[1].Properties;
}

/** The statement with a Sid, of any policy. */
function statement(template: EditableTemplate, sid: string): Editable {
  const search = (node: Editable): Editable => {
    if (typeof node !== 'object' || node === null) {
      return undefined;
    }
    if (node.Sid === sid) {
      return node;
    }
    for (const value of Object.values(node)) {
      const found = search(value);
      if (found !== undefined) {
        return found;
      }
    }
    return undefined;
  };
  const found = search(template.Resources);
  if (found === undefined) {
    throw new Error(`the template has no statement ${sid} any more: give the fault to another`);
  }
  return found;
}

/** The properties of a pipeline. */
const pipeline = (template: EditableTemplate) => propertiesOf(template, 'AWS::CodePipeline::Pipeline');

const store = 'tooling/artifact-store';
const build = 'tooling/container-build-pipeline';
const roles = 'environment/deployment-roles';
const infrastructure = 'environment/infrastructure';
const service = 'environment/container-service';

export const brokenTemplates: readonly BrokenTemplate[] = [
  // What CloudFormation would refuse, or fail on.
  {
    what: 'a value that is not allowed',
    template: build,
    break: (it) => {
      pipeline(it).PipelineType = 'V3';
    },
    tool: 'cfn-lint',
    rules: ['E3030'],
  },
  {
    what: 'an artifact that no action makes',
    template: build,
    break: (it) => {
      pipeline(it).Stages[1].Actions[0].InputArtifacts = [{ Name: 'Nothing' }];
    },
    tool: 'cfn-lint',
    rules: ['E3701'],
  },
  {
    what: 'resources that wait for each other',
    template: store,
    break: ({ Resources }) => {
      Resources.ArtifactKey.DependsOn = 'ArtifactBucket';
    },
    tool: 'cfn-lint',
    rules: ['E3004'],
  },
  {
    what: 'a reference to nothing',
    template: store,
    break: (it) => {
      propertiesOf(it, 'AWS::KMS::Alias').TargetKeyId = { Ref: 'NoKey' };
    },
    tool: 'cfn-lint',
    rules: ['E1020'],
    cfnNag: ['FATAL'],
  },
  {
    what: 'an attribute that a resource does not have',
    template: store,
    break: (it) => {
      propertiesOf(it, 'AWS::ECR::Repository').EncryptionConfiguration.KmsKey = { 'Fn::GetAtt': 'ArtifactKey.Name' };
    },
    tool: 'cfn-lint',
    rules: ['E1010'],
  },
  {
    what: 'a misspelt property',
    template: infrastructure,
    break: (it) => {
      propertiesOf(it, 'AWS::Lambda::Function').Tiemout = 10;
    },
    tool: 'cfn-lint',
    rules: ['E3002'],
  },
  {
    what: 'a property that is missing',
    template: service,
    break: (it) => {
      delete propertiesOf(it, 'AWS::ECS::TaskDefinition').ContainerDefinitions[0].Image;
    },
    tool: 'cfn-lint',
    rules: ['E3003'],
  },
  {
    what: 'a type of resources that does not exist',
    template: service,
    break: ({ Resources }) => {
      Resources.ServiceCluster.Type = 'AWS::ECS::Klaster';
    },
    tool: 'cfn-lint',
    rules: ['E3006'],
  },
  {
    what: 'a parameter that nothing uses',
    template: store,
    break: ({ Parameters }) => {
      Parameters.Unused = { Type: 'String' };
    },
    tool: 'cfn-lint',
    rules: ['W2001'],
  },
  {
    what: 'a policy of the wrong kind: an identity policy with a principal',
    template: roles,
    break: (it) => {
      statement(it, 'UpdateFunctionCode').Principal = { Service: 'lambda.amazonaws.com' };
    },
    tool: 'cfn-lint',
    rules: ['E3510'],
  },
  {
    what: 'text where a number belongs',
    template: build,
    break: (it) => {
      propertiesOf(it, 'AWS::CodeBuild::Project').TimeoutInMinutes = 'half an hour';
    },
    tool: 'cloudformation-validate',
    rules: ['F3012'],
  },
  {
    what: 'a condition that is not declared',
    template: service,
    break: ({ Resources }) => {
      Resources.HttpsListener.Condition = 'Encrypted';
    },
    tool: 'cloudformation-validate',
    rules: ['E8002'],
  },
  // What AWS advises against.
  {
    what: 'a public bucket',
    template: store,
    break: (it) => {
      propertiesOf(it, 'AWS::S3::Bucket', 'PackageBucket').PublicAccessBlockConfiguration.BlockPublicPolicy = false;
    },
    tool: 'guard',
    rules: ['CT.S3.PR.1'],
  },
  {
    what: 'a bucket that forgets what is overwritten',
    template: store,
    break: (it) => {
      delete propertiesOf(it, 'AWS::S3::Bucket', 'PackageBucket').VersioningConfiguration;
    },
    tool: 'guard',
    rules: ['CT.S3.PR.11'],
  },
  {
    what: 'a key that never rotates',
    template: infrastructure,
    break: (it) => {
      propertiesOf(it, 'AWS::KMS::Key').EnableKeyRotation = false;
    },
    tool: 'guard',
    rules: ['CT.KMS.PR.1'],
    cfnNag: ['F19'],
  },
  {
    what: 'images that nobody scans',
    template: store,
    break: (it) => {
      delete propertiesOf(it, 'AWS::ECR::Repository').ImageScanningConfiguration;
    },
    tool: 'guard',
    rules: ['CT.ECR.PR.2'],
    cfnNag: ['W79'],
  },
  {
    what: 'tasks with public addresses',
    template: service,
    break: (it) => {
      propertiesOf(it, 'AWS::ECS::Service').NetworkConfiguration.AwsvpcConfiguration.AssignPublicIp = 'ENABLED';
    },
    tool: 'guard',
    rules: ['CT.ECS.PR.9'],
  },
  {
    what: 'a queue in the clear',
    template: infrastructure,
    break: (it) => {
      delete propertiesOf(it, 'AWS::SQS::Queue', 'OrdersQueue').KmsMasterKeyId;
    },
    tool: 'guard',
    rules: ['CT.SQS.PR.2'],
    cfnNag: ['W48'],
  },
  {
    what: 'a topic in the clear',
    template: store,
    break: (it) => {
      delete propertiesOf(it, 'AWS::SNS::Topic').KmsMasterKeyId;
    },
    tool: 'cdk-nag',
    rules: ['NIST.800.53.R5-SNSEncryptedKMS'],
    cfnNag: ['W47'],
  },
  {
    what: 'SSH from everywhere',
    template: infrastructure,
    break: (it) => {
      propertiesOf(it, 'AWS::EC2::SecurityGroup', 'TaskSecurityGroup').SecurityGroupIngress = [
        { Description: 'Everybody', IpProtocol: 'tcp', FromPort: 22, ToPort: 22, CidrIp: '0.0.0.0/0' },
      ];
    },
    tool: 'cdk-nag',
    rules: ['AwsSolutions-EC23', 'NIST.800.53.R5-EC2RestrictedSSH'],
    cfnNag: ['W2', 'W9'],
  },
  {
    what: 'a network that nobody watches',
    template: infrastructure,
    break: ({ Resources }) => {
      delete Resources.NetworkFlowLog;
    },
    tool: 'cdk-nag',
    rules: ['AwsSolutions-VPC7', 'NIST.800.53.R5-VPCFlowLogsEnabled'],
    cfnNag: ['W60'],
  },
  {
    what: 'a load balancer without access logs',
    template: service,
    break: (it) => {
      const balancer = propertiesOf(it, 'AWS::ElasticLoadBalancingV2::LoadBalancer');
      balancer.LoadBalancerAttributes = balancer.LoadBalancerAttributes.filter(
        ({ Key }: { Key: string }) => !Key.startsWith('access_logs.'),
      );
    },
    tool: 'cdk-nag',
    rules: ['AwsSolutions-ELB2', 'NIST.800.53.R5-ELBLoggingEnabled'],
    cfnNag: ['W52'],
  },
  // What no scanner finds.
  {
    what: 'a role that everyone may assume',
    template: roles,
    break: (it) => {
      statement(it, 'AssumedByRole').Principal = '*';
    },
    tool: 'rules',
    rules: ['principals-are-accounts-or-services'],
  },
  {
    what: 'a role that every AWS account may assume',
    template: roles,
    break: (it) => {
      statement(it, 'AssumedByRole').Principal = { AWS: '*' };
    },
    tool: 'rules',
    rules: ['principals-are-accounts-or-services'],
  },
  {
    what: 'a trust in a role that may be created anew',
    template: roles,
    break: (it) => {
      statement(it, 'AssumedByRole').Principal.AWS = {
        'Fn::Sub': 'arn:${AWS::Partition}:iam::${ToolingAccountId}:role/pipeline',
      };
    },
    tool: 'rules',
    rules: ['principals-are-accounts-or-services'],
  },
  {
    what: 'a trust in a whole account',
    template: roles,
    break: (it) => {
      delete statement(it, 'AssumedByRole').Condition;
    },
    tool: 'rules',
    rules: ['cross-account-grants-name-roles'],
  },
  {
    what: 'a trust in every role of an account',
    template: roles,
    break: (it) => {
      statement(it, 'AssumedByRole').Condition = {
        ArnLike: { 'aws:PrincipalArn': { 'Fn::Sub': 'arn:${AWS::Partition}:iam::${ToolingAccountId}:role/*' } },
      };
    },
    tool: 'rules',
    rules: ['cross-account-grants-name-roles'],
  },
  {
    what: 'a bucket that whole accounts may read',
    template: store,
    break: (it) => {
      delete statement(it, 'PackageRolesRead').Condition;
    },
    tool: 'rules',
    rules: ['cross-account-grants-name-roles'],
  },
  {
    what: 'a key that whole accounts may use',
    template: store,
    break: (it) => {
      delete statement(it, 'PackageRolesDecrypt').Condition;
    },
    tool: 'rules',
    rules: ['cross-account-grants-name-roles'],
  },
  {
    what: 'images that whole accounts may pull',
    template: store,
    break: (it) => {
      delete statement(it, 'EnvironmentsPullImages').Condition;
    },
    tool: 'rules',
    rules: ['cross-account-grants-name-roles'],
  },
  {
    what: 'a role that a service may use for anybody',
    template: build,
    break: (it) => {
      delete statement(it, 'AssumedByService').Condition;
    },
    tool: 'rules',
    rules: ['service-grants-name-their-source'],
  },
  {
    what: 'a topic that a service may publish to for anybody',
    template: store,
    break: (it) => {
      delete statement(it, 'AlarmsPublish').Condition;
    },
    tool: 'rules',
    rules: ['service-grants-name-their-source'],
  },
  {
    what: 'a wildcard for actions',
    template: roles,
    break: (it) => {
      statement(it, 'UpdateFunctionCode').Action = ['lambda:*'];
    },
    tool: 'rules',
    rules: ['actions-are-named'],
    cfnNag: ['F5'],
  },
  {
    what: 'an action on everything',
    template: roles,
    break: (it) => {
      statement(it, 'UpdateFunctionCode').Resource = '*';
    },
    tool: 'rules',
    rules: ['wildcard-resources-are-needed'],
    cfnNag: ['W13'],
  },
  {
    what: 'a role that may be passed to any service',
    template: roles,
    break: (it) => {
      delete statement(it, 'PassExecutionRoles').Condition;
    },
    tool: 'rules',
    rules: ['passed-roles-are-named'],
  },
  {
    what: 'any role that may be passed',
    template: roles,
    break: (it) => {
      statement(it, 'PassExecutionRoles').Resource = {
        'Fn::Sub': 'arn:${AWS::Partition}:iam::${AWS::AccountId}:role/*',
      };
    },
    tool: 'rules',
    rules: ['passed-roles-are-named'],
  },
  {
    what: 'a bucket that answers plain HTTP',
    template: store,
    break: (it) => {
      const { PolicyDocument } = propertiesOf(it, 'AWS::S3::BucketPolicy', 'PackageBucketPolicy');
      PolicyDocument.Statement = PolicyDocument.Statement.filter(
        ({ Sid }: { Sid: string }) => Sid !== 'DenyInsecureTransport',
      );
    },
    tool: 'rules',
    rules: ['buckets-refuse-plain-http'],
  },
  {
    what: 'a bucket whose objects can be had by plain HTTP',
    template: infrastructure,
    break: (it) => {
      statement(it, 'DenyInsecureTransport').Resource = { 'Fn::GetAtt': 'LogBucket.Arn' };
    },
    tool: 'rules',
    rules: ['buckets-refuse-plain-http'],
  },
  {
    what: 'a pipeline that polls',
    template: build,
    break: (it) => {
      delete pipeline(it).Stages[0].Actions[0].Configuration.PollForSourceChanges;
    },
    tool: 'rules',
    rules: ['pipelines-do-not-poll'],
  },
  {
    what: 'a pipeline that does not encrypt with the key',
    template: build,
    break: (it) => {
      delete pipeline(it).ArtifactStore.EncryptionKey;
    },
    tool: 'rules',
    rules: ['pipelines-encrypt-with-the-key'],
  },
  {
    what: 'a key by its alias, which other accounts cannot resolve',
    template: build,
    break: (it) => {
      pipeline(it).ArtifactStore.EncryptionKey.Id = 'alias/route-to-live-artifacts';
    },
    tool: 'rules',
    rules: ['pipelines-encrypt-with-the-key'],
  },
  {
    what: 'a build that does not encrypt with the key',
    template: build,
    break: (it) => {
      delete propertiesOf(it, 'AWS::CodeBuild::Project').EncryptionKey;
    },
    tool: 'rules',
    rules: ['pipelines-encrypt-with-the-key'],
    cfnNag: ['W32'],
  },
  {
    what: 'a workload role that a service may use for anybody',
    template: service,
    break: (it) => {
      delete statement(it, 'AssumedByService').Condition;
    },
    tool: 'rules',
    rules: ['service-grants-name-their-source'],
  },
  {
    what: 'a key that its creator could not administer',
    template: infrastructure,
    break: (it) => {
      statement(it, 'CreatorManagesKey').Principal = statement(it, 'OwnerAdministersKey').Principal;
    },
    tool: 'rules',
    rules: ['keys-obey-their-creators'],
  },
  {
    what: 'power over keys by their tags',
    template: roles,
    break: (it) => {
      Object.assign(statement(it, 'TagNewKeys'), {
        Action: 'kms:PutKeyPolicy',
        Condition: { StringEquals: { 'aws:ResourceTag/Project': 'route-to-live' } },
      });
    },
    tool: 'rules',
    rules: ['access-does-not-wait-for-tags'],
  },
  {
    what: 'an account id',
    template: roles,
    break: ({ Parameters }) => {
      Parameters.ToolingAccountId.Default = '111111111111';
    },
    tool: 'rules',
    rules: ['templates-hold-no-account-ids'],
  },
  {
    what: 'a role of a workload without the boundary',
    template: infrastructure,
    break: (it) => {
      delete propertiesOf(it, 'AWS::IAM::Role').PermissionsBoundary;
    },
    tool: 'rules',
    rules: ['workload-roles-have-the-boundary'],
  },
  {
    what: 'a bucket that goes with its stack',
    template: store,
    break: ({ Resources }) => {
      Resources.PackageBucket.DeletionPolicy = 'Delete';
    },
    tool: 'rules',
    rules: ['stateful-resources-are-retained'],
  },
  {
    what: 'a log group that is lost when it is replaced',
    template: build,
    break: ({ Resources }) => {
      delete Resources.BuildImageLogs.UpdateReplacePolicy;
    },
    tool: 'rules',
    rules: ['stateful-resources-are-retained'],
  },
  {
    what: 'an action that does not exist',
    template: build,
    break: (it) => {
      statement(it, 'WriteLogs').Action.push('logs:PutLogEvent');
    },
    tool: 'rules',
    rules: ['iam-actions-exist'],
  },
  {
    what: 'a condition key that does not exist',
    template: roles,
    break: (it) => {
      const { Condition } = statement(it, 'PassExecutionRoles');
      Condition.ArnEquals = { 'iam:AssociatedResource': '*' };
    },
    tool: 'rules',
    rules: ['iam-condition-keys-exist'],
  },
  {
    what: 'a condition that never holds',
    template: roles,
    break: (it) => {
      statement(it, 'UpdateFunctionCode').Condition = {
        StringEquals: { 'iam:PassedToService': 'lambda.amazonaws.com' },
      };
    },
    tool: 'rules',
    rules: ['iam-condition-keys-exist'],
  },
  {
    what: 'an action on what it does not work on',
    template: roles,
    break: (it) => {
      statement(it, 'ReadPackages').Action.push('s3:ListBucket');
    },
    tool: 'rules',
    rules: ['iam-resources-fit-actions'],
  },
  {
    what: 'a rule of a security group for a range of ports',
    template: infrastructure,
    break: (it) => {
      propertiesOf(it, 'AWS::EC2::SecurityGroup', 'EndpointSecurityGroup').SecurityGroupEgress[0].ToPort = 444;
    },
    tool: 'rules',
    rules: ['security-group-rules-open-one-port'],
    cfnNag: ['W29'],
  },
  {
    what: 'a name without a reason',
    template: store,
    break: ({ Resources }) => {
      delete Resources.ImageRepository.Metadata.cfn_nag;
    },
    tool: 'rules',
    rules: ['explicit-names-have-a-reason'],
    cfnNag: ['W28'],
  },
  {
    what: 'a suppression that says nothing',
    template: store,
    break: ({ Resources }) => {
      Resources.ImageRepository.Metadata.suppressed[0].reason = 'n/a';
    },
    tool: 'guard',
    rules: ['suppressions-give-a-reason'],
  },
  {
    what: 'a suppression behind the back of the check',
    template: store,
    break: ({ Resources }) => {
      Resources.ArtifactBucket.Metadata['cfn-lint'] = { config: { ignore_checks: ['E3030'] } };
    },
    tool: 'rules',
    rules: ['suppressions-give-a-reason'],
  },
  {
    what: 'a suppression that nothing needs',
    template: store,
    break: ({ Resources }) => {
      Resources.ArtifactBucket.Metadata.suppressed[0].guard.push('CT.S3.PR.1');
    },
    tool: 'guard',
    rules: ['suppressions-are-needed'],
  },
];
