import CfEip from 'cloudform-types/types/ec2/eip';
import CfFlowLog from 'cloudform-types/types/ec2/flowLog';
import CfInternetGateway from 'cloudform-types/types/ec2/internetGateway';
import CfNatGateway from 'cloudform-types/types/ec2/natGateway';
import CfRoute from 'cloudform-types/types/ec2/route';
import CfRouteTable from 'cloudform-types/types/ec2/routeTable';
import CfSecurityGroup from 'cloudform-types/types/ec2/securityGroup';
import CfSecurityGroupIngress from 'cloudform-types/types/ec2/securityGroupIngress';
import CfSubnet from 'cloudform-types/types/ec2/subnet';
import CfSubnetRouteTableAssociation from 'cloudform-types/types/ec2/subnetRouteTableAssociation';
import CfVpc from 'cloudform-types/types/ec2/vpc';
import CfVpcEndpoint, { type VPCEndpointProperties } from 'cloudform-types/types/ec2/vpcEndpoint';
import CfVpcGatewayAttachment from 'cloudform-types/types/ec2/vpcGatewayAttachment';
import type { Policy, ResourceStatement } from '../dsl/policies';
import { type ResourceClass, resourceType } from '../dsl/resources';

/** `!Ref`: the VPC's id. */
export const Vpc = resourceType('AWS::EC2::VPC', CfVpc);

/** `!Ref`: the subnet's id. */
export const Subnet = resourceType('AWS::EC2::Subnet', CfSubnet);

/** `!Ref`: the internet gateway's id. */
export const InternetGateway = resourceType('AWS::EC2::InternetGateway', CfInternetGateway);

/** Connects an internet gateway with a VPC. */
export const VpcGatewayAttachment = resourceType('AWS::EC2::VPCGatewayAttachment', CfVpcGatewayAttachment);

/** `!Ref`: the route table's id. */
export const RouteTable = resourceType('AWS::EC2::RouteTable', CfRouteTable);

/** One route of a route table. */
export const Route = resourceType('AWS::EC2::Route', CfRoute);

/** Makes a subnet use a route table. */
export const SubnetRouteTableAssociation = resourceType(
  'AWS::EC2::SubnetRouteTableAssociation',
  CfSubnetRouteTableAssociation,
);

/** `!Ref`: the public address; a NAT gateway wants its `AllocationId`. */
export const ElasticIp = resourceType('AWS::EC2::EIP', CfEip, {
  attributes: ['AllocationId'],
  allowedValues: { Domain: ['standard', 'vpc'] },
});

/** `!Ref`: the NAT gateway's id. */
export const NatGateway = resourceType('AWS::EC2::NatGateway', CfNatGateway);

/** `!Ref`: the group's id, for a group in a VPC; `GroupId` says so by its name. */
export const SecurityGroup = resourceType('AWS::EC2::SecurityGroup', CfSecurityGroup, { attributes: ['GroupId'] });

/** One rule for what comes in. A resource of its own where two groups name each other. */
export const SecurityGroupIngress = resourceType('AWS::EC2::SecurityGroupIngress', CfSecurityGroupIngress);

const endpointValues = {
  VpcEndpointType: ['Interface', 'Gateway', 'GatewayLoadBalancer', 'ServiceNetwork', 'Resource', 'Tunnel'],
} as const;

type EndpointProperties = Omit<VPCEndpointProperties, 'PolicyDocument'> & {
  readonly PolicyDocument?: Policy<ResourceStatement>;
};

/** `!Ref`: the endpoint's id. */
export const VpcEndpoint = resourceType('AWS::EC2::VPCEndpoint', CfVpcEndpoint as ResourceClass<EndpointProperties>, {
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
export const FlowLog = resourceType('AWS::EC2::FlowLog', CfFlowLog, { allowedValues: flowLogValues });
