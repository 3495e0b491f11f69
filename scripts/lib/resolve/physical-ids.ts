import { createHash } from 'node:crypto';
import { loadAwsServiceSpecSync } from '@aws-cdk/aws-service-spec';
import { substitute } from '../../../templates-src/dsl';

/**
 * What a resource is called once it exists. Names that a template gives are taken; what AWS would make up (ids of VPCs,
 * keys, names that a template leaves out) is made up here in AWS's form, the same in every run.
 */

/** A resource, as far as its names depend on it. */
export interface Nameable {
  readonly type: string;
  readonly logicalId: string;
  readonly stackName: string;
  readonly accountId: string;
  readonly region: string;
  readonly partition: string;
  readonly urlSuffix: string;
  /** The resolved text of a property; undefined when it isn't given. */
  readonly property: (name: string) => string | undefined;
}

/** Names of one resource. */
export interface PhysicalIds {
  /** What `!Ref` gives. */
  readonly ref: string;
  /** Undefined for what has none, such as a route. */
  readonly arn: string | undefined;
  /** What `!GetAtt` gives; undefined for an attribute that this module doesn't know. */
  readonly attribute: (name: string) => string | undefined;
}

/** What AWS's published specification says too little about; the return values are those of CloudFormation's reference. */
interface Kind {
  /** The property that names the resource. */
  readonly name?: string;
  /** The id that AWS makes. */
  readonly id?: (resource: Nameable) => string;
  /** The ARN of a type that has no `arnTemplate`, from the name or id. */
  readonly arn?: (resource: Nameable, nameOrId: string) => string;
  /** Which of them `!Ref` gives, where the specification says something else or nothing. */
  readonly ref?: 'nameOrId' | 'arn' | ((resource: Nameable, nameOrId: string) => string);
  readonly attributes?: Readonly<Record<string, (resource: Nameable, nameOrId: string) => string>>;
}

/** Not of the account id: what is made up stays the same when the accounts are configured. */
const digest = ({ stackName, logicalId }: Nameable) =>
  createHash('sha256').update(`${stackName}/${logicalId}`).digest('hex');

const uuid = (resource: Nameable) => digest(resource).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');

const ec2Id = (prefix: string) => (resource: Nameable) => `${prefix}-${digest(resource).slice(0, 17)}`;

/** A name of CloudFormation: stack, logical id and random characters. */
const generatedName = (resource: Nameable) =>
  `${resource.stackName}-${resource.logicalId}-${digest(resource).slice(0, 13).toUpperCase()}`;

/** Load balancers and target groups have at most 32 characters, and CloudFormation cuts their generated names. */
const generatedShortName = (resource: Nameable) =>
  `${resource.stackName.slice(0, 9)}-${resource.logicalId.slice(0, 9)}-${digest(resource).slice(0, 12).toUpperCase()}`;

const arnOf = ({ partition, region, accountId }: Nameable, service: string, rest: string) =>
  `arn:${partition}:${service}:${region}:${accountId}:${rest}`;

const afterSlash = (text: string) => text.slice(text.indexOf('/') + 1);

const loadBalancerPath = (resource: Nameable) => {
  const type = resource.property('Type') === 'network' ? 'net' : 'app';
  return `${type}/${resource.property('Name') ?? generatedShortName(resource)}/${digest(resource).slice(0, 16)}`;
};

const targetGroupPath = (resource: Nameable) =>
  `${resource.property('Name') ?? generatedShortName(resource)}/${digest(resource).slice(0, 16)}`;

/** A cluster may be given by name or by ARN; without one it is `default`. */
const clusterName = (resource: Nameable) => (resource.property('Cluster') ?? 'default').replace(/^.*\//, '');

const dnsName = (resource: Nameable) =>
  `${loadBalancerPath(resource).split('/')[1]}-1234567890.${resource.region}.elb.${resource.urlSuffix}`;

const kinds: Readonly<Record<string, Kind>> = {
  'AWS::ApplicationAutoScaling::ScalableTarget': {
    ref: (resource) =>
      ['ResourceId', 'ScalableDimension', 'ServiceNamespace'].map((name) => resource.property(name)).join('|'),
    id: (resource) => `0ec5${digest(resource).slice(0, 28)}`,
  },
  'AWS::ApplicationAutoScaling::ScalingPolicy': {
    id: (resource) =>
      `${uuid(resource)}:resource/${resource.property('ServiceNamespace') ?? 'ecs'}:policyName/${resource.property('PolicyName')}`,
    arn: (resource, id) => arnOf(resource, 'autoscaling', `scalingPolicy:${id}`),
    ref: 'arn',
  },
  'AWS::CodeCommit::Repository': {
    name: 'RepositoryName',
    ref: uuid,
    attributes: {
      Name: (_resource, name) => name,
      CloneUrlHttp: ({ region, urlSuffix }, name) => `https://git-codecommit.${region}.${urlSuffix}/v1/repos/${name}`,
    },
  },
  'AWS::CodeDeploy::DeploymentGroup': {
    name: 'DeploymentGroupName',
    arn: (resource, name) =>
      arnOf(resource, 'codedeploy', `deploymentgroup:${resource.property('ApplicationName')}/${name}`),
  },
  'AWS::EC2::EIP': {
    id: ec2Id('eipalloc'),
    ref: () => '198.51.100.1',
    attributes: { PublicIp: () => '198.51.100.1', AllocationId: (_resource, id) => id },
  },
  'AWS::EC2::FlowLog': { id: ec2Id('fl') },
  'AWS::EC2::InternetGateway': { id: ec2Id('igw') },
  'AWS::EC2::NatGateway': { id: ec2Id('nat') },
  'AWS::EC2::Route': { id: ec2Id('route'), ref: 'nameOrId' },
  'AWS::EC2::RouteTable': { id: ec2Id('rtb') },
  'AWS::EC2::SecurityGroup': { id: ec2Id('sg'), attributes: { GroupId: (_resource, id) => id } },
  'AWS::EC2::SecurityGroupEgress': { id: ec2Id('sgr') },
  'AWS::EC2::SecurityGroupIngress': { id: ec2Id('sgr') },
  'AWS::EC2::Subnet': { id: ec2Id('subnet') },
  'AWS::EC2::SubnetRouteTableAssociation': { id: ec2Id('rtbassoc') },
  'AWS::EC2::VPC': { id: ec2Id('vpc') },
  'AWS::EC2::VPCEndpoint': { id: ec2Id('vpce') },
  'AWS::ECR::Repository': {
    attributes: {
      RepositoryUri: ({ accountId, region, urlSuffix }, name) => `${accountId}.dkr.ecr.${region}.${urlSuffix}/${name}`,
    },
  },
  'AWS::ECS::Service': {
    name: 'ServiceName',
    arn: (resource, name) => arnOf(resource, 'ecs', `service/${clusterName(resource)}/${name}`),
    ref: 'arn',
    attributes: { Name: (_resource, name) => name },
  },
  'AWS::ECS::TaskDefinition': {
    name: 'Family',
    // Revisions count from 1.
    arn: (resource, family) => arnOf(resource, 'ecs', `task-definition/${family}:1`),
  },
  'AWS::ElasticLoadBalancingV2::Listener': {
    id: (resource) =>
      `${resource.property('LoadBalancerArn')?.replace(/^.*:loadbalancer\//, '')}/${digest(resource).slice(0, 16)}`,
    arn: (resource, id) => arnOf(resource, 'elasticloadbalancing', `listener/${id}`),
  },
  'AWS::ElasticLoadBalancingV2::LoadBalancer': {
    id: loadBalancerPath,
    arn: (resource, id) => arnOf(resource, 'elasticloadbalancing', `loadbalancer/${id}`),
    attributes: {
      DNSName: dnsName,
      LoadBalancerFullName: (_resource, id) => id,
      LoadBalancerName: (_resource, id) => id.split('/')[1] ?? '',
    },
  },
  'AWS::ElasticLoadBalancingV2::TargetGroup': {
    id: targetGroupPath,
    arn: (resource, id) => arnOf(resource, 'elasticloadbalancing', `targetgroup/${id}`),
    attributes: {
      TargetGroupFullName: (_resource, id) => `targetgroup/${id}`,
      TargetGroupName: (_resource, id) => id.split('/')[0] ?? '',
    },
  },
  'AWS::Events::Rule': {
    name: 'Name',
    ref: 'nameOrId',
    attributes: { RuleName: (_resource, name) => name },
  },
  'AWS::IAM::ManagedPolicy': { name: 'ManagedPolicyName' },
  'AWS::KMS::Key': { id: uuid },
  'AWS::Lambda::EventSourceMapping': { id: uuid },
  'AWS::Lambda::Url': {
    id: (resource) => digest(resource).slice(0, 32),
    arn: (resource) => {
      const target = resource.property('TargetFunctionArn') ?? '';
      return target.startsWith('arn:') ? target : arnOf(resource, 'lambda', `function:${target}`);
    },
    attributes: { FunctionUrl: ({ region }, id) => `https://${id}.lambda-url.${region}.on.aws/` },
  },
  'AWS::Logs::LogGroup': {
    // The attribute ends with `:*`, unlike the ARN in the specification.
    attributes: { Arn: (resource, name) => `${arnOf(resource, 'logs', `log-group:${name}`)}:*` },
  },
  'AWS::S3::Bucket': {
    attributes: {
      DomainName: ({ urlSuffix }, name) => `${name}.s3.${urlSuffix}`,
      RegionalDomainName: ({ urlSuffix, region }, name) => `${name}.s3.${region}.${urlSuffix}`,
    },
  },
  'AWS::SNS::Subscription': {
    id: uuid,
    arn: (resource, id) => `${resource.property('TopicArn')}:${id}`,
  },
  'AWS::SNS::Topic': { name: 'TopicName', attributes: { TopicName: (_resource, name) => name } },
  'AWS::SQS::Queue': {
    name: 'QueueName',
    ref: ({ region, accountId, urlSuffix }, name) => `https://sqs.${region}.${urlSuffix}/${accountId}/${name}`,
    attributes: {
      QueueName: (_resource, name) => name,
      QueueUrl: ({ region, accountId, urlSuffix }, name) => `https://sqs.${region}.${urlSuffix}/${accountId}/${name}`,
    },
  },
};

/** What the specification says of a type, as far as it is needed here. */
interface Specification {
  readonly arnTemplate: string | undefined;
  readonly identifier: readonly string[];
  readonly properties: ReadonlySet<string>;
  readonly attributes: ReadonlySet<string>;
}

const specifications = new Map<string, Specification | undefined>();
let database: ReturnType<typeof loadAwsServiceSpecSync> | undefined;

function specificationOf(type: string): Specification | undefined {
  if (!specifications.has(type)) {
    // Loading takes 0.3 s.
    database ??= loadAwsServiceSpecSync();
    const [published] = database.lookup('resource', 'cloudFormationType', 'equals', type);
    specifications.set(
      type,
      published && {
        arnTemplate: published.arnTemplate,
        identifier: published.cfnRefIdentifier ?? published.primaryIdentifier ?? [],
        properties: new Set(Object.keys(published.properties)),
        attributes: new Set(Object.keys(published.attributes)),
      },
    );
  }
  return specifications.get(type);
}

/**
 * The names of a resource.
 *
 * ARNs come from the `arnTemplate` of AWS's specification where it has one.
 *
 * @throws Error when the type, or what `!Ref` of it gives, is not known: a guess would prove access to something else
 */
export function physicalIds(resource: Nameable): PhysicalIds {
  const { type } = resource;
  const kind = kinds[type] ?? {};
  const specification = specificationOf(type);
  if (specification === undefined) {
    throw new Error(`AWS's specification has no resource type ${type}`);
  }
  const { arnTemplate, identifier, properties, attributes } = specification;
  const nameProperty =
    kind.name ?? (kind.id === undefined ? identifier.find((part) => properties.has(part)) : undefined);
  const nameOrId =
    kind.id?.(resource) ??
    (nameProperty === undefined ? undefined : (resource.property(nameProperty) ?? generatedName(resource)));
  const arn =
    nameOrId === undefined
      ? undefined
      : (kind.arn?.(resource, nameOrId) ??
        (arnTemplate === undefined ? undefined : fill(arnTemplate, resource, nameOrId)));

  const ownArn = ['Arn', `${type.split('::')[2]}Arn`, ...identifier.filter((part) => part.endsWith('Arn'))];
  const standard = (name: string): string | undefined => {
    if (ownArn.includes(name)) {
      return arn;
    }
    return name === nameProperty || (identifier.includes(name) && !properties.has(name)) ? nameOrId : undefined;
  };
  const ref = (): string | undefined => {
    if (typeof kind.ref === 'function') {
      return kind.ref(resource, nameOrId ?? '');
    }
    if (kind.ref !== undefined) {
      return kind.ref === 'arn' ? arn : nameOrId;
    }
    const [only, ...others] = identifier;
    return only === undefined || others.length > 0 ? undefined : standard(only);
  };
  return {
    get ref() {
      const value = ref();
      if (value === undefined) {
        throw new Error(
          `don't know what !Ref of an ${type} gives; add the type to scripts/lib/resolve/physical-ids.ts`,
        );
      }
      return value;
    },
    arn,
    attribute: (name) =>
      nameOrId === undefined || !attributes.has(name)
        ? undefined
        : (kind.attributes?.[name]?.(resource, nameOrId) ?? standard(name)),
  };
}

function fill(arnTemplate: string, resource: Nameable, nameOrId: string): string {
  const { partition, region, accountId } = resource;
  const path = resource.property('Path') ?? '/';
  return substitute(arnTemplate, (placeholder) => {
    switch (placeholder) {
      case 'Partition':
        return partition;
      case 'Region':
        return region;
      case 'Account':
        return accountId;
      case 'RoleNameWithPath':
      case 'PolicyNameWithPath':
        return `${path.slice(1)}${nameOrId}`;
      case 'Alias':
        return afterSlash(nameOrId);
      default:
        return nameOrId;
    }
  });
}
