import type { Emulator } from './client';

/** A template written as an object; CloudFormation reads it as JSON. */
export interface TemplateObject {
  readonly Parameters?: object;
  readonly Conditions?: object;
  readonly Resources: Readonly<Record<string, object>>;
  readonly Outputs?: Readonly<Record<string, object>>;
}

/** What a deployment made of a stack. */
export interface DeployedStack {
  /** Values of the outputs, by key. */
  readonly outputs: Readonly<Record<string, string>>;
  /** Physical ids of the resources, by logical id. */
  readonly ids: Readonly<Record<string, string>>;
}

interface Stacks {
  Stacks: { StackStatus: string; Outputs?: { OutputKey: string; OutputValue: string }[] }[];
}
interface Resources {
  StackResourceSummaries: { LogicalResourceId: string; PhysicalResourceId: string }[];
}
interface Events {
  StackEvents: { LogicalResourceId: string; ResourceStatus: string; ResourceStatusReason?: string }[];
}

/** Stacks of one account, for tests: deployed by CloudFormation's API rather than the slower command. */
export class Deployments {
  constructor(
    private readonly emulator: Emulator,
    private readonly account: string,
  ) {}

  /**
   * Creates a stack, or updates it when it exists.
   *
   * @param roleArn role that CloudFormation acts as
   * @throws with the failures among the stack's events when the deployment fails or is refused
   */
  async deploy(
    stack: string,
    template: TemplateObject,
    parameters: Readonly<Record<string, string>> = {},
    roleArn?: string,
  ): Promise<DeployedStack> {
    const operation = (await this.status(stack)) === undefined ? 'CreateStack' : 'UpdateStack';
    await this.call(operation, {
      StackName: stack,
      TemplateBody: JSON.stringify(template),
      Parameters: Object.entries(parameters).map(([ParameterKey, ParameterValue]) => ({
        ParameterKey,
        ParameterValue,
      })),
      Capabilities: ['CAPABILITY_NAMED_IAM'],
      ...(roleArn === undefined ? {} : { RoleARN: roleArn }),
    });
    const status = await this.status(stack);
    if (status !== 'CREATE_COMPLETE' && status !== 'UPDATE_COMPLETE') {
      throw new Error([`${stack} is ${status}:`, ...(await this.failures(stack))].join('\n'));
    }
    const { Stacks } = await this.call<Stacks>('DescribeStacks', { StackName: stack });
    const resources = await this.call<Resources>('ListStackResources', { StackName: stack });
    return {
      outputs: Object.fromEntries((Stacks[0]?.Outputs ?? []).map((one) => [one.OutputKey, one.OutputValue])),
      ids: Object.fromEntries(
        resources.StackResourceSummaries.map((one) => [one.LogicalResourceId, one.PhysicalResourceId]),
      ),
    };
  }

  /**
   * Deletes a stack.
   *
   * @throws with the failures among the stack's events when something cannot be deleted
   */
  async remove(stack: string): Promise<void> {
    await this.call('DeleteStack', { StackName: stack });
    if ((await this.status(stack)) !== undefined) {
      throw new Error([`${stack} is not deleted:`, ...(await this.failures(stack))].join('\n'));
    }
  }

  /** A stack's status; undefined when there is no such stack. */
  async status(stack: string): Promise<string | undefined> {
    try {
      return (await this.call<Stacks>('DescribeStacks', { StackName: stack })).Stacks[0]?.StackStatus;
    } catch (error) {
      if ((error as Error).message.includes('does not exist')) {
        return undefined;
      }
      throw error;
    }
  }

  /** What failed, latest first. */
  async failures(stack: string): Promise<string[]> {
    const { StackEvents } = await this.call<Events>('DescribeStackEvents', { StackName: stack });
    return StackEvents.filter((event) => event.ResourceStatus.endsWith('_FAILED')).map(
      (event) => `${event.LogicalResourceId}: ${event.ResourceStatusReason}`,
    );
  }

  private call<Result>(operation: string, parameters: object): Promise<Result> {
    return this.emulator.call(this.account, 'cloudformation', operation, parameters);
  }
}
