import type { Action } from '../dsl';
import type { Environment, Topology } from '../model/topology';

/**
 * Who must, and who must not, do what: the vocabulary of the cases. A case is data; `npm run prove-access` evaluates it
 * against the policies of the generated templates.
 */

/** A role that a stack creates, with the policies that the stack gives it. */
export interface RoleActor {
  readonly kind: 'role';
  readonly arn: string;
}

/** A service of AWS that acts by itself, for a resource of some account. */
export interface ServiceActor {
  readonly kind: 'service';
  readonly service: `${string}.amazonaws.com`;
  /** Sent as `aws:SourceAccount`. */
  readonly sourceAccount?: string;
  /** Sent as `aws:SourceArn`. */
  readonly sourceArn?: string;
}

/**
 * A made-up role that may do everything in its account as far as its own policies go: what stops it can only be the
 * other side.
 */
export interface AdministratorActor {
  readonly kind: 'administrator';
  readonly arn: string;
  /** ARN of a boundary that a template declares, which is all that limits it then. */
  readonly boundary?: string;
  /** ARNs of managed policies that a template declares for nobody in particular, and somebody has attached to it. */
  readonly attached?: readonly string[];
}

/** Who makes a request. */
export type Actor = RoleActor | ServiceActor | AdministratorActor;

/** A resource that no template declares, with a policy that lets others in as its owner might have written it. */
export interface MadeUpResource {
  readonly arn: string;
  /** The account that owns it; ARNs of buckets don't say. */
  readonly account: string;
  /** Its resource policy: what stops a request to it can only be the actor's side. */
  readonly policy?: PolicyDocument;
}

/** A policy document as IAM reads it. */
export interface PolicyDocument {
  readonly Version: '2012-10-17';
  readonly Statement: readonly Readonly<Record<string, unknown>>[];
}

/** ARN of a resource that a stack declares (or of what lies in it), `*`, or a made-up resource. */
export type Target = string | MadeUpResource;

/** Condition keys of a request beside those that every request has. */
export type Context = Readonly<Record<string, string | readonly string[]>>;

/** Actions, each of them requested on each of the targets. */
export interface Requests {
  readonly actions: Action | readonly Action[];
  readonly on: Target | readonly Target[];
  readonly context?: Context;
}

/** What an actor does, and why AWS asks for it. */
export interface Need extends Requests {
  /** Completes "<actor> ...": `checks out the source`. Names the case, so it is unique for the actor. */
  readonly does: string;
  /** Further requests that belong to it. */
  readonly and?: readonly Requests[];
  /** Somebody else than the actor of the table: the service that assumes its role. */
  readonly actor?: Actor;
  /** The VPC endpoint that the request passes, with its policy; by default it doesn't pass one. */
  readonly through?: string;
  /** The document of AWS that demands it, and what it says; one line. */
  readonly why: string;
  /** What is like it and must be denied. */
  readonly denied?: readonly Refusal[];
}

/** Requests that must be denied; what it doesn't say, it has in common with the need beside it. */
export interface Refusal extends Partial<Requests> {
  /** Completes "but not ...": `another repository`. */
  readonly that: string;
  readonly actor?: Actor;
  readonly and?: readonly Requests[];
  readonly through?: string;
  readonly why: string;
}

/** One case: requests of an actor that must all have the same answer. */
export interface Case {
  /** Stable: `tooling/container-build/pipeline: checks out the source`. */
  readonly id: string;
  /** Part of the id before the colon; the cases of one are one table. */
  readonly group: string;
  readonly actor: Actor;
  readonly requests: readonly Requests[];
  readonly through: string | undefined;
  readonly expect: 'allowed' | 'denied';
  readonly why: string;
}

/** What one actor must and must not do. */
export interface ActorCases {
  /** Names the actor: `dev/cloudformation-action`. */
  readonly group: string;
  readonly actor: Actor;
  readonly needs?: readonly Need[];
  /** What must be denied without a need beside it. */
  readonly never?: readonly Prohibition[];
}

/** A request that must be denied, without a need beside it. */
export type Prohibition = Refusal & Requests;

/**
 * Turns needs and refusals into single cases. What would be refused on resources that the route doesn't have is left out.
 *
 * @throws Error when a need has nothing to be met on
 */
export function casesOf({ group, actor, needs = [], never = [] }: ActorCases): readonly Case[] {
  const caseOf = (
    id: string,
    expect: Case['expect'],
    { actions, on, context = {}, and = [], through, why, ...by }: Omit<Need, 'does' | 'denied'>,
  ): Case => ({
    id: `${group}: ${id}`,
    group,
    actor: by.actor ?? actor,
    requests: onSomething([{ actions, on, context }, ...and]),
    through,
    expect,
    why,
  });
  const cases = [
    ...needs.flatMap(({ does, denied = [], ...need }) => [
      caseOf(does, 'allowed', need),
      ...denied.map(({ that, ...refusal }) =>
        // The other requests of a need are not refused along with it.
        caseOf(`${does}, but not ${that}`, 'denied', { ...need, and: [], ...refusal }),
      ),
    ]),
    ...never.map(({ that, ...refusal }) => caseOf(`never ${that}`, 'denied', refusal)),
  ];
  const missing = cases.find(({ expect, requests }) => expect === 'allowed' && requests.length === 0);
  if (missing !== undefined) {
    throw new Error(`${missing.id}: there is nothing that it could do this on`);
  }
  return cases.filter(({ requests }) => requests.length > 0);
}

/** Requests that have something to be made on: of some types a route may have no resource. */
const onSomething = (requests: readonly Requests[]) => requests.filter(({ on }) => [on].flat().length > 0);

/** A resource as it will exist. */
export interface DeclaredResource {
  readonly logicalId: string;
  readonly type: string;
  /** What `!Ref` gives. */
  readonly ref: string;
  readonly arn: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** A stack as it will exist. Asking for something that it doesn't declare throws, and names what it does declare. */
export interface DeclaredStack {
  readonly name: string;
  readonly template: string;
  /** All resources, in the order of the template. */
  readonly resources: readonly DeclaredResource[];
  /** Resources that other parameters would bring. */
  readonly declined: readonly DeclaredResource[];
  readonly resource: (logicalId: string) => DeclaredResource;
  readonly arn: (logicalId: string) => string;
  readonly role: (logicalId: string) => RoleActor;
}

/** An account as it will be. */
export interface DeclaredAccount {
  /** `tooling` or the name of an environment. */
  readonly name: string;
  readonly id: string;
  /** @param template without folder: `artifact-store` */
  readonly stack: (template: string) => DeclaredStack;
  readonly has: (template: string) => boolean;
}

/** An environment's account. */
export interface DeclaredEnvironment extends DeclaredAccount {
  readonly environment: Environment;
}

/** Everything that cases are written about. */
export interface DeclaredRoute {
  readonly topology: Topology;
  readonly region: string;
  readonly tooling: DeclaredAccount;
  readonly environments: readonly DeclaredEnvironment[];
}

/** A file of cases. */
export type Cases = (route: DeclaredRoute) => readonly Case[] | Promise<readonly Case[]>;
