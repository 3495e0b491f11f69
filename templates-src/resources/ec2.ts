import type { EIPProperties } from 'cloudform-types/types/ec2/eip';
import type { FlowLogProperties } from 'cloudform-types/types/ec2/flowLog';
import type { InternetGatewayProperties } from 'cloudform-types/types/ec2/internetGateway';
import type { NatGatewayProperties } from 'cloudform-types/types/ec2/natGateway';
import type { RouteProperties } from 'cloudform-types/types/ec2/route';
import type { RouteTableProperties } from 'cloudform-types/types/ec2/routeTable';
import type { SecurityGroupProperties } from 'cloudform-types/types/ec2/securityGroup';
import type { SecurityGroupIngressProperties } from 'cloudform-types/types/ec2/securityGroupIngress';
import type { SubnetProperties } from 'cloudform-types/types/ec2/subnet';
import type { SubnetRouteTableAssociationProperties } from 'cloudform-types/types/ec2/subnetRouteTableAssociation';
import type { VPCProperties } from 'cloudform-types/types/ec2/vpc';
import type { VPCEndpointProperties } from 'cloudform-types/types/ec2/vpcEndpoint';
import type { VPCGatewayAttachmentProperties } from 'cloudform-types/types/ec2/vpcGatewayAttachment';
import { type Policy, type ResourceStatement, resourceType } from '../dsl';

/** `!Ref`: the VPC's id. */
export const Vpc = resourceType<VPCProperties>()('AWS::EC2::VPC');

/** `!Ref`: the subnet's id. */
export const Subnet = resourceType<SubnetProperties>()('AWS::EC2::Subnet');

/** `!Ref`: the internet gateway's id. */
export const InternetGateway = resourceType<InternetGatewayProperties>()('AWS::EC2::InternetGateway');

/** Connects an internet gateway with a VPC. */
export const VpcGatewayAttachment = resourceType<VPCGatewayAttachmentProperties>()('AWS::EC2::VPCGatewayAttachment');

/** `!Ref`: the route table's id. */
export const RouteTable = resourceType<RouteTableProperties>()('AWS::EC2::RouteTable');

/** One route of a route table. */
export const Route = resourceType<RouteProperties>()('AWS::EC2::Route');

/** Makes a subnet use a route table. */
export const SubnetRouteTableAssociation = resourceType<SubnetRouteTableAssociationProperties>()(
  'AWS::EC2::SubnetRouteTableAssociation',
);

/** `!Ref`: the public address; a NAT gateway wants its `AllocationId`. */
export const ElasticIp = resourceType<EIPProperties>()('AWS::EC2::EIP', {
  attributes: ['AllocationId'],
  allowedValues: { Domain: ['standard', 'vpc'] },
});

/** `!Ref`: the NAT gateway's id. */
export const NatGateway = resourceType<NatGatewayProperties>()('AWS::EC2::NatGateway');

/** `!Ref`: the group's id, for a group in a VPC; `GroupId` says so by its name. */
export const SecurityGroup = resourceType<SecurityGroupProperties>()('AWS::EC2::SecurityGroup', {
  attributes: ['GroupId'],
});

/** One rule for what comes in. A resource of its own where two groups name each other. */
export const SecurityGroupIngress = resourceType<SecurityGroupIngressProperties>()('AWS::EC2::SecurityGroupIngress');

const endpointValues = {
  VpcEndpointType: ['Interface', 'Gateway', 'GatewayLoadBalancer', 'ServiceNetwork', 'Resource', 'Tunnel'],
} as const;

type EndpointProperties = Omit<VPCEndpointProperties, 'PolicyDocument'> & {
  readonly PolicyDocument?: Policy<ResourceStatement>;
};

/** `!Ref`: the endpoint's id. */
export const VpcEndpoint = resourceType<EndpointProperties>()('AWS::EC2::VPCEndpoint', {
  allowedValues: endpointValues,
});

const flowLogValues = {
  LogDestinationType: ['cloud-watch-logs', 's3', 'kinesis-data-firehose'],
  ResourceType: [
    'NetworkInterface',
    'Subnet',
    'VPC',
    'TransitGateway',
    'TransitGatewayAttachment',
    'RegionalNatGateway',
  ],
  TrafficType: ['ACCEPT', 'ALL', 'REJECT'],
} as const;

/** `!Ref`: the flow log's id. */
export const FlowLog = resourceType<FlowLogProperties>()('AWS::EC2::FlowLog', { allowedValues: flowLogValues });
