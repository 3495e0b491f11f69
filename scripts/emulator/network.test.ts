import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Emulator, startEmulator } from './client';
import { Deployments } from './deployment';

let emulator: Emulator;
let dev: Deployments;
beforeAll(async () => {
  emulator = await startEmulator();
  dev = new Deployments(emulator, 'dev');
}, 60_000);
afterAll(() => emulator.stop());

const call = <Result>(service: string, operation: string, parameters: object = {}) =>
  emulator.call<Result>('dev', service, operation, parameters);

/** What EC2 describes under a name, of the resources with an id. */
async function described(operation: string, member: string, filter: string, id: string | undefined) {
  const answer = await call<Record<string, Record<string, unknown>[]>>('ec2', operation, {
    Filters: [{ Name: filter, Values: [id] }],
  });
  return answer[member];
}

const ref = (Ref: string) => ({ Ref });
const named = (Value: string) => [{ Key: 'Name', Value }];

function network(name: string, options: { dns: boolean; public: boolean; nat: boolean; policy?: object }) {
  return {
    Conditions: { WithNat: { 'Fn::Equals': [`${options.nat}`, 'true'] } },
    Resources: {
      Vpc: {
        Type: 'AWS::EC2::VPC',
        Properties: {
          CidrBlock: '10.0.0.0/16',
          EnableDnsHostnames: options.dns,
          EnableDnsSupport: true,
          Tags: named(name),
        },
      },
      Gateway: { Type: 'AWS::EC2::InternetGateway', Properties: { Tags: named(name) } },
      Attachment: {
        Type: 'AWS::EC2::VPCGatewayAttachment',
        Properties: { VpcId: ref('Vpc'), InternetGatewayId: ref('Gateway') },
      },
      Public: {
        Type: 'AWS::EC2::Subnet',
        Properties: {
          VpcId: ref('Vpc'),
          CidrBlock: { 'Fn::Select': [0, { 'Fn::Cidr': [{ 'Fn::GetAtt': ['Vpc', 'CidrBlock'] }, 4, 8] }] },
          AvailabilityZone: { 'Fn::Select': [0, { 'Fn::GetAZs': '' }] },
          MapPublicIpOnLaunch: options.public,
          Tags: named(name),
        },
      },
      Private: {
        Type: 'AWS::EC2::Subnet',
        Properties: {
          VpcId: ref('Vpc'),
          CidrBlock: { 'Fn::Select': [1, { 'Fn::Cidr': [{ 'Fn::GetAtt': ['Vpc', 'CidrBlock'] }, 4, 8] }] },
          AvailabilityZone: { 'Fn::Select': [1, { 'Fn::GetAZs': ref('AWS::Region') }] },
        },
      },
      PublicRoutes: { Type: 'AWS::EC2::RouteTable', Properties: { VpcId: ref('Vpc'), Tags: named(name) } },
      PrivateRoutes: { Type: 'AWS::EC2::RouteTable', Properties: { VpcId: ref('Vpc') } },
      DefaultRoute: {
        Type: 'AWS::EC2::Route',
        DependsOn: 'Attachment',
        Properties: { RouteTableId: ref('PublicRoutes'), DestinationCidrBlock: '0.0.0.0/0', GatewayId: ref('Gateway') },
      },
      PublicAssociation: {
        Type: 'AWS::EC2::SubnetRouteTableAssociation',
        Properties: { SubnetId: ref('Public'), RouteTableId: ref('PublicRoutes') },
      },
      Address: {
        Type: 'AWS::EC2::EIP',
        Condition: 'WithNat',
        Properties: { Domain: 'vpc', Tags: named(name) },
      },
      Nat: {
        Type: 'AWS::EC2::NatGateway',
        Condition: 'WithNat',
        Properties: {
          SubnetId: ref('Public'),
          AllocationId: { 'Fn::GetAtt': ['Address', 'AllocationId'] },
          Tags: named(name),
        },
      },
      NatRoute: {
        Type: 'AWS::EC2::Route',
        Condition: 'WithNat',
        Properties: { RouteTableId: ref('PrivateRoutes'), DestinationCidrBlock: '0.0.0.0/0', NatGatewayId: ref('Nat') },
      },
      Group: {
        Type: 'AWS::EC2::SecurityGroup',
        Properties: {
          GroupDescription: 'load balancer',
          VpcId: ref('Vpc'),
          SecurityGroupIngress: [
            {
              CidrIp: '0.0.0.0/0',
              IpProtocol: 'tcp',
              FromPort: options.dns ? 80 : 443,
              ToPort: 443,
              Description: 'web',
            },
          ],
          SecurityGroupEgress: [{ CidrIp: '10.0.0.0/16', IpProtocol: 'tcp', FromPort: '8080', ToPort: '8080' }],
          Tags: named(name),
        },
      },
      Tasks: { Type: 'AWS::EC2::SecurityGroup', Properties: { GroupDescription: 'tasks', VpcId: ref('Vpc') } },
      TasksIngress: {
        Type: 'AWS::EC2::SecurityGroupIngress',
        Properties: {
          GroupId: ref('Tasks'),
          SourceSecurityGroupId: { 'Fn::GetAtt': ['Group', 'GroupId'] },
          IpProtocol: 'tcp',
          FromPort: 8080,
          ToPort: 8080,
        },
      },
      GroupEgress: {
        Type: 'AWS::EC2::SecurityGroupEgress',
        Properties: {
          GroupId: ref('Group'),
          DestinationSecurityGroupId: ref('Tasks'),
          IpProtocol: 'tcp',
          FromPort: 9090,
          ToPort: 9090,
        },
      },
      Endpoint: {
        Type: 'AWS::EC2::VPCEndpoint',
        Properties: {
          VpcId: ref('Vpc'),
          ServiceName: { 'Fn::Sub': `com.amazonaws.\${AWS::Region}.s3` },
          VpcEndpointType: 'Gateway',
          RouteTableIds: options.nat ? [ref('PublicRoutes'), ref('PrivateRoutes')] : [ref('PrivateRoutes')],
          ...(options.policy === undefined ? {} : { PolicyDocument: options.policy }),
        },
      },
      FlowLog: {
        Type: 'AWS::EC2::FlowLog',
        Properties: {
          ResourceId: ref('Vpc'),
          ResourceType: 'VPC',
          TrafficType: 'REJECT',
          LogDestinationType: 'cloud-watch-logs',
          LogGroupName: ref('FlowLogs'),
          DeliverLogsPermissionArn: { 'Fn::GetAtt': ['FlowLogRole', 'Arn'] },
          Tags: named(name),
        },
      },
      FlowLogs: { Type: 'AWS::Logs::LogGroup', Properties: { RetentionInDays: 7 } },
      FlowLogRole: {
        Type: 'AWS::IAM::Role',
        Properties: {
          AssumeRolePolicyDocument: {
            Version: '2012-10-17',
            Statement: [
              { Effect: 'Allow', Principal: { Service: 'vpc-flow-logs.amazonaws.com' }, Action: 'sts:AssumeRole' },
            ],
          },
        },
      },
    },
    Outputs: { Zone: { Value: { 'Fn::GetAtt': ['Private', 'AvailabilityZone'] } } },
  };
}

test('a network keeps its settings, changes in place, gets and loses its NAT gateway, and is deleted', async () => {
  const policy = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: '*' }],
  };
  const { ids, outputs } = await dev.deploy(
    'network',
    network('before', { dns: true, public: true, nat: true, policy }),
  );
  const id = (name: string): string => `${ids[name]}`;

  expect(outputs.Zone).toBe('eu-west-1b');
  expect(await described('DescribeVpcs', 'Vpcs', 'vpc-id', ids.Vpc)).toMatchObject([
    { CidrBlock: '10.0.0.0/16', Tags: named('before') },
  ]);
  const hostnames = { VpcId: ids.Vpc, Attribute: 'enableDnsHostnames' };
  expect(await call('ec2', 'DescribeVpcAttribute', hostnames)).toMatchObject({ EnableDnsHostnames: { Value: true } });
  expect(await described('DescribeSubnets', 'Subnets', 'vpc-id', ids.Vpc)).toMatchObject([
    { CidrBlock: '10.0.0.0/24', AvailabilityZone: 'eu-west-1a', MapPublicIpOnLaunch: true, Tags: named('before') },
    { CidrBlock: '10.0.1.0/24', AvailabilityZone: 'eu-west-1b', MapPublicIpOnLaunch: false },
  ]);
  const routes = async (table: string) =>
    (await described('DescribeRouteTables', 'RouteTables', 'route-table-id', ids[table]))?.[0];
  expect(await routes('PublicRoutes')).toMatchObject({
    Routes: expect.arrayContaining([
      expect.objectContaining({ DestinationCidrBlock: '0.0.0.0/0', GatewayId: ids.Gateway }),
    ]),
    Associations: [expect.objectContaining({ RouteTableAssociationId: ids.PublicAssociation, SubnetId: ids.Public })],
  });
  expect(await routes('PrivateRoutes')).toMatchObject({
    Routes: expect.arrayContaining([
      expect.objectContaining({ DestinationCidrBlock: '0.0.0.0/0', NatGatewayId: ids.Nat }),
    ]),
  });
  const group = async (name: string) =>
    (await described('DescribeSecurityGroups', 'SecurityGroups', 'group-id', ids[name]))?.[0];
  expect(await group('Group')).toMatchObject({
    GroupName: expect.stringMatching(/^network-Group-/),
    Description: 'load balancer',
    IpPermissions: [{ FromPort: 80, ToPort: 443, IpRanges: [{ CidrIp: '0.0.0.0/0', Description: 'web' }] }],
    IpPermissionsEgress: [
      { FromPort: 8080, IpRanges: [{ CidrIp: '10.0.0.0/16' }] },
      { FromPort: 9090, UserIdGroupPairs: [{ GroupId: ids.Tasks }] },
    ],
  });
  expect(await group('Tasks')).toMatchObject({
    IpPermissions: [{ FromPort: 8080, UserIdGroupPairs: [{ GroupId: ids.Group }] }],
    IpPermissionsEgress: [{ IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] }],
  });
  const endpoint = async () => {
    const { VpcEndpoints } = await call<{ VpcEndpoints: Record<string, unknown>[] }>('ec2', 'DescribeVpcEndpoints', {
      VpcEndpointIds: [ids.Endpoint],
    });
    const found = VpcEndpoints[0];
    return { ...found, PolicyDocument: JSON.parse(`${found?.PolicyDocument}`) };
  };
  expect(await endpoint()).toMatchObject({
    ServiceName: 'com.amazonaws.eu-west-1.s3',
    VpcEndpointType: 'Gateway',
    RouteTableIds: [ids.PublicRoutes, ids.PrivateRoutes],
    PolicyDocument: policy,
  });
  expect(await call('ec2', 'DescribeFlowLogs')).toMatchObject({
    FlowLogs: [{ ResourceId: ids.Vpc, TrafficType: 'REJECT', LogGroupName: ids.FlowLogs, Tags: named('before') }],
  });

  const stricter = { ...policy, Statement: [{ ...policy.Statement[0], Action: 's3:PutObject' }] };
  const changed = await dev.deploy(
    'network',
    network('after', { dns: false, public: false, nat: false, policy: stricter }),
  );

  const { Nat: _nat, NatRoute: _route, Address: _address, ...kept } = ids;
  expect(changed.ids).toEqual(kept);
  expect(await described('DescribeVpcs', 'Vpcs', 'vpc-id', ids.Vpc)).toMatchObject([{ Tags: named('after') }]);
  expect(await call('ec2', 'DescribeVpcAttribute', hostnames)).toMatchObject({ EnableDnsHostnames: { Value: false } });
  expect(await described('DescribeSubnets', 'Subnets', 'subnet-id', ids.Public)).toMatchObject([
    { MapPublicIpOnLaunch: false, Tags: named('after') },
  ]);
  expect((await routes('PrivateRoutes'))?.Routes).not.toContainEqual(
    expect.objectContaining({ DestinationCidrBlock: '0.0.0.0/0' }),
  );
  expect(await described('DescribeNatGateways', 'NatGateways', 'nat-gateway-id', ids.Nat)).toMatchObject([
    { State: 'deleted' },
  ]);
  expect(await call('ec2', 'DescribeAddresses')).toMatchObject({ Addresses: [] });
  expect(await group('Group')).toMatchObject({ IpPermissions: [{ FromPort: 443, ToPort: 443 }], Tags: named('after') });
  expect(await endpoint()).toMatchObject({ RouteTableIds: [id('PrivateRoutes')], PolicyDocument: stricter });

  await dev.remove('network');
  expect(await described('DescribeVpcs', 'Vpcs', 'vpc-id', ids.Vpc)).toEqual([]);
  expect(await call('ec2', 'DescribeFlowLogs')).toMatchObject({ FlowLogs: [] });
  expect(await described('DescribeInternetGateways', 'InternetGateways', 'internet-gateway-id', ids.Gateway)).toEqual(
    [],
  );
}, 30_000);
