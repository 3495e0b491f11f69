import type { Actor, Case, Context } from '../../../templates-src/access/case';
import { covers } from '../../lib/iam/covers';
import type { Evaluator } from '../../lib/iam/evaluate';
import { actionData, isGlobalKey } from '../../lib/iam/iam-data';
import type { Policy, RoutePolicies } from '../../lib/iam/policies';
import { CaseError } from '../../lib/iam/request';
import { statementsAbout } from '../../lib/iam/statements';

type Statement = Readonly<Record<string, unknown>>;
type Conditions = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

/** Asks whether somebody could do something, whatever else a request of theirs says. */
export class Asker {
  /** Requests that were simulated. */
  asked = 0;
  readonly #evaluator: Evaluator;
  readonly #policies: RoutePolicies;
  /** What the policies of resources say, by action and resource: most principals ask for the same. */
  readonly #ofResources = new Map<string, readonly Statement[]>();
  /** What was found out, by who asks what: each environment has those before it in common with the next. */
  readonly #answers = new Map<string, Promise<Context | undefined>>();

  constructor(evaluator: Evaluator, policies: RoutePolicies) {
    this.#evaluator = evaluator;
    this.#policies = policies;
  }

  /** Whether the policy of a resource lets anybody do something: nobody of another account can, where it doesn't. */
  letsIn(action: string, resource: string): boolean {
    return this.#statementsOf(action, resource).some(({ Effect }) => Effect === 'Allow');
  }

  /**
   * Under which condition keys AWS would allow a request; undefined when under none that the policies name.
   *
   * A request says what its maker likes: so each is tried with nothing special, with what each statement that would allow
   * it asks for, with what keeps each statement that denies from it, and with both.
   */
  couldDo(actor: Actor, action: string, resource: string): Promise<Context | undefined> {
    const own = actor.kind === 'role' ? (this.#policies.roles.get(actor.arn)?.identity ?? []) : [];
    const identity = statementsFor(own, action, resource);
    const others = this.#statementsOf(action, resource);
    const isAtHome = resource.split(':')[4] === accountOf(actor) || resource === '*';
    const allows = ({ Effect }: Statement) => Effect === 'Allow';
    const allowing = [...identity.filter(allows), ...others.filter((it) => allows(it) && admits(it, actor))];
    // Without a statement that allows it, nothing has to be simulated: administrators have theirs at home alone.
    if (allowing.length === 0 && !(actor.kind === 'administrator' && isAtHome)) {
      return nothing;
    }
    const key = JSON.stringify([actor, action, resource]);
    const known = this.#answers.get(key);
    if (known !== undefined) {
      return known;
    }
    const denying = [...identity, ...others].filter((it) => !allows(it));
    const answer = this.#try(actor, action, resource, allowing, denying);
    this.#answers.set(key, answer);
    return answer;
  }

  async #try(
    actor: Actor,
    action: string,
    resource: string,
    allowing: readonly Statement[],
    denying: readonly Statement[],
  ): Promise<Context | undefined> {
    const wanted = allowing.map(asked);
    const avoided = Object.assign({}, ...denying.map(avoiding)) as Context;
    const tries = [{}, avoided, ...wanted, ...wanted.map((context) => ({ ...avoided, ...context }))];
    const data = await actionData(action);
    for (const context of distinct(tries.map((it) => sendable(it, data?.conditionKeys ?? [])))) {
      if (await this.#isAllowed({ actor, action, resource, context })) {
        return context;
      }
    }
    return undefined;
  }

  async #isAllowed({
    actor,
    action,
    resource,
    context,
  }: {
    actor: Actor;
    action: string;
    resource: string;
    context: Context;
  }) {
    const of: Case = {
      id: `${actor.kind === 'service' ? actor.service : actor.arn}: ${action} on ${resource}`,
      group: 'approvals',
      actor,
      requests: [{ actions: action as never, on: resource, context }],
      through: undefined,
      expect: 'denied',
      why: 'before an approval',
    };
    this.asked += 1;
    try {
      const [request] = this.#evaluator.requests(of);
      return (await request?.decide())?.result === 'Allowed';
    } catch (error) {
      if (error instanceof CaseError) {
        // AWS never asks that.
        return false;
      }
      throw error;
    }
  }

  #statementsOf(action: string, resource: string): readonly Statement[] {
    const key = `${action} ${resource}`;
    const known = this.#ofResources.get(key);
    if (known !== undefined) {
      return known;
    }
    const policy = this.#policyOf(action, resource);
    const found = policy === undefined ? [] : statementsAbout(policy.document, action);
    this.#ofResources.set(key, found);
    return found;
  }

  #policyOf(action: string, resource: string): Policy | undefined {
    const { roles, ofResources } = this.#policies;
    if (action.startsWith('sts:')) {
      return roles.get(resource)?.trust;
    }
    return ofResources.get(resource.startsWith('arn:aws:s3:::') ? resource.replace(/\/.*$/, '') : resource);
  }
}

const nothing = Promise.resolve(undefined);

const accountOf = (actor: Actor) => (actor.kind === 'service' ? actor.sourceAccount : actor.arn.split(':')[4]) ?? '';

/** Whether a statement of a resource's policy may be about somebody: by the principal alone, whatever its conditions. */
function admits({ Principal: principal }: Statement, actor: Actor): boolean {
  if (principal === undefined || typeof principal !== 'object' || principal === null) {
    // NotPrincipal, or everybody.
    return true;
  }
  const { AWS, Service } = principal as { AWS?: string | readonly string[]; Service?: string | readonly string[] };
  if (actor.kind === 'service') {
    return [Service ?? []].flat().includes(actor.service);
  }
  const account = accountOf(actor);
  return [AWS ?? []].flat().some((name) => name === '*' || name === account || name.split(':')[4] === account);
}

function statementsFor(policies: readonly Policy[], action: string, resource: string): readonly Statement[] {
  return policies.flatMap(({ document }) =>
    statementsAbout(document, action).filter(
      ({ Resource }) =>
        Resource === undefined ||
        [Resource].flat().some((pattern) => resource === '*' || covers(String(pattern), resource)),
    ),
  );
}

/** The keys that a statement's conditions ask for, with values that they take. */
function asked({ Condition }: Statement): Context {
  const context: Record<string, string> = {};
  for (const [operator, keys] of Object.entries((Condition ?? {}) as Conditions)) {
    for (const [key, values] of Object.entries(keys)) {
      const [value = ''] = [values].flat();
      if (/^Null/.test(operator)) {
        if (value === 'false') {
          context[key] = 'any';
        }
      } else if (!/Not/.test(operator)) {
        context[key] = value.replaceAll('*', 'any');
      }
    }
  }
  return context;
}

/** The keys that keep a request from a statement that denies. */
function avoiding({ Condition }: Statement): Context {
  const context: Record<string, string> = {};
  for (const [operator, keys] of Object.entries((Condition ?? {}) as Conditions)) {
    for (const [key, values] of Object.entries(keys)) {
      const [value = ''] = [values].flat();
      if (/^Null/.test(operator) && value === 'true') {
        context[key] = 'any';
      } else if (/Not(Equals|Like)/.test(operator)) {
        context[key] = value.replaceAll('*', 'any');
      }
    }
  }
  return context;
}

/** What of a context AWS would send: not who asks, which the request itself says. */
function sendable(context: Context, keys: readonly string[]): Context {
  return Object.fromEntries(
    Object.entries(context).filter(
      ([key]) =>
        !/^aws:(Principal|Source|SecureTransport|Resource(Account|Org))/i.test(key) &&
        (isGlobalKey(key) || keys.some((pattern) => covers(pattern, key.toLowerCase()))),
    ),
  );
}

const distinct = (contexts: readonly Context[]) => [
  ...new Map(contexts.map((context) => [JSON.stringify(context), context])).values(),
];
