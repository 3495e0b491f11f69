import {
  AccountId,
  and,
  cidr,
  equals,
  join,
  type ListValue,
  not,
  Partition,
  policy,
  type Reference,
  Region,
  type ResourceStatement,
  retained,
  select,
  sub,
  suppressed,
  type Template,
  when,
} from '../../dsl';
import { namesOf, roleArn } from '../../model/names';
import { regionPattern } from '../../model/region';
import type { Topology } from '../../model/topology';
import {
  ElasticIp,
  FlowLog,
  InternetGateway,
  NatGateway,
  Route,
  RouteTable,
  SecurityGroup,
  Subnet,
  SubnetRouteTableAssociation,
  Vpc,
  VpcEndpoint,
  VpcGatewayAttachment,
} from '../../resources/ec2';
import { LogGroup } from '../../resources/logs';
import { keptByParameter } from '../shared/suppressions';

/** What the network takes from its template. */
export interface NetworkSettings {
  /** Parameter: the environment's name. */
  readonly environment: Reference;
  /** Parameter: id of the tooling account, which owns the images. */
  readonly tooling: Reference;
  /** Parameter: how long flow logs are kept. */
  readonly retention: Reference;
  /** ARN of the key of flow logs. */
  readonly key: Reference;
}

/**
 * Declares the network: public and private subnets in two or three zones, and endpoints through which tasks in private
 * subnets pull images and write logs, so that they need neither a public address nor a way to the internet.
 */
export function declareNetwork(t: Template, topology: Topology, settings: NetworkSettings) {
  const { environment } = settings;
  const { VpcCidr, FirstZone, SecondZone, ThirdZone, NatGateways } = t.parameters('Network', {
    VpcCidr: {
      Type: 'String',
      Label: 'Address range',
      Description: 'Address range of the VPC, as large as /16; every subnet gets a sixteenth of it',
      AllowedPattern: '(10\\.[0-9]{1,3}|172\\.(1[6-9]|2[0-9]|3[01])|192\\.168)\\.0\\.0/16',
      ConstraintDescription: 'a private range of 65,536 addresses, such as 10.10.0.0/16',
    },
    // By name, not by Fn::GetAZs: that lists only zones with a default subnet, in an order that may change, which would
    // replace subnets; and not every zone offers the interface endpoints.
    FirstZone: {
      Type: 'AWS::EC2::AvailabilityZone::Name',
      Label: 'First zone',
      Description: 'Availability zone, such as eu-west-1a; fixed once container-service spreads over its subnets',
    },
    SecondZone: {
      Type: 'AWS::EC2::AvailabilityZone::Name',
      Label: 'Second zone',
      Description: 'Another availability zone, such as eu-west-1b',
    },
    // A string, because a parameter of the type above must not be empty.
    ThirdZone: {
      Type: 'String',
      Label: 'Third zone',
      Description: 'A third availability zone, such as eu-west-1c; empty for two zones',
      Default: '',
      AllowedPattern: `((${regionPattern})[a-z])?`,
      ConstraintDescription: 'an availability zone, such as eu-west-1c, or nothing',
    },
    NatGateways: {
      Type: 'String',
      Label: 'NAT gateways',
      Description:
        'Way from private subnets to the internet, which nothing of this project needs: each costs by the hour',
      Default: 'none',
      AllowedValues: ['none', 'one', 'one-per-zone'],
    },
  });
  const { ThreeZones, Nat, NatPerZone } = t.conditions({
    ThreeZones: not(equals(ThirdZone, '')),
    Nat: not(equals(NatGateways, 'none')),
    NatPerZone: equals(NatGateways, 'one-per-zone'),
  });
  const { NatInThirdZone, NatForThirdZone } = t.conditions({
    NatInThirdZone: and(NatPerZone, ThreeZones),
    NatForThirdZone: and(Nat, ThreeZones),
  });
  t.rules({
    ZonesDiffer: {
      Assertions: (
        [
          [FirstZone, SecondZone],
          [FirstZone, ThirdZone],
          [SecondZone, ThirdZone],
        ] as const
      ).map(([one, other]) => ({
        Assert: not(equals(one, other)),
        AssertDescription: 'FirstZone, SecondZone and ThirdZone have to be different availability zones',
      })),
    },
  });
  const zones = [
    { number: 1, name: FirstZone, exists: {}, natGateway: { Condition: Nat }, natRoute: { Condition: Nat } },
    { number: 2, name: SecondZone, exists: {}, natGateway: { Condition: NatPerZone }, natRoute: { Condition: Nat } },
    {
      number: 3,
      name: ThirdZone,
      exists: { Condition: ThreeZones },
      natGateway: { Condition: NatInThirdZone },
      natRoute: { Condition: NatForThirdZone },
    },
  ];
  const named = (name: string) => [{ Key: 'Name', Value: sub`${topology.project}-${environment}-${name}` }];

  const { Network, Gateway } = t.resources({
    Network: suppressed(
      Vpc({ CidrBlock: VpcCidr, EnableDnsHostnames: true, EnableDnsSupport: true, Tags: named('vpc') }),
      {
        reason: 'CloudFormation cannot change the default security group of a VPC; nothing here is a member of it.',
        cdk_nag: ['NIST.800.53.R5-VPCDefaultSecurityGroupClosed'],
      },
    ),
    Gateway: InternetGateway({ Tags: named('internet') }),
  });
  const { GatewayAttachment } = t.resources({
    GatewayAttachment: VpcGatewayAttachment({ VpcId: Network, InternetGatewayId: Gateway }),
  });
  const { PublicRouteTable } = t.resources({
    PublicRouteTable: RouteTable({ VpcId: Network, Tags: named('public') }),
  });
  t.resources({
    PublicRoute: suppressed(
      Route(
        { RouteTableId: PublicRouteTable, DestinationCidrBlock: '0.0.0.0/0', GatewayId: Gateway },
        { DependsOn: GatewayAttachment },
      ),
      {
        reason: 'Its subnets hold only what faces the internet: the load balancer and NAT gateways. Tasks have others.',
        cdk_nag: ['NIST.800.53.R5-VPCNoUnrestrictedRouteToIGW'],
      },
    ),
  });

  const subnets = zones.map(({ number, name, exists, natGateway, natRoute }) => {
    const subnetOf = (kind: 'public' | 'private', block: number) =>
      Subnet(
        {
          VpcId: Network,
          AvailabilityZone: name,
          CidrBlock: select(block, cidr(VpcCidr, 6, 12)),
          // The load balancer and NAT gateways bring addresses of their own.
          MapPublicIpOnLaunch: false,
          Tags: named(`${kind}-${number}`),
        },
        exists,
      );
    const publicSubnet = t.resource(`PublicSubnet${number}`, subnetOf('public', number - 1));
    const privateSubnet = t.resource(`PrivateSubnet${number}`, subnetOf('private', number + 2));
    const routeTable = t.resource(
      `PrivateRouteTable${number}`,
      RouteTable({ VpcId: Network, Tags: named(`private-${number}`) }, exists),
    );
    t.resource(
      `PublicRouteTable${number}Association`,
      SubnetRouteTableAssociation({ SubnetId: publicSubnet, RouteTableId: PublicRouteTable }, exists),
    );
    t.resource(
      `PrivateRouteTable${number}Association`,
      SubnetRouteTableAssociation({ SubnetId: privateSubnet, RouteTableId: routeTable }, exists),
    );
    const address = t.resource(
      `NatAddress${number}`,
      ElasticIp({ Domain: 'vpc', Tags: named(`nat-${number}`) }, { ...natGateway, DependsOn: GatewayAttachment }),
    );
    const nat = t.resource(
      `NatGateway${number}`,
      NatGateway(
        { AllocationId: address.AllocationId, SubnetId: publicSubnet, Tags: named(`nat-${number}`) },
        natGateway,
      ),
    );
    return { number, publicSubnet, privateSubnet, routeTable, nat, natRoute };
  });
  const [first] = subnets;
  for (const { number, routeTable, nat, natRoute } of subnets) {
    t.resource(
      `PrivateRoute${number}`,
      Route(
        {
          RouteTableId: routeTable,
          DestinationCidrBlock: '0.0.0.0/0',
          NatGatewayId: first === undefined || nat === first.nat ? nat : when(NatPerZone, nat, first.nat),
        },
        natRoute,
      ),
    );
  }
  /** The list of something of every zone, for a property that takes a list. */
  const ofZones = (items: readonly Reference[]) => when(ThreeZones, items, items.slice(0, 2));

  const { TaskSecurityGroup } = t.resources({
    TaskSecurityGroup: suppressed(
      SecurityGroup({
        GroupDescription: 'Container tasks; what comes in is ruled by the container-service stack',
        VpcId: Network,
        // Not to the endpoints alone: layers of images come from S3, whose addresses are not in the VPC and whose prefix
        // list has another id in every Region. Where the route tables end is the limit.
        SecurityGroupEgress: [
          { Description: 'AWS APIs', IpProtocol: 'tcp', FromPort: 443, ToPort: 443, CidrIp: '0.0.0.0/0' },
        ],
        Tags: named('tasks'),
      }),
      {
        reason: 'S3, which holds the layers of images, has no address in the VPC; where route tables end is the limit.',
        cfn_nag: ['W5'],
      },
    ),
  });
  const { EndpointSecurityGroup } = t.resources({
    EndpointSecurityGroup: SecurityGroup({
      GroupDescription: 'Interface endpoints of AWS APIs',
      VpcId: Network,
      SecurityGroupIngress: [
        {
          Description: 'From container tasks',
          IpProtocol: 'tcp',
          FromPort: 443,
          ToPort: 443,
          SourceSecurityGroupId: TaskSecurityGroup.GroupId,
        },
      ],
      // Endpoints only answer. Without a rule AWS adds one that lets everything out, so this one leads nowhere: to the
      // address that the CloudFormation guide limits a group to (AWS::EC2::SecurityGroup, "Remove default rule").
      SecurityGroupEgress: [
        { Description: 'Nothing', IpProtocol: 'tcp', FromPort: 443, ToPort: 443, CidrIp: '127.0.0.1/32' },
      ],
      Tags: named('endpoints'),
    }),
  });
  declareEndpoints(t, topology, settings, {
    network: Network,
    subnets: ofZones(subnets.map(({ privateSubnet }) => privateSubnet)),
    routeTables: ofZones(subnets.map(({ routeTable }) => routeTable)),
    group: EndpointSecurityGroup.GroupId,
  });
  declareFlowLog(t, topology, settings, Network);

  /** Ids as one string, because an export holds no list. */
  const exported = (items: readonly Reference[]) => when(ThreeZones, join(',', items), join(',', items.slice(0, 2)));
  t.outputs({
    VpcId: { Description: 'The network', Value: Network, Exported: true },
    PublicSubnetIds: {
      Description: 'Subnets with a route to the internet',
      Value: exported(subnets.map(({ publicSubnet }) => publicSubnet)),
      Exported: true,
    },
    PrivateSubnetIds: {
      Description: 'Subnets of container tasks',
      Value: exported(subnets.map(({ privateSubnet }) => privateSubnet)),
      Exported: true,
    },
    TaskSecurityGroupId: {
      Description: 'Security group of container tasks',
      Value: TaskSecurityGroup.GroupId,
      Exported: true,
    },
  });
}

/**
 * Endpoints for what a Fargate task needs: both of ECR, Logs, and S3 for the layers of images. Their policies let
 * through what tasks do and no more; who may do it is for the roles to say.
 */
function declareEndpoints(
  t: Template,
  topology: Topology,
  { environment, tooling }: NetworkSettings,
  {
    network,
    subnets,
    routeTables,
    group,
  }: {
    readonly network: Reference;
    readonly subnets: ListValue;
    readonly routeTables: ListValue;
    readonly group: Reference;
  },
) {
  // Everyone, narrowed to this account: an account root as principal of an endpoint policy would be the root user alone.
  const ownPrincipals = {
    Effect: 'Allow',
    Principal: '*',
    Condition: { StringEquals: { 'aws:PrincipalAccount': AccountId } },
  } as const;
  const pullImages = policy<ResourceStatement>(
    { Sid: 'LogInToRegistry', ...ownPrincipals, Action: 'ecr:GetAuthorizationToken', Resource: '*' },
    {
      Sid: 'PullImages',
      ...ownPrincipals,
      Action: ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
      Resource: sub`arn:${Partition}:ecr:${Region}:${tooling}:repository/${namesOf(topology).imageRepository}`,
    },
  );
  const interfaceEndpoint = (service: string, document: ReturnType<typeof policy<ResourceStatement>>) =>
    VpcEndpoint({
      VpcEndpointType: 'Interface',
      ServiceName: sub`com.amazonaws.${Region}.${service}`,
      VpcId: network,
      SubnetIds: subnets,
      SecurityGroupIds: [group],
      PrivateDnsEnabled: true,
      PolicyDocument: document,
    });
  t.resources({
    EcrApiEndpoint: interfaceEndpoint('ecr.api', pullImages),
    EcrRegistryEndpoint: interfaceEndpoint('ecr.dkr', pullImages),
    LogsEndpoint: interfaceEndpoint(
      'logs',
      policy<ResourceStatement>({
        Sid: 'WriteLogs',
        ...ownPrincipals,
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: sub`arn:${Partition}:logs:${Region}:${AccountId}:log-group:/${topology.project}/${environment}/*`,
      }),
    ),
    S3Endpoint: VpcEndpoint({
      VpcEndpointType: 'Gateway',
      ServiceName: sub`com.amazonaws.${Region}.s3`,
      VpcId: network,
      RouteTableIds: routeTables,
      // All that private subnets may do with S3, even with a NAT gateway: a task that uses a bucket needs it added here.
      PolicyDocument: policy<ResourceStatement>({
        // ECR keeps layers in a bucket of its own and hands out signed URLs, so the principal is not of this account.
        Sid: 'GetImageLayers',
        Effect: 'Allow',
        Principal: '*',
        Action: 's3:GetObject',
        Resource: sub`arn:${Partition}:s3:::prod-${Region}-starport-layer-bucket/*`,
      }),
    }),
  });
}

/**
 * Records all traffic of the network.
 *
 * DANGER: a change of the role, or of another property of the flow log, needs another name for its log group as well. Any such
 * change replaces the flow log, CloudFormation makes the new one before it deletes the old one, and EC2 refuses a second
 * flow log of the same traffic to the same destination (FlowLogAlreadyExists).
 */
function declareFlowLog(
  t: Template,
  topology: Topology,
  { environment, retention, key }: NetworkSettings,
  network: Reference,
) {
  const { FlowLogGroup } = t.resources({
    FlowLogGroup: suppressed(
      retained(
        LogGroup({
          LogGroupName: sub`/${topology.project}/${environment}/flow-logs`,
          RetentionInDays: retention,
          KmsKeyId: key,
        }),
      ),
      keptByParameter,
    ),
  });
  t.resources({
    NetworkFlowLog: FlowLog({
      ResourceType: 'VPC',
      ResourceId: network,
      TrafficType: 'ALL',
      LogDestinationType: 'cloud-watch-logs',
      LogGroupName: FlowLogGroup,
      DeliverLogsPermissionArn: roleArn(AccountId, namesOf(topology).flowLogRole(environment)),
    }),
  });
}
