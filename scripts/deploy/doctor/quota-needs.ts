import type { Resource, ValueMap } from '../../lib/resolve/resolve-stack';
import { type AccountView, type ExpectedStack, expectedResources } from './account-view';

/** A quota of AWS, and what the parameter files need of it. Names and codes are those of Service Quotas. */
export interface QuotaNeed {
  readonly service: string;
  /** Undefined where it is not known here which quota it is. */
  readonly code: string | undefined;
  readonly name: string;
  readonly needed: number;
  /** Where the number comes from. */
  readonly why: string;
  /** Stacks that cannot be created without it; those that exist have what they need. */
  readonly fails: readonly string[];
  /** How many there are already; asked only where the need comes on top of them. */
  readonly used?: (view: AccountView) => Promise<number>;
}

/** The quotas that the stacks of an account depend on; `missing` are those that are still to be created. */
export function quotaNeeds(view: AccountView, missing: readonly ExpectedStack[]): QuotaNeed[] {
  return [
    ...countedResources.flatMap(({ type, ...quota }) => countNeed(type, quota, missing)),
    ...fargateNeed(view.stacks),
    ...buildNeeds(view.stacks),
  ].filter(({ needed }) => needed > 0);
}

const countedResources = [
  {
    type: 'AWS::EC2::VPC',
    service: 'vpc',
    code: 'L-F678F1CE',
    name: 'VPCs per Region',
    used: (view: AccountView) => count(view, 'ec2', 'describe-vpcs', 'Vpcs'),
  },
  {
    type: 'AWS::EC2::EIP',
    service: 'ec2',
    code: 'L-0263D0A3',
    name: 'EC2-VPC Elastic IPs',
    used: (view: AccountView) => count(view, 'ec2', 'describe-addresses', 'Addresses'),
  },
  {
    type: 'AWS::ElasticLoadBalancingV2::LoadBalancer',
    service: 'elasticloadbalancing',
    code: 'L-53DA6B97',
    name: 'Application Load Balancers per Region',
    used: (view: AccountView) => count(view, 'elbv2', 'describe-load-balancers', 'LoadBalancers', 'application'),
  },
] as const;

function countNeed(
  type: string,
  quota: Pick<QuotaNeed, 'service' | 'code' | 'name' | 'used'>,
  missing: readonly ExpectedStack[],
): QuotaNeed[] {
  const makers = missing.filter((expected) => expectedResources(expected, type).length > 0);
  const needed = makers.flatMap((expected) => expectedResources(expected, type)).length;
  const fails = makers.map(({ stack }) => stack.name);
  return [{ ...quota, needed, why: `for ${fails.join(', ')}`, fails }];
}

async function count(view: AccountView, service: string, operation: string, list: string, type?: string) {
  const { [list]: items = [] } = await view.call<Record<string, readonly { Type?: string }[]>>(service, operation);
  return items.filter(({ Type }) => type === undefined || Type === type).length;
}

/** While CodeDeploy shifts traffic, the old and the new tasks run. */
const BLUE_AND_GREEN = 2;
const UNITS_PER_VCPU = 1024;

function fargateNeed(stacks: readonly ExpectedStack[]): QuotaNeed[] {
  const services = stacks.flatMap((expected) => {
    const [count] = expectedResources(expected, 'AWS::ApplicationAutoScaling::ScalableTarget');
    const [task] = expectedResources(expected, 'AWS::ECS::TaskDefinition');
    if (count === undefined || task === undefined) {
      return [];
    }
    const tasks = Number(count.properties.MaxCapacity);
    return [{ stack: expected.stack.name, tasks, vcpus: Number(task.properties.Cpu) / UNITS_PER_VCPU }];
  });
  const needed = services.reduce((sum, { tasks, vcpus }) => sum + BLUE_AND_GREEN * tasks * vcpus, 0);
  const why = services.map(
    ({ stack, tasks, vcpus }) => `${stack}: twice ${tasks} tasks of ${vcpus} vCPU, blue and green`,
  );
  return [
    {
      service: 'fargate',
      code: 'L-3032A538',
      name: 'Fargate On-Demand vCPU resource count',
      needed,
      why: why.join('; '),
      fails: [],
    },
  ];
}

/** Quotas of CodeBuild, by environment and compute type: "Concurrently running builds for Linux/Small environment". */
const buildQuotas: Readonly<Record<string, readonly [code: string, name: string]>> = {
  'LINUX_CONTAINER BUILD_GENERAL1_SMALL': ['L-9D07B6EF', 'Linux/Small'],
  'LINUX_CONTAINER BUILD_GENERAL1_MEDIUM': ['L-2DC20C30', 'Linux/Medium'],
  'LINUX_CONTAINER BUILD_GENERAL1_LARGE': ['L-4DDC4A99', 'Linux/Large'],
  'LINUX_CONTAINER BUILD_GENERAL1_XLARGE': ['L-04E5CA62', 'Linux/XLarge'],
  'LINUX_CONTAINER BUILD_GENERAL1_2XLARGE': ['L-0397D009', 'Linux/2XLarge'],
  'ARM_CONTAINER BUILD_GENERAL1_SMALL': ['L-5ED1D25B', 'ARM/Small'],
  'ARM_CONTAINER BUILD_GENERAL1_LARGE': ['L-596BEAB4', 'ARM/Large'],
};

function buildNeeds(stacks: readonly ExpectedStack[]): QuotaNeed[] {
  const projects = stacks.flatMap((expected) => expectedResources(expected, 'AWS::CodeBuild::Project'));
  const pipelines = stacks.flatMap((expected) => expectedResources(expected, 'AWS::CodePipeline::Pipeline'));
  const computes = [...new Set(projects.map(computeOf))];
  return computes.map((compute): QuotaNeed => {
    const [code, name] = buildQuotas[compute] ?? [];
    const of = new Set(projects.filter((project) => computeOf(project) === compute).map(({ ids }) => ids.ref));
    return {
      service: 'codebuild',
      code,
      name: `Concurrently running builds for ${name ?? compute} environment`,
      needed: pipelines.reduce((sum, pipeline) => sum + buildsAtATime(pipeline, of), 0),
      why: 'when all pipelines build at the same time',
      fails: [],
    };
  });
}

function computeOf({ properties }: Resource): string {
  const { Type, ComputeType } = properties.Environment as ValueMap;
  return `${Type} ${ComputeType}`;
}

/** The most builds of these projects that a pipeline starts together: actions of a stage with the same RunOrder. */
function buildsAtATime({ properties }: Resource, projects: ReadonlySet<string>): number {
  const together = new Map<string, number>();
  for (const stage of properties.Stages as unknown as readonly ValueMap[]) {
    for (const action of stage.Actions as unknown as readonly ValueMap[]) {
      const project = (action.Configuration as ValueMap | undefined)?.ProjectName;
      if (project !== undefined && projects.has(String(project))) {
        const key = `${stage.Name} ${action.RunOrder ?? 1}`;
        together.set(key, (together.get(key) ?? 0) + 1);
      }
    }
  }
  return Math.max(0, ...together.values());
}
