import type { Stack } from '../../../templates-src/model/stacks';
import type { Topology } from '../../../templates-src/model/topology';
import type { ResolvedStack, Resource } from '../../lib/resolve/resolve-stack';
import type { Target } from '../deployment-target';
import { shellText } from '../shell-text';
import { type AwsApi, AwsError } from './aws-api';

/** A stack of the checkout. */
export interface ExpectedStack {
  readonly stack: Stack;
  /** With the resources that it consists of, as the parameter files have it. */
  readonly resolved: ResolvedStack;
  /** The text of its generated template. */
  readonly template: string;
  /** Values of its parameters as `deploy.sh` or the pipeline passes them. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Whether it is to have termination protection. */
  readonly isProtected: boolean;
}

/** A stack as `aws cloudformation describe-stacks` gives it. */
export interface DeployedStack {
  readonly StackName: string;
  readonly StackStatus: string;
  readonly StackStatusReason?: string;
  readonly Parameters?: readonly { readonly ParameterKey: string; readonly ParameterValue: string }[];
  readonly EnableTerminationProtection?: boolean;
}

/** A resource as `aws cloudformation list-stack-resources` gives it. */
export interface DeployedResource {
  readonly LogicalResourceId: string;
  /** Absent as long as it has not been made. */
  readonly PhysicalResourceId?: string;
  readonly ResourceType: string;
}

/** An account in a Region: what should be there, and a way to look at what is. */
export class AccountView {
  readonly topology: Topology;
  /** The accounts of the topology that it serves, one unless some share it. */
  readonly targets: readonly Target[];
  readonly stacks: readonly ExpectedStack[];
  readonly region: string;
  readonly now: Date;
  readonly #aws: AwsApi;

  constructor(aws: AwsApi, account: Pick<AccountView, 'topology' | 'targets' | 'stacks' | 'region' | 'now'>) {
    this.#aws = aws;
    this.topology = account.topology;
    this.targets = account.targets;
    this.stacks = account.stacks;
    this.region = account.region;
    this.now = account.now;
  }

  /** `dev, test` */
  get names(): string {
    return this.targets.map(({ account }) => account).join(', ');
  }

  /** How the AWS CLI reaches it. */
  get target(): Target {
    return this.targets[0] as Target;
  }

  get accountId(): string {
    return this.target.accountId;
  }

  /** Calls an operation in this account; see {@link AwsApi.call}. */
  call<Answer>(service: string, operation: string, parameters: object = {}, target = this.target): Promise<Answer> {
    const options = target.options.flat().map(String);
    return this.#aws.call<Answer>(service, operation, parameters, options);
  }

  /** Calls an operation in another Region of this account. */
  callIn<Answer>(region: string, service: string, operation: string, parameters: object): Promise<Answer> {
    const options = this.target.options.map((words) => (words[0] === '--region' ? ['--region', region] : words));
    return this.call<Answer>(service, operation, parameters, { ...this.target, options });
  }

  /** A command of the AWS CLI for the operator, with the options of this account. */
  command(...words: string[]): string {
    return shellText([['aws', ...words], ...this.target.options]);
  }

  /** The options of this account as shell text. */
  get options(): string {
    return shellText(this.target.options);
  }

  /** The stack as it is deployed; undefined when there is none. */
  async deployed(stack: Pick<Stack, 'name'>): Promise<DeployedStack | undefined> {
    try {
      const parameters = { StackName: stack.name };
      const { Stacks } = await this.call<{ Stacks: DeployedStack[] }>('cloudformation', 'describe-stacks', parameters);
      return Stacks[0];
    } catch (error) {
      if (error instanceof AwsError && error.code === 'ValidationError' && /does not exist/.test(error.message)) {
        return undefined;
      }
      throw error;
    }
  }

  /**
   * Whether the resources of a stack have been made. A stack whose creation failed, or was never begun, has none, or not
   * all and nobody to look after them. An import that was undone leaves none where it was to make the stack.
   */
  async exists({ stack }: ExpectedStack): Promise<boolean> {
    const deployed = await this.deployed(stack);
    if (deployed === undefined) {
      return false;
    }
    return deployed.StackStatus === 'IMPORT_ROLLBACK_COMPLETE'
      ? (await this.#listed(stack)).length > 0
      : !/^(REVIEW_IN_PROGRESS|CREATE_FAILED|ROLLBACK_COMPLETE|ROLLBACK_FAILED)$/.test(deployed.StackStatus);
  }

  /** The stacks whose resources have been made. */
  async existing(): Promise<ExpectedStack[]> {
    const exist = await Promise.all(this.stacks.map((expected) => this.exists(expected)));
    return this.stacks.filter((_, index) => exist[index]);
  }

  /** What a stack has made of these types; see {@link DeployedResource}. */
  async resources({ stack }: ExpectedStack, ...types: readonly string[]): Promise<DeployedResource[]> {
    return (await this.#listed(stack)).filter(
      ({ ResourceType, PhysicalResourceId }) => types.includes(ResourceType) && PhysicalResourceId !== undefined,
    );
  }

  async #listed({ name }: Pick<Stack, 'name'>): Promise<DeployedResource[]> {
    const answer = await this.call<{ StackResourceSummaries: DeployedResource[] }>(
      'cloudformation',
      'list-stack-resources',
      { StackName: name },
    );
    return answer.StackResourceSummaries;
  }
}

/** The resources of a type that the checkout wants. */
export function expectedResources({ resolved }: ExpectedStack, type: string): Resource[] {
  return [...resolved.resources.values()].filter((resource) => resource.type === type);
}
