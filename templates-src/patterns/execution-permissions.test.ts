import { execFileSync } from 'node:child_process';
import { beforeAll, expect, test } from 'vitest';
import { compile } from '../dsl/compile';
import { Reference } from '../dsl/intrinsics';
import type { Template } from '../dsl/template';
import containerService from '../templates/environment/container-service';
import deploymentRoles from '../templates/environment/deployment-roles';
import infrastructure from '../templates/environment/infrastructure';
import { topology } from '../topology';
import { environmentResourceTypes, executionPermissions } from './execution-permissions';

/**
 * Actions that handlers name but nothing of this project needs, by the reason. Handlers are written for every property
 * of a type; the templates use few. Whoever uses another property removes its actions here and allows them.
 */
const notNeeded: Readonly<Record<string, readonly string[]>> = {
  'deployments are started by the pipeline, not by the property Deployment': [
    'codedeploy:CreateDeployment',
    'codedeploy:GetApplicationRevision',
    'codedeploy:RegisterApplicationRevision',
    'codedeploy:RegisterOnPremisesInstance',
    'codedeploy:StopDeployment',
  ],
  'no listener authenticates users': ['cognito-idp:DescribeUserPoolClient'],
  'addresses belong to NAT gateways, which keep theirs until they are deleted': [
    'ec2:AcceptAddressTransfer',
    'ec2:AssignPrivateNatGatewayAddress',
    'ec2:AssociateAddress',
    'ec2:AssociateNatGatewayAddress',
    'ec2:DisassociateNatGatewayAddress',
    'ec2:UnassignPrivateNatGatewayAddress',
  ],
  'the network has neither IPv6 nor VPN, encryption control or dedicated tenancy': [
    'ec2:AssociateSubnetCidrBlock',
    'ec2:AttachVpnGateway',
    'ec2:CreateVpcEncryptionControl',
    'ec2:DetachVpnGateway',
    'ec2:DisassociateSubnetCidrBlock',
    'ec2:ModifyVpcTenancy',
  ],
  'endpoints are those of AWS services in this Region': [
    'vpc-lattice:CreateServiceNetworkVpcEndpointAssociation',
    'vpc-lattice:DescribeServiceNetworkVpcEndpointAssociation',
    'vpce:AllowMultiRegion',
  ],
  'no template changes settings of the account': ['ecs:PutAccountSetting', 'ecs:PutAccountSettingDefault'],
  'CodeDeploy and not ECS deploys the service': ['ecs:StopServiceDeployment'],
  'ECS registers the targets': ['elasticloadbalancing:DeregisterTargets', 'elasticloadbalancing:RegisterTargets'],
  'the load balancer has neither reserved capacity nor address pools, and stays IPv4': [
    'elasticloadbalancing:ModifyCapacityReservation',
    'elasticloadbalancing:ModifyIpPools',
    'elasticloadbalancing:SetIpAddressType',
  ],
  'workload roles have inline policies only, and never lose their boundary': [
    'iam:AttachRolePolicy',
    'iam:DeleteRolePermissionsBoundary',
    'iam:DetachRolePolicy',
  ],
  'the key is neither disabled nor without rotation': ['kms:DisableKey', 'kms:DisableKeyRotation'],
  'environment variables and filters of functions are encrypted by the key of Lambda': [
    'kms:CreateGrant',
    'kms:Encrypt',
    'kms:GenerateDataKey',
  ],
  'functions are plain packages: no layers, file systems, code signing, versions or capacity of their own': [
    'elasticfilesystem:DescribeMountTargets',
    'lambda:AssociateRuntimeAlias',
    'lambda:DeleteFunctionCodeSigningConfig',
    'lambda:DeleteProvisionedConcurrencyConfig',
    'lambda:GetCodeSigningConfig',
    'lambda:GetLayerVersion',
    'lambda:GetProvisionedConcurrencyConfig',
    'lambda:PassCapacityProvider',
    'lambda:PublishVersion',
    'lambda:PutFunctionCodeSigningConfig',
    'lambda:PutFunctionRecursionConfig',
    'lambda:PutFunctionScalingConfig',
    'lambda:PutProvisionedConcurrencyConfig',
    'lambda:PutRuntimeManagementConfig',
    's3files:ListMountTargets',
  ],
  'log groups have neither data protection nor indexes or policies of their own': [
    'logs:DeleteDataProtectionPolicy',
    'logs:DeleteIndexPolicy',
    'logs:DeleteResourcePolicy',
    'logs:PutBearerTokenAuthentication',
    'logs:PutDataProtectionPolicy',
    'logs:PutIndexPolicy',
    'logs:PutLogGroupDeletionProtection',
    'logs:PutResourcePolicy',
  ],
  'logs are delivered to log groups through a role, not to S3 or Firehose': [
    'firehose:TagDeliveryStream',
    'logs:CreateLogDelivery',
    'logs:DeleteLogDelivery',
    's3:REST.PUT.OBJECT',
  ],
  'the one bucket holds access logs and has no other feature than its template says': [
    's3:CreateBucketMetadataTableConfiguration',
    's3:DeleteBucketAnalyticsConfiguration',
    's3:DeleteBucketCors',
    's3:DeleteBucketEncryption',
    's3:DeleteBucketLifecycle',
    's3:DeleteBucketMetadataTableConfiguration',
    's3:DeleteBucketMetricsConfiguration',
    's3:DeleteBucketReplication',
    's3:DeleteBucketWebsite',
    's3:DeleteObject',
    's3:PutAccelerateConfiguration',
    's3:PutAnalyticsConfiguration',
    's3:PutBucketAbac',
    's3:PutBucketAcl',
    's3:PutBucketCORS',
    's3:PutBucketLogging',
    's3:PutBucketNotification',
    's3:PutBucketObjectLockConfiguration',
    's3:PutBucketReplication',
    's3:PutBucketWebsite',
    's3:PutIntelligentTieringConfiguration',
    's3:PutInventoryConfiguration',
    's3:PutMetricsConfiguration',
    's3:PutObjectAcl',
    's3:PutObjectLockConfiguration',
    's3:PutReplicationConfiguration',
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
};

/** Actions beside those of handlers, by the reason. */
const neededBesides: Readonly<Record<string, readonly string[]>> = {
  '!GetAZs asks for the zones as the role that creates the stack': ['ec2:DescribeAvailabilityZones'],
};

/** Prints the permissions of the handlers of types, from the resource schemas that cfn-lint brings along. */
const readHandlers = `
import json, pathlib, sys
import cfnlint
wanted = set(sys.argv[1:])
found = {}
for path in (pathlib.Path(cfnlint.__file__).parent / 'data/schemas/resources').glob('*.json'):
    schema = json.loads(path.read_text(encoding='utf-8'))
    if isinstance(schema, dict) and schema.get('typeName') in wanted and schema.get('handlers'):
        handlers = schema['handlers']
        found[schema['typeName']] = sorted({
            permission
            for name, handler in handlers.items() if name != 'list'
            for permission in handler.get('permissions', [])
        })
print(json.dumps(found))
`;

/** A compiled resource, as far as these tests look into it. */
interface CompiledResource {
  readonly Type: string;
  readonly Properties: {
    readonly Policies?: readonly { readonly PolicyDocument: CompiledPolicy }[];
    readonly PolicyDocument?: CompiledPolicy;
  };
}
interface CompiledPolicy {
  readonly Statement: readonly { readonly Action: string | readonly string[] }[];
}

const resourcesOf = (template: Template) =>
  compile(template).Resources as unknown as Readonly<Record<string, CompiledResource>>;
const resources = [infrastructure, containerService].flatMap((make) => Object.values(resourcesOf(make(topology))));
const usedTypes = [...new Set(resources.map(({ Type }) => Type))].sort();

const any = new Reference('Any');
const allowed = new Set<string>(
  Object.values(executionPermissions(topology, { environment: any, artifactKey: any, tooling: any }))
    .flat()
    .flatMap(({ Action }) => Action ?? []),
);

let needed: Readonly<Record<string, readonly string[]>> = {};
beforeAll(() => {
  needed = JSON.parse(execFileSync('python3', ['-c', readHandlers, ...usedTypes], { encoding: 'utf8' }));
});

const exceptions = new Set(Object.values(notNeeded).flat());
const besides = new Set(Object.values(neededBesides).flat());

test('the list of resource types is that of the templates', () => {
  expect([...environmentResourceTypes].sort()).toEqual(usedTypes);
});

test('every type has handlers that say what they need', () => {
  expect(Object.keys(needed).sort()).toEqual(usedTypes);
  expect(Object.entries(needed).filter(([, actions]) => actions.length === 0)).toEqual([]);
});

test('every action that creating, reading, updating and deleting needs is allowed, or has a reason not to be', () => {
  const missing = Object.entries(needed).flatMap(([type, actions]) =>
    actions.filter((action) => !allowed.has(action) && !exceptions.has(action)).map((action) => `${type}: ${action}`),
  );
  expect(missing).toEqual([]);
});

test('no action is allowed that nothing needs', () => {
  const all = new Set(Object.values(needed).flat());
  expect([...allowed].filter((action) => !all.has(action) && !besides.has(action))).toEqual([]);
});

test('no exception is left that a handler no longer names, or that is allowed after all', () => {
  const all = new Set(Object.values(needed).flat());
  expect([...exceptions].filter((action) => !all.has(action) || allowed.has(action))).toEqual([]);
  expect([...besides].filter((action) => all.has(action) || !allowed.has(action))).toEqual([]);
});

test('the boundary of workloads allows what their roles use, and nothing that none of them uses', () => {
  const actionsOf = (document: CompiledPolicy | undefined) => document?.Statement.flatMap(({ Action }) => Action) ?? [];
  const used = resources
    .filter(({ Type }) => Type === 'AWS::IAM::Role')
    .flatMap(({ Properties }) => Properties.Policies ?? [])
    .flatMap(({ PolicyDocument }) => actionsOf(PolicyDocument));
  const boundary = actionsOf(resourcesOf(deploymentRoles(topology)).WorkloadBoundary?.Properties.PolicyDocument);
  expect([...new Set(used)].sort()).toEqual([...new Set(boundary)].sort());
});
