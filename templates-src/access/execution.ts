import { substitute } from '../dsl';
import { type WorkloadTemplate, workloadTemplates } from '../model/names';
import { environmentResourceTypes } from '../patterns/environment/execution-permissions';
import { authorizationOf, families } from './authorization';
import {
  type Case,
  type Cases,
  type Context,
  casesOf,
  type DeclaredEnvironment,
  type DeclaredResource,
  type DeclaredRoute,
  type Need,
  type Refusal,
  type Requests,
} from './case';
import { arnIn, openKey } from './elsewhere';
import { executionNever } from './execution-never';
import {
  assumedByService,
  executionRoles as declaredAt,
  encryptedObjects,
  encryptsLogs,
  executionRoleOf,
  logGroupItself,
} from './needs';
import { notNeededFor } from './not-needed';
import { packageIn, packages } from './pipelines';
import handlers from './resource-handlers.json';

/**
 * The execution roles of CloudFormation: for each resource of the environment's templates, what CloudFormation's handlers
 * call to create, read, update and delete it (`resource-handlers.json`), on the resources that AWS decides it for.
 */

type Action = `${string}:${string}`;

const verbs = { create: 'creates', read: 'reads', update: 'updates', delete: 'deletes' } as const;
type Handler = keyof typeof verbs;

/** Reads that AWS answers for everything at once, and the one registration that ECS decides for `*` only. */
const onEverything = new Set(['cloudwatch:DescribeAlarms', 'cloudwatch:GetMetricData', 'ecs:RegisterTaskDefinition']);

/** What a handler of a type calls, but for what the resources of the type don't need. */
function actionsOf(
  type: (typeof environmentResourceTypes)[number],
  handler: Handler,
  resources: readonly DeclaredResource[],
): readonly Action[] {
  const named = (handlers[type] as Readonly<Record<string, string>>)[handler] ?? '';
  const exceptions = notNeededFor(type, resources);
  return named.split(' ').filter((action) => action !== '' && !exceptions.has(action)) as Action[];
}

/** The service that a resource hands a role to. */
const passedTo: Readonly<Record<string, string>> = {
  'AWS::CodeDeploy::DeploymentGroup': 'codedeploy.amazonaws.com',
  'AWS::EC2::FlowLog': 'vpc-flow-logs.amazonaws.com',
  'AWS::ECS::TaskDefinition': 'ecs-tasks.amazonaws.com',
  'AWS::Lambda::Function': 'lambda.amazonaws.com',
};

/** Roles that a service makes for itself when somebody first uses it. */
const serviceLinkedRoles: Readonly<Record<string, readonly [service: string, name: string]>> = {
  'AWS::ApplicationAutoScaling::ScalableTarget': [
    'ecs.application-autoscaling.amazonaws.com',
    'AWSServiceRoleForApplicationAutoScaling_ECSService',
  ],
  'AWS::ECS::Cluster': ['ecs.amazonaws.com', 'AWSServiceRoleForECS'],
  'AWS::ElasticLoadBalancingV2::LoadBalancer': [
    'elasticloadbalancing.amazonaws.com',
    'AWSServiceRoleForElasticLoadBalancing',
  ],
};

/** A request of a handler, for one resource of the templates. */
interface Subject {
  readonly route: DeclaredRoute;
  readonly environment: DeclaredEnvironment;
  /** All resources of the environment's templates, and the roles that the operator makes for them. */
  readonly all: readonly DeclaredResource[];
  readonly resource: DeclaredResource;
  readonly handler: Handler;
}

/** Every text in a value. */
const textsIn = (value: unknown): readonly string[] =>
  typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [String(value)];

const tryArn = (resource: DeclaredResource): string | undefined => {
  try {
    return resource.arn;
  } catch {
    // Routes, attachments and policies have none: they are decided for what they belong to.
    return undefined;
  }
};

/** ARNs of the resources that a resource refers to, and of the roles among them. */
function related({ all, resource }: Subject): readonly string[] {
  const texts = new Set(textsIn(resource.properties));
  return all.flatMap((other) => {
    const arn = tryArn(other);
    const named =
      other.type.startsWith('AWS::EC2::') || other.type.startsWith('AWS::KMS::') || other.type.startsWith('AWS::S3::');
    return arn !== undefined && other !== resource && (texts.has(arn) || (named && texts.has(other.ref))) ? [arn] : [];
  });
}

/** What AWS decides an action for, when a handler calls it for a resource. */
async function requestsOf(subject: Subject, action: Action): Promise<readonly Requests[]> {
  const { route, environment, all, resource } = subject;
  const { type } = resource;
  if (action === 'iam:CreateServiceLinkedRole') {
    return [serviceLinkedRole(environment, type)];
  }
  if (action === 'iam:PassRole' || action === 'iam:GetRole') {
    const roles = type === 'AWS::IAM::Role' ? [resource.arn] : related(subject).filter((arn) => arn.includes(':role/'));
    const context = action === 'iam:PassRole' ? { 'iam:PassedToService': passedTo[type] ?? type } : {};
    return roles.length === 0 ? [] : [{ actions: action, on: roles, context }];
  }
  if (type === 'AWS::ApplicationAutoScaling::ScalableTarget' && action.startsWith('cloudwatch:')) {
    // The alarms of target tracking, which Application Auto Scaling names after what it scales.
    const alarm = `alarm:TargetTracking-${resource.properties.ResourceId}-AlarmHigh-0a1b2c3d-4e5f-6a7b-8c9d-0e1f2a3b4c5d`;
    return [{ actions: action, on: arnIn(route, environment, 'cloudwatch', alarm) }];
  }
  if (type === 'AWS::Lambda::Function' && /^(s3|kms):/.test(action)) {
    const store = route.tooling.stack('artifact-store');
    return [
      action.startsWith('s3:')
        ? { actions: action, on: packageIn(route) }
        : {
            actions: action,
            on: store.arn('ArtifactKey'),
            context: {
              'kms:ViaService': `s3.${route.region}.amazonaws.com`,
              'kms:EncryptionContext:aws:s3:arn': store.arn('PackageBucket'),
            },
          },
    ];
  }
  if (action === 'kms:TagResource' && subject.handler === 'create') {
    // Decided by IAM alone, before the key has a policy of its own (KMS API reference, "CreateKey": Tags).
    return [{ actions: action, on: openKey(route, environment, environment), context: contextOf(subject, action) }];
  }
  if (type === 'AWS::Logs::LogGroup' && !/Tag/.test(action) && (await authorizationOf(action)).types.length > 0) {
    return [{ actions: action, on: logGroupItself(resource.arn) }];
  }
  const { types } = await authorizationOf(action);
  if (types.length === 0) {
    return [{ actions: action, on: '*', context: contextOf(subject, action) }];
  }
  const own = tryArn(resource);
  const others = related(subject);
  const anyOf = (matches: (arn: string) => boolean): string | undefined =>
    (own !== undefined && matches(own) ? own : undefined) ??
    others.find(matches) ??
    all.map(tryArn).find((arn) => arn !== undefined && matches(arn));
  const required = types.filter((each) => each.required);
  const optional = types.filter((each) => !each.required);
  const targets =
    required.length > 0
      ? [
          // Load balancers of every kind are listed as required; a request names one of them.
          ...families(required).map(
            ([first, ...rest]) =>
              [first, ...rest].map(({ matches }) => anyOf(matches)).find((arn) => arn !== undefined) ??
              madeUp(route, environment, resource, first.arn),
          ),
          ...optional.flatMap(({ matches }) => [...(own === undefined ? [] : [own]), ...others].filter(matches)),
        ]
      : optional.flatMap(({ matches }) => (own !== undefined && matches(own) ? [own] : []));
  const referred = targets.length > 0 ? targets : optional.flatMap(({ matches }) => others.filter(matches));
  // A request that names nothing: only a statement for everything, or for all of the type, allows it.
  const found =
    referred.length > 0 ? referred : optional.slice(0, 1).map(({ arn }) => anyOfType(route, environment, arn));
  const context = contextOf(subject, action);
  if (action === 'ec2:CreateVpcEndpoint') {
    // The endpoint alone has the condition key; network, subnets and security groups of the request have none.
    const isEndpoint = (arn: string) => arn.includes(':vpc-endpoint/');
    return [
      { actions: action, on: found.filter(isEndpoint), context },
      { actions: action, on: [...new Set(found.filter((arn) => !isEndpoint(arn)))] },
    ];
  }
  return [{ actions: action, on: [...new Set(found)], context }];
}

/** ARN of something that no template declares, such as a rule of a security group. */
function madeUp(
  { region }: DeclaredRoute,
  { id }: DeclaredEnvironment,
  resource: DeclaredResource,
  template: string,
): string {
  const values: Readonly<Record<string, string>> = {
    Partition: 'aws',
    Region: region,
    Account: id,
    SecurityGroupRuleId: 'sgr-00000000000000000',
    DeploymentConfigurationName: String(resource.properties.DeploymentConfigName),
    ClusterName: String(resource.properties.Cluster),
    ServiceName: String(resource.properties.ServiceName),
    ServiceDeploymentId: 'AbCdEfGhIjKlMnOpQrStU',
  };
  return substitute(template, (name) => {
    const value = values[name];
    if (value === undefined) {
      throw new Error(`${resource.logicalId}: don't know a ${name} for ${template}`);
    }
    return value;
  });
}

/** ARN of any resource of a type, whatever it is called. */
const anyOfType = ({ region }: DeclaredRoute, { id }: DeclaredEnvironment, template: string) =>
  substitute(template, (name) => ({ Partition: 'aws', Region: region, Account: id })[name] ?? 'anything');

function serviceLinkedRole({ id }: DeclaredEnvironment, type: string): Requests {
  const [service, name] = serviceLinkedRoles[type] ?? [];
  if (service === undefined) {
    throw new Error(`don't know which service-linked role an ${type} needs`);
  }
  return {
    actions: 'iam:CreateServiceLinkedRole',
    on: `arn:aws:iam::${id}:role/aws-service-role/${service}/${name}`,
    context: { 'iam:AWSServiceName': service },
  };
}

/** Tags that a resource is created with, as condition keys. */
const requestTags = ({ properties }: DeclaredResource): Context =>
  Object.fromEntries(
    ((properties.Tags ?? []) as readonly { readonly Key: string; readonly Value: string }[]).map(({ Key, Value }) => [
      `aws:RequestTag/${Key}`,
      Value,
    ]),
  );

const underBoundary = new Set<Action>([
  'iam:CreateRole',
  'iam:DeleteRolePolicy',
  'iam:PutRolePermissionsBoundary',
  'iam:PutRolePolicy',
  'iam:UpdateAssumeRolePolicy',
]);

const ofNamespace =
  /^application-autoscaling:(RegisterScalableTarget|DeregisterScalableTarget|(Put|Delete)(ScalingPolicy|ScheduledAction))$/;

/** Whether tasks of a service have an address in the Internet. */
const assignsPublicIp = ({ NetworkConfiguration }: DeclaredResource['properties']) =>
  (NetworkConfiguration as { readonly AwsvpcConfiguration?: { readonly AssignPublicIp?: string } } | undefined)
    ?.AwsvpcConfiguration?.AssignPublicIp ?? 'DISABLED';

/** Condition keys that tell what a resource is like. */
function contextOf({ resource, handler, all }: Subject, action: Action): Context {
  const { properties } = resource;
  switch (resource.type) {
    case 'AWS::IAM::Role':
      return underBoundary.has(action)
        ? { 'iam:PermissionsBoundary': String(resource.properties.PermissionsBoundary) }
        : {};
    case 'AWS::KMS::Key':
      // Not aws:ResourceTag, which says nothing before minutes have passed; an update sends only tags that change.
      return {
        ...(handler === 'create' && ['kms:CreateKey', 'kms:TagResource'].includes(action) ? requestTags(resource) : {}),
        ...(['kms:CreateKey', 'kms:PutKeyPolicy'].includes(action)
          ? { 'kms:BypassPolicyLockoutSafetyCheck': String(properties.BypassPolicyLockoutSafetyCheck ?? false) }
          : {}),
      };
    case 'AWS::ApplicationAutoScaling::ScalableTarget':
    case 'AWS::ApplicationAutoScaling::ScalingPolicy':
      return ofNamespace.test(action) ? { 'application-autoscaling:service-namespace': 'ecs' } : {};
    case 'AWS::EC2::VPCEndpoint':
      return action === 'ec2:CreateVpcEndpoint' ? { 'ec2:VpceServiceName': String(properties.ServiceName) } : {};
    case 'AWS::ECS::Service':
      return ['ecs:CreateService', 'ecs:UpdateService'].includes(action)
        ? {
            'ecs:auto-assign-public-ip': assignsPublicIp(properties),
            'ecs:enable-execute-command': String(properties.EnableExecuteCommand ?? false),
          }
        : {};
    case 'AWS::Lambda::Url':
      return ['lambda:CreateFunctionUrlConfig', 'lambda:UpdateFunctionUrlConfig'].includes(action)
        ? { 'lambda:FunctionUrlAuthType': String(properties.AuthType) }
        : {};
    case 'AWS::Lambda::EventSourceMapping': {
      const target = all.find(
        (other) => other.type === 'AWS::Lambda::Function' && other.ref === resource.properties.FunctionName,
      );
      return action.endsWith('EventSourceMapping') ? { 'lambda:FunctionArn': target?.arn ?? '' } : {};
    }
    default:
      return {};
  }
}

/** The needs of one type of resources of a template. */
async function needsOfType(
  route: DeclaredRoute,
  environment: DeclaredEnvironment,
  all: readonly DeclaredResource[],
  own: readonly DeclaredResource[],
  type: (typeof environmentResourceTypes)[number],
): Promise<readonly Need[]> {
  const ofType = own.filter((resource) => resource.type === type);
  // What AWS names is all alike to the policies: one of each type stands for the others.
  const resources = ofType.filter(
    (resource, index) => index === 0 || isNamed(route, environment, tryArn(resource) ?? ''),
  );
  const needs: Need[] = [];
  const refused = new Set<string>();
  for (const handler of Object.keys(verbs) as Handler[]) {
    const requests: Requests[] = [];
    for (const resource of resources) {
      for (const action of actionsOf(type, handler, ofType)) {
        requests.push(...(await requestsOf({ route, environment, all, resource, handler }, action)));
      }
    }
    const [first, ...and] = distinct(requests);
    if (first !== undefined) {
      needs.push({
        does: `${verbs[handler]} ${type}`,
        ...first,
        and,
        why: `CloudFormation, resource schema of ${type}: permissions of the ${handler} handler`,
        denied: notOfOthers(
          route,
          environment,
          [first, ...and].filter(({ actions }) => !refused.has(String(actions))),
        ),
      });
      // What is refused beside one handler needn't be refused again beside the next.
      for (const { actions } of requests) {
        refused.add(String(actions));
      }
    }
  }
  return needs;
}

const isNamed = ({ topology }: DeclaredRoute, { name }: DeclaredEnvironment, arn: string) =>
  arn.includes(`${topology.project}-${name}-`) || arn.includes(`/${topology.project}/${name}/`);

/**
 * The same requests for what isn't the environment's: resources under the names of another environment that shares the
 * account; and, of those to which AWS gives names, resources in another Region.
 */
function notOfOthers(
  route: DeclaredRoute,
  environment: DeclaredEnvironment,
  requests: readonly Requests[],
): readonly Refusal[] {
  const { topology, environments, region } = route;
  const neighbour = environments.find(({ name }) => name !== environment.name)?.name ?? 'another';
  const renamed = (arn: string) =>
    arn
      .replaceAll(`${topology.project}-${environment.name}-`, `${topology.project}-${neighbour}-`)
      .replaceAll(`/${topology.project}/${environment.name}/`, `/${topology.project}/${neighbour}/`);
  const moved = (arn: string) => arn.replace(`:${region}:`, ':ap-southeast-2:');
  const { policy } = openKey(route, environment, environment);
  /** The first target of each action: what one resource proves of a type, the others do, too. */
  const changed = (change: (arn: string) => string, applies: (arn: string) => boolean) =>
    distinct(
      requests.flatMap(({ actions, on, context = {} }): Requests[] => {
        const [target] = [on].flat().filter((each) => typeof each === 'string' && applies(each)) as readonly string[];
        if (target === undefined || onEverything.has(String(actions))) {
          return [];
        }
        const arn = change(target);
        return [
          {
            actions,
            // A key lets nobody in without its policy.
            on: { arn, account: environment.id, ...(arn.includes(':kms:') && policy ? { policy } : {}) },
            context: Object.fromEntries(Object.entries(context).map(([key, value]) => [key, change(String(value))])),
          },
        ];
      }),
      ({ actions }) => JSON.stringify(actions),
    );
  const refusal = (that: string, why: string, [first, ...and]: readonly Requests[]): readonly Refusal[] =>
    first === undefined ? [] : [{ that, ...first, and, why }];
  const named = (arn: string) => isNamed(route, environment, arn);
  return [
    ...refusal(
      'those of another environment in the account',
      'an environment must not reach another environment, even where they share an account',
      changed(renamed, named),
    ),
    ...refusal(
      'in another Region',
      'the route to live has one Region; what is elsewhere belongs to others',
      changed(moved, (arn) => !named(arn) && arn.includes(`:${region}:`)),
    ),
  ];
}

function distinct(
  requests: readonly Requests[],
  key = (request: Requests) => JSON.stringify(request),
): readonly Requests[] {
  return [...new Map(requests.map((request) => [key(request), request])).values()];
}

/** What a role does beside what handlers call. */
function otherNeeds(
  route: DeclaredRoute,
  environment: DeclaredEnvironment,
  template: WorkloadTemplate,
): readonly Need[] {
  return [
    assumedByService(route, executionRoleOf(environment, template), {
      service: 'cloudformation.amazonaws.com',
      account: environment,
      why: 'CloudFormation User Guide, "AWS CloudFormation service role"',
    }),
    {
      ...encryptsLogs(
        route,
        environment.stack('infrastructure').arn('WorkloadKey'),
        openKey(route, environment, environment),
      ),
      does: 'encrypts log groups through CloudWatch Logs',
    },
    ...(template === 'infrastructure'
      ? [
          ...(route.topology.container === undefined ? [] : needsOfNetwork(route, environment)),
          ...encryptedObjects(
            route,
            environment,
            'packages',
            packages(route, 'CloudFormation gets templates from the action, and packages from their bucket'),
            {
              read: ['s3:GetObject', 's3:GetObjectVersion'],
              why: 'CloudFormation, resource schema of AWS::Lambda::Function: s3:GetObject, s3:GetObjectVersion for the code',
            },
          ),
        ]
      : [makesRoleOfLoadBalancers(environment), looksAtNetworkOfLoadBalancers]),
  ];
}

/** What only the network asks for. */
const needsOfNetwork = (route: DeclaredRoute, environment: DeclaredEnvironment): readonly Need[] => [
  {
    does: 'adds rules to security groups',
    actions: ['ec2:AuthorizeSecurityGroupEgress', 'ec2:AuthorizeSecurityGroupIngress'],
    on: arnIn(route, environment, 'ec2', 'security-group-rule/sgr-00000000000000000'),
    why: 'Service Authorization Reference, Amazon EC2: a rule is a resource of both; when it is asked for is not said',
  },
  {
    does: 'looks up availability zones',
    actions: 'ec2:DescribeAvailabilityZones',
    on: '*',
    why: 'CloudFormation User Guide, "Specify existing resources at runtime with supplied parameter types"',
  },
  {
    does: 'gives endpoints their private names',
    actions: 'route53:AssociateVPCWithHostedZone',
    on: { arn: 'arn:aws:route53:::hostedzone/Z0123456789ABCDEFGHIJ', account: environment.id },
    why: 'Service Authorization Reference, ec2:CreateVpcEndpoint: dependent action (2024; the VPC guide does not name it)',
    denied: [
      {
        that: 'changing names',
        actions: ['route53:ChangeResourceRecordSets', 'route53:DisassociateVPCFromHostedZone'],
        why: 'names of others decide where their requests go',
      },
    ],
  },
];

/** Without these, the first load balancer of an account fails (kubernetes-sigs/cluster-api-provider-aws #629). */
const looksAtNetworkOfLoadBalancers: Need = {
  does: 'looks at the network of load balancers and target groups',
  actions: [
    'ec2:DescribeAccountAttributes',
    'ec2:DescribeAddresses',
    'ec2:DescribeInternetGateways',
    'ec2:DescribeSecurityGroups',
    'ec2:DescribeSubnets',
    'ec2:DescribeVpcs',
  ],
  on: '*',
  why: 'Elastic Load Balancing User Guide, "Elastic Load Balancing API permissions": CreateLoadBalancer, CreateTargetGroup',
};

const makesRoleOfLoadBalancers = (environment: DeclaredEnvironment): Need => ({
  does: 'lets load balancers make their service-linked role',
  ...serviceLinkedRole(environment, 'AWS::ElasticLoadBalancingV2::LoadBalancer'),
  why: 'Elastic Load Balancing User Guide, "Service-linked role": iam:CreateServiceLinkedRole',
  denied: [
    {
      that: 'roles of other services',
      on: `arn:aws:iam::${environment.id}:role/aws-service-role/organizations.amazonaws.com/AWSServiceRoleForOrganizations`,
      context: { 'iam:AWSServiceName': 'organizations.amazonaws.com' },
      why: 'a service-linked role may do what its service says',
    },
  ],
});

/** The cases of the execution roles. */
export const executionRoles: Cases = async (route) => {
  const cases: Case[] = [];
  for (const environment of route.environments) {
    const resourcesOf = (template: WorkloadTemplate) => {
      const { resources, declined } = environment.stack(template);
      return [...resources, ...declined];
    };
    const all = [
      ...workloadTemplates(route.topology).flatMap(resourcesOf),
      ...environment.stack('service-roles').resources.filter(({ type }) => type === 'AWS::IAM::Role'),
    ];
    for (const template of workloadTemplates(route.topology)) {
      const own = resourcesOf(template);
      const needs: Need[] = [];
      for (const type of environmentResourceTypes) {
        needs.push(...(await needsOfType(route, environment, all, own, type)));
      }
      const actor = executionRoleOf(environment, template);
      cases.push(
        ...casesOf({
          group: `${environment.name}/${declaredAt[template].id}`,
          actor,
          needs: [...otherNeeds(route, environment, template), ...needs],
          never: executionNever(route, environment, template, own),
        }),
      );
    }
  }
  return cases;
};
