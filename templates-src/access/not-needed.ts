import type { environmentResourceTypes } from '../patterns/environment/execution-permissions';
import type { DeclaredResource } from './case';

/**
 * Actions that AWS's resource schemas name for the handlers of a type, but nothing of this project needs. Handlers are
 * written for every property of a type; the templates use few. So each entry says what makes it true: properties that no
 * resource sets, properties that each sets, or a document. Once a template sets such a property, its actions become
 * needs, and `npm run prove-access` says which permission is missing.
 */

// Names of properties, a slash between them; `*` stands for each entry of a list.
type PropertyPath = string;

/** Actions of the handlers of one type, and why they are not needed. */
export type NotNeeded = { readonly actions: readonly string[] } & (
  | {
      /** True as long as no resource of the type has any of these properties. */
      readonly unless: readonly PropertyPath[];
    }
  | {
      /** True as long as every resource of the type has this property, with this value if it isn't `true`. */
      readonly while: readonly [PropertyPath, string | true];
    }
  | {
      /** True because IAM knows no such action: the operation is allowed by another one. */
      readonly isNoAction: true;
    }
  | {
      /** The document that says so. */
      readonly source: string;
    }
);

/** What is not needed, by the type. */
export const notNeeded: {
  readonly [Type in (typeof environmentResourceTypes)[number]]?: readonly NotNeeded[];
} = {
  'AWS::ApplicationAutoScaling::ScalableTarget': [
    {
      actions: [
        'lambda:DeleteProvisionedConcurrencyConfig',
        'lambda:GetProvisionedConcurrencyConfig',
        'lambda:PutProvisionedConcurrencyConfig',
      ],
      while: ['ServiceNamespace', 'ecs'],
    },
  ],
  'AWS::CodeDeploy::DeploymentGroup': [
    {
      actions: [
        'codedeploy:CreateDeployment',
        'codedeploy:GetApplicationRevision',
        'codedeploy:RegisterApplicationRevision',
        'codedeploy:StopDeployment',
      ],
      unless: ['Deployment'],
    },
    {
      actions: ['codedeploy:RegisterOnPremisesInstance'],
      unless: ['OnPremisesInstanceTagFilters', 'OnPremisesTagSet'],
    },
  ],
  'AWS::EC2::EIP': [
    { actions: ['ec2:AcceptAddressTransfer'], unless: ['TransferAddress'] },
    { actions: ['ec2:AssociateAddress'], unless: ['InstanceId'] },
  ],
  'AWS::EC2::FlowLog': [
    {
      // EC2 asks for these for S3 and Firehose; the handlers call EC2 alone (their source: aws-cloudformation/
      // aws-cloudformation-resource-providers-ec2-flowlog).
      actions: [
        'iam:CreateServiceLinkedRole',
        'logs:CreateLogDelivery',
        'logs:DeleteLogDelivery',
        's3:GetBucketPolicy',
        's3:PutBucketPolicy',
      ],
      while: ['LogDestinationType', 'cloud-watch-logs'],
    },
  ],
  'AWS::EC2::NatGateway': [
    // aws-cloudformation/aws-cloudformation-resource-providers-ec2-nat-gateway, UpdateHandler: tags alone without these.
    {
      actions: ['ec2:AssignPrivateNatGatewayAddress', 'ec2:UnassignPrivateNatGatewayAddress'],
      unless: ['SecondaryPrivateIpAddressCount', 'SecondaryPrivateIpAddresses'],
    },
    {
      actions: ['ec2:AssociateNatGatewayAddress', 'ec2:DisassociateNatGatewayAddress'],
      unless: ['AvailabilityZoneAddresses', 'SecondaryAllocationIds'],
    },
  ],
  'AWS::EC2::Subnet': [
    {
      actions: ['ec2:AssociateSubnetCidrBlock', 'ec2:DisassociateSubnetCidrBlock'],
      unless: ['Ipv6CidrBlock', 'Ipv6IpamPoolId', 'Ipv6Native', 'Ipv6NetmaskLength'],
    },
  ],
  'AWS::EC2::VPC': [
    { actions: ['ec2:CreateVpcEncryptionControl'], unless: ['VpcEncryptionControl'] },
    { actions: ['ec2:ModifyVpcTenancy'], unless: ['InstanceTenancy'] },
  ],
  'AWS::EC2::VPCEndpoint': [
    {
      actions: ['vpc-lattice:CreateServiceNetworkVpcEndpointAssociation'],
      unless: ['ResourceConfigurationArn', 'ServiceNetworkArn'],
    },
    { actions: ['vpc-lattice:DescribeServiceNetworkVpcEndpointAssociation'], isNoAction: true },
    { actions: ['vpce:AllowMultiRegion'], unless: ['ServiceRegion'] },
  ],
  'AWS::EC2::VPCGatewayAttachment': [
    { actions: ['ec2:AttachVpnGateway', 'ec2:DetachVpnGateway'], unless: ['VpnGatewayId'] },
  ],
  'AWS::ECS::Cluster': [
    {
      actions: ['ecs:PutAccountSetting', 'ecs:PutAccountSettingDefault'],
      source:
        'ECS API Reference, "UpdateClusterSettings": settings of a cluster override those of the account, which no ' +
        'property of the type stands for',
    },
    { actions: ['kms:DescribeKey'], unless: ['Configuration'] },
  ],
  'AWS::ECS::Service': [
    { actions: ['ecs:StopServiceDeployment'], while: ['DeploymentController/Type', 'CODE_DEPLOY'] },
  ],
  'AWS::ElasticLoadBalancingV2::Listener': [
    { actions: ['cognito-idp:DescribeUserPoolClient'], unless: ['DefaultActions/*/AuthenticateCognitoConfig'] },
  ],
  'AWS::ElasticLoadBalancingV2::LoadBalancer': [
    { actions: ['elasticloadbalancing:ModifyCapacityReservation'], unless: ['MinimumLoadBalancerCapacity'] },
    { actions: ['elasticloadbalancing:ModifyIpPools'], unless: ['Ipv4IpamPoolId'] },
  ],
  'AWS::ElasticLoadBalancingV2::TargetGroup': [
    {
      actions: ['elasticloadbalancing:DeregisterTargets', 'elasticloadbalancing:RegisterTargets'],
      unless: ['Targets'],
    },
  ],
  'AWS::IAM::Role': [
    { actions: ['iam:AttachRolePolicy', 'iam:DetachRolePolicy'], unless: ['ManagedPolicyArns'] },
    { actions: ['iam:DeleteRolePermissionsBoundary'], while: ['PermissionsBoundary', true] },
  ],
  'AWS::KMS::Key': [
    // aws-cloudformation/aws-cloudformation-resource-providers-kms: disableKeyIfNecessary.
    { actions: ['kms:DisableKey'], unless: ['Enabled'] },
    { actions: ['kms:DisableKeyRotation'], while: ['EnableKeyRotation', 'true'] },
  ],
  'AWS::Lambda::EventSourceMapping': [
    { actions: ['kms:Decrypt', 'kms:DescribeKey', 'kms:GenerateDataKey'], unless: ['KmsKeyArn'] },
  ],
  'AWS::Lambda::Function': [
    {
      // kms:Decrypt is needed: packages are encrypted.
      actions: ['kms:CreateGrant', 'kms:DescribeKey', 'kms:Encrypt', 'kms:GenerateDataKey'],
      unless: ['Code/SourceKMSKeyArn', 'KmsKeyArn'],
    },
    {
      actions: ['elasticfilesystem:DescribeMountTargets', 's3files:ListMountTargets'],
      unless: ['FileSystemConfigs'],
    },
    {
      actions: [
        'lambda:DeleteFunctionCodeSigningConfig',
        'lambda:GetCodeSigningConfig',
        'lambda:PutFunctionCodeSigningConfig',
      ],
      unless: ['CodeSigningConfigArn'],
    },
    // Lambda Developer Guide, "Giving Lambda functions access to resources in an Amazon VPC": of the caller that connects one
    {
      actions: [
        'ec2:DescribeNetworkInterfaces',
        'ec2:DescribeSecurityGroups',
        'ec2:DescribeSubnets',
        'ec2:DescribeVpcs',
      ],
      unless: ['VpcConfig'],
    },
    { actions: ['lambda:AssociateRuntimeAlias'], isNoAction: true },
    { actions: ['lambda:GetLayerVersion'], unless: ['Layers'] },
    { actions: ['lambda:PassCapacityProvider'], unless: ['CapacityProviderConfig'] },
    { actions: ['lambda:PublishVersion'], unless: ['PublishToLatestPublished'] },
    { actions: ['lambda:PutFunctionRecursionConfig'], unless: ['RecursiveLoop'] },
    { actions: ['lambda:PutFunctionScalingConfig'], unless: ['FunctionScalingConfig'] },
    { actions: ['lambda:PutRuntimeManagementConfig'], unless: ['RuntimeManagementConfig'] },
  ],
  'AWS::Logs::LogGroup': [
    { actions: ['firehose:TagDeliveryStream', 'logs:CreateLogDelivery'], unless: ['LogGroupClass'] },
    { actions: ['logs:DeleteIndexPolicy', 'logs:PutIndexPolicy'], unless: ['FieldIndexPolicies'] },
    { actions: ['logs:DeleteResourcePolicy', 'logs:PutResourcePolicy'], unless: ['ResourcePolicyDocument'] },
    { actions: ['logs:PutBearerTokenAuthentication'], unless: ['BearerTokenAuthenticationEnabled'] },
    { actions: ['logs:PutDataProtectionPolicy'], unless: ['DataProtectionPolicy'] },
    { actions: ['logs:PutLogGroupDeletionProtection'], unless: ['DeletionProtectionEnabled'] },
    { actions: ['s3:REST.PUT.OBJECT'], isNoAction: true },
  ],
  'AWS::S3::Bucket': [
    {
      // S3 User Guide, "Required permissions for Amazon S3 API operations": allowed by the Put action of the same thing.
      actions: [
        's3:DeleteBucketAnalyticsConfiguration',
        's3:DeleteBucketCors',
        's3:DeleteBucketEncryption',
        's3:DeleteBucketLifecycle',
        's3:DeleteBucketMetricsConfiguration',
        's3:DeleteBucketReplication',
        's3:PutBucketReplication',
        's3:PutObjectLockConfiguration',
      ],
      isNoAction: true,
    },
    {
      actions: [
        's3:CreateBucketMetadataTableConfiguration',
        's3:DeleteBucketMetadataTableConfiguration',
        's3:UpdateBucketMetadataAnnotationTableConfiguration',
        's3:UpdateBucketMetadataInventoryTableConfiguration',
        's3:UpdateBucketMetadataJournalTableConfiguration',
        's3tables:CreateNamespace',
        's3tables:CreateTable',
        's3tables:CreateTableBucket',
        's3tables:GetTable',
        's3tables:GetTableMetadataLocation',
        's3tables:PutTableBucketPolicy',
        's3tables:PutTableEncryption',
        's3tables:PutTablePolicy',
        's3tables:UpdateTableMetadataLocation',
      ],
      unless: ['MetadataConfiguration', 'MetadataTableConfiguration'],
    },
    {
      actions: ['s3:DeleteObject'],
      source:
        'S3 User Guide, "Required permissions for Amazon S3 API operations": DeleteObject alone needs it, and ' +
        'CloudFormation deletes no bucket that holds objects (resource reference of AWS::S3::Bucket)',
    },
    { actions: ['s3:DeleteBucketWebsite', 's3:PutBucketWebsite'], unless: ['WebsiteConfiguration'] },
    { actions: ['s3:PutAccelerateConfiguration'], unless: ['AccelerateConfiguration'] },
    { actions: ['s3:PutAnalyticsConfiguration'], unless: ['AnalyticsConfigurations'] },
    { actions: ['s3:PutBucketAbac'], unless: ['AbacStatus'] },
    { actions: ['s3:PutBucketAcl', 's3:PutObjectAcl'], unless: ['AccessControl'] },
    { actions: ['s3:PutBucketCORS'], unless: ['CorsConfiguration'] },
    { actions: ['s3:PutBucketLogging'], unless: ['LoggingConfiguration'] },
    { actions: ['s3:PutBucketNotification'], unless: ['NotificationConfiguration'] },
    {
      actions: ['s3:PutBucketObjectLockConfiguration'],
      unless: ['ObjectLockConfiguration', 'ObjectLockEnabled'],
    },
    { actions: ['s3:PutIntelligentTieringConfiguration'], unless: ['IntelligentTieringConfigurations'] },
    { actions: ['s3:PutInventoryConfiguration'], unless: ['InventoryConfigurations'] },
    { actions: ['s3:PutMetricsConfiguration'], unless: ['MetricsConfigurations'] },
    { actions: ['s3:PutReplicationConfiguration'], unless: ['ReplicationConfiguration'] },
  ],
};

/** The part of a resource that decides. */
type Resource = Pick<DeclaredResource, 'type' | 'properties'>;

/** What a type's handlers name and its resources don't need, as these are. */
export function notNeededFor(
  type: (typeof environmentResourceTypes)[number],
  resources: readonly Resource[],
): ReadonlySet<string> {
  const ofType = resources.filter((resource) => resource.type === type);
  const entries = notNeeded[type] ?? [];
  return new Set(
    entries.filter((entry) => ofType.every((resource) => holds(entry, resource))).flatMap(({ actions }) => actions),
  );
}

function holds(entry: NotNeeded, { properties }: Resource): boolean {
  if ('unless' in entry) {
    return entry.unless.every((path) => valuesAt(properties, path.split('/')).length === 0);
  }
  if ('while' in entry) {
    const [path, expected] = entry.while;
    const values = valuesAt(properties, path.split('/'));
    return values.length > 0 && (expected === true || values.every((value) => String(value) === expected));
  }
  return true;
}

function valuesAt(value: unknown, [name, ...rest]: readonly string[]): readonly unknown[] {
  if (name === undefined) {
    return value === undefined ? [] : [value];
  }
  if (typeof value !== 'object' || value === null) {
    return [];
  }
  const next = name === '*' ? Object.values(value) : [(value as Readonly<Record<string, unknown>>)[name]];
  return next.flatMap((each) => valuesAt(each, rest));
}
