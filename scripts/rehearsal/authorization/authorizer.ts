import type { Case, Context, Target } from '../../../templates-src/access/case';
import { Evaluator } from '../../lib/iam/evaluate';
import type { RoutePolicies } from '../../lib/iam/policies';
import { CaseError, type Decision, type Request } from '../../lib/iam/request';
import { messageOf } from '../../lib/message';
import type { Call, Caller, Question } from './call';
import { contextOf } from './context-keys';
import { describeDenial, wordsOfAws } from './denial';
import type { Deployed } from './deployed';
import { actionsOf } from './iam-actions';
import { impliedBy } from './implied';
import { resourcesOf } from './resource-arns';

/** A request that AWS would deny. */
export interface Denial {
  readonly caller: string;
  readonly action: string;
  readonly resource: string;
  /** What would have to allow it, or denies it, and where that is. */
  readonly reasons: readonly string[];
}

/** What somebody asks of IAM: a call needs one or more. */
interface Asked {
  readonly action: string;
  readonly resource: string;
  readonly context: Context;
}

/** Answers whether AWS would allow calls, by the deployed policies, and remembers what it found. */
export class Authorizer {
  /** Each once. */
  readonly denials = new Map<string, Denial>();
  /** What could not be evaluated, and why. */
  readonly unevaluated = new Map<string, string>();
  /** Every role with every action that it asked for, and the number of the last call that did. */
  readonly asked = new Map<string, Map<string, number>>();
  /** Calls that were asked about, and what the answers took. */
  readonly spent = { calls: 0, milliseconds: 0 };
  private evaluator: { readonly of: RoutePolicies; readonly it: Evaluator } | undefined;

  constructor(private readonly deployed: Deployed) {}

  /** Whether a call is denied, in AWS's words. */
  async answer({ changes, ...question }: Question): Promise<{ readonly denied?: string }> {
    const began = performance.now();
    this.deployed.apply(changes);
    try {
      const denied = await this.check(question);
      return denied === undefined ? {} : { denied };
    } catch (error) {
      // Nobody may take for allowed what nobody could evaluate.
      const denied = `the rehearsal could not evaluate it: ${messageOf(error)}`;
      this.note(question.caller, `${question.service}:${question.operation}`, '*', [denied]);
      return { denied };
    } finally {
      this.spent.calls += 1;
      this.spent.milliseconds += performance.now() - began;
    }
  }

  private async check(question: Call & { readonly caller: Caller }): Promise<string | undefined> {
    const { caller, service, operation } = question;
    const actions = await actionsOf(question);
    if (actions === undefined) {
      this.unevaluated.set(`${service}:${operation}`, 'which action of IAM it needs is not known');
      return undefined;
    }
    const account = accountOf(caller);
    for (const action of actions) {
      const resources = await resourcesOf(action, question, account);
      if (resources === undefined) {
        this.unevaluated.set(action, `its parameters don't tell which resource it is about`);
      }
      for (const resource of resources ?? []) {
        const denied = await this.ask(caller, question, { action, resource, context: {} });
        if (denied !== undefined) {
          return denied;
        }
      }
    }
    for (const { action, resource, context } of impliedBy(question, this.deployed)) {
      const asked = { action, resource: resource.replaceAll(`\${Account}`, account), context };
      const denied = await this.ask(caller, question, asked);
      if (denied !== undefined) {
        return denied;
      }
    }
    return undefined;
  }

  private async ask(caller: Caller, call: Call, { action, resource, context }: Asked): Promise<string | undefined> {
    const { policies } = this.deployed;
    if ('roleArn' in caller) {
      this.asked.set(
        caller.roleArn,
        (this.asked.get(caller.roleArn) ?? new Map<string, number>()).set(action, this.spent.calls),
      );
      if (!policies.roles.has(caller.roleArn)) {
        throw new Error(`no deployed stack has the role ${caller.roleArn}`);
      }
    }
    const keys = await contextOf(action, resource, call, accountOf(caller), this.deployed, context);
    try {
      const [request] = this.evaluatorOf(policies).requests(
        caseOf(caller, action, targetOf(policies, caller, resource), keys),
      );
      const decision = await request?.decide();
      return request === undefined || decision === undefined || decision.result === 'Allowed'
        ? undefined
        : this.deny(caller, policies, request, decision);
    } catch (error) {
      if (!(error instanceof CaseError)) {
        throw error;
      }
      this.unevaluated.set(`${action} on ${resource}`, error.message.replace(/^.*?: /, ''));
      return undefined;
    }
  }

  private deny(caller: Caller, policies: RoutePolicies, request: Request, decision: Decision): string {
    const role = 'roleArn' in caller ? policies.roles.get(caller.roleArn) : undefined;
    this.note(caller, request.action, request.resource, describeDenial(request, decision, role));
    return wordsOfAws(caller, request, decision);
  }

  private note(caller: Caller, action: string, resource: string, reasons: readonly string[]): void {
    const who = 'roleArn' in caller ? caller.roleArn : caller.service;
    this.denials.set(`${who} ${action} ${resource}`, { caller: who, action, resource, reasons });
  }

  private evaluatorOf(policies: RoutePolicies): Evaluator {
    if (this.evaluator?.of !== policies) {
      this.evaluator = { of: policies, it: new Evaluator(policies) };
    }
    return this.evaluator.it;
  }
}

const accountOf = (caller: Caller) =>
  'roleArn' in caller ? (caller.roleArn.split(':')[4] ?? '') : caller.sourceAccount;

/** The request as a case of the proof has it. */
function caseOf(caller: Caller, action: string, on: Target, context: Context): Case {
  return {
    id: 'rehearsal',
    group: 'rehearsal',
    actor: 'roleArn' in caller ? { kind: 'role', arn: caller.roleArn } : { kind: 'service', ...caller },
    requests: [{ actions: action as `${string}:${string}`, on, context }],
    through: undefined,
    expect: 'allowed',
    why: 'it was called',
  };
}

/** ARNs of buckets don't say whose they are; one that no stack has made is, or will be, the caller's. */
function targetOf({ bucketOwners }: RoutePolicies, caller: Caller, resource: string): Target {
  const isUnknownBucket = resource.startsWith('arn:aws:s3:::') && !bucketOwners.has(resource.replace(/\/.*$/, ''));
  return isUnknownBucket ? { arn: resource, account: accountOf(caller) } : resource;
}
