import type { Case, Context, PolicyDocument, Target } from '../../../templates-src/access/case';
import { type DecidingPolicies, decisionOf } from './decision';
import { engine, type Simulation } from './engine';
import type { Policy, RoutePolicies } from './policies';
import { CaseError, type Decision, type Overlay, type Request } from './request';
import { accountOf, contextOf, principalOf } from './request-context';
import { type Excerpt, excerptOf, forSimulation, standIn, valid } from './simulated-policy';

const administratorAccess: PolicyDocument = {
  Version: '2012-10-17',
  Statement: [{ Sid: 'AdministratorAccess', Effect: 'Allow', Action: '*', Resource: '*' }],
};

/** Evaluates cases against the policies of a route. */
export class Evaluator {
  readonly #policies: RoutePolicies;
  readonly #overlaid = new WeakMap<Overlay, Map<Policy, PolicyDocument>>();
  /** Handlers of CloudFormation often ask the same. */
  readonly #decisions = new Map<string, Promise<Decision>>();

  constructor(policies: RoutePolicies) {
    this.#policies = policies;
  }

  /**
   * The requests of a case: each action on each resource.
   *
   * @throws CaseError when the actor is not known, or nobody knows who owns a resource
   */
  requests(of: Case): readonly Request[] {
    return of.requests.flatMap(({ actions, on, context = {} }) =>
      [on].flat().flatMap((target) => [actions].flat().map((action) => this.#request(of, action, target, context))),
    );
  }

  #request(of: Case, action: string, target: Target, context: Context): Request {
    const { actor } = of;
    const resource = typeof target === 'string' ? target : target.arn;
    const accountId = this.#ownerOf(of, target);
    const madeUp = typeof target === 'string' ? undefined : target.policy;
    const deciding = this.#decidingPolicies(of, action, resource);
    const { identity, boundary, resourcePolicy, endpoint } = deciding;
    const fullContext = contextOf(of, context, accountId);
    const contextVariables = Object.fromEntries(
      Object.entries(fullContext).map(([key, value]) => [standIn(key), typeof value === 'string' ? value : [...value]]),
    );

    const simulation = (overlay?: Overlay) =>
      this.#simulation(of, { action, resource: { resource, accountId }, contextVariables }, deciding, madeUp, overlay);
    const decide = (overlay?: Overlay) => decisionOf(simulation(overlay), deciding);
    return {
      of,
      action,
      resource,
      context,
      policies: [...identity, boundary, resourcePolicy, endpoint].filter((policy) => policy !== undefined),
      question: {
        actor,
        action,
        resource,
        owner: accountId,
        context: fullContext,
        identity: [
          ...(actor.kind === 'administrator' ? [administratorAccess] : []),
          ...identity.map(({ document }) => document),
        ],
        boundary: boundary?.document,
        resourcePolicy: resourcePolicy?.document ?? madeUp,
        endpoint: endpoint?.document,
      },
      decide: () => {
        const key = JSON.stringify([
          [actor, action, resource, accountId, madeUp, contextVariables, of.through],
          boundary !== undefined,
        ]);
        const decision = this.#decisions.get(key) ?? decide();
        this.#decisions.set(key, decision);
        // Another case may have asked the same before.
        return decision.catch((error: unknown) => {
          throw error instanceof CaseError ? new CaseError(`${of.id}: ${error.message}`) : error;
        });
      },
      // Without iam-simulate's checks of the request, which are most of its work; it would leave endpoints out, and take
      // `*` for a pattern.
      decideWith: async (overlay) =>
        endpoint !== undefined || resource === '*'
          ? (await decide(overlay)).result
          : engine().runUnsafeSimulation(simulation(overlay), {}),
    };
  }

  /** The policies of templates that decide a request. */
  #decidingPolicies(of: Case, action: string, resource: string): DecidingPolicies {
    const { actor } = of;
    const role = actor.kind === 'role' ? this.#policies.roles.get(actor.arn) : undefined;
    if (actor.kind === 'role' && role === undefined) {
      throw new CaseError(`${of.id}: no stack declares the role ${actor.arn}`);
    }
    const attached = actor.kind === 'administrator' ? (actor.attached ?? []) : [];
    const boundaryArn = actor.kind === 'administrator' ? actor.boundary : undefined;
    // What a role must not do, its own policy must not allow; its boundary has cases of its own.
    const ownBoundary = of.expect === 'allowed' ? role?.boundary : undefined;
    const boundary = ownBoundary ?? this.#policies.boundaries.get(boundaryArn ?? '');
    if (boundaryArn !== undefined && boundary === undefined) {
      throw new CaseError(`${of.id}: no role of a stack has the boundary ${boundaryArn}`);
    }
    const endpoint = of.through === undefined ? undefined : this.#policies.ofEndpoints.get(of.through);
    if (of.through !== undefined && endpoint === undefined) {
      throw new CaseError(`${of.id}: no stack declares a policy of the VPC endpoint ${of.through}`);
    }
    return {
      identity: role?.identity ?? attached.map((arn) => this.#attachable(of, arn)),
      boundary,
      resourcePolicy: this.#policyOf(action, resource),
      endpoint,
    };
  }

  /** What the engine is asked. */
  #simulation(
    { actor, id }: Case,
    request: Omit<Simulation['request'], 'principal'>,
    { identity, boundary, resourcePolicy, endpoint }: DecidingPolicies,
    madeUp: PolicyDocument | undefined,
    overlay: Overlay | undefined,
  ): Simulation {
    const { action } = request;
    const named = (policies: readonly Policy[]) =>
      policies.map((policy, index) => ({ name: String(index), policy: this.#textOf(policy, action, overlay) }));
    const resourceText = resourcePolicy
      ? this.#textOf(resourcePolicy, action, overlay)
      : madeUp && excerptOf(valid(madeUp, action.startsWith('sts:') ? 'trust' : 'resource', id), action);
    return {
      request: { principal: principalOf(actor), ...request },
      identityPolicies:
        actor.kind === 'administrator'
          ? [{ name: 'administrator', policy: administratorAccess }, ...named(identity)]
          : named(identity),
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      ...(boundary ? { permissionBoundaryPolicies: named([boundary]) } : {}),
      ...(resourceText ? { resourcePolicy: resourceText } : {}),
      ...(endpoint ? { vpcEndpointPolicies: named([endpoint]) } : {}),
    };
  }

  #attachable({ id }: Case, arn: string): Policy {
    const policy = this.#policies.attachable.get(arn);
    if (policy === undefined) {
      throw new CaseError(`${id}: no stack declares the policy ${arn}, or a role has it already`);
    }
    return policy;
  }

  /** The account that owns what is asked for. */
  #ownerOf({ id, actor }: Case, target: Target): string {
    if (typeof target !== 'string') {
      return target.account;
    }
    const actorAccount = actor.kind === 'service' ? (actor.sourceAccount ?? '') : accountOf(actor.arn);
    const owner =
      target === '*'
        ? actorAccount
        : (this.#policies.bucketOwners.get(target.replace(/\/.*$/, '')) ?? accountOf(target));
    if (owner === '') {
      throw new CaseError(`${id}: don't know which account owns ${target}; give it as { arn, account }`);
    }
    return owner;
  }

  /** The policy that the resource itself has, for this action. */
  #policyOf(action: string, resource: string): Policy | undefined {
    if (action.toLowerCase().startsWith('sts:')) {
      return this.#policies.roles.get(resource)?.trust;
    }
    const { ofResources } = this.#policies;
    // An object is judged by its bucket.
    return ofResources.get(resource.startsWith('arn:aws:s3:::') ? resource.replace(/\/.*$/, '') : resource);
  }

  /** What a policy says about an action. */
  #textOf(policy: Policy, action: string, overlay: Overlay | undefined): Excerpt {
    const { source, stackName, document } = policy;
    if (overlay === undefined || overlay.source !== source) {
      const name = `${stackName}: ${source.logicalId}.${source.property}`;
      return excerptOf(valid(document, source.kind, name), action);
    }
    const changed = this.#overlaid.get(overlay) ?? new Map<Policy, PolicyDocument>();
    this.#overlaid.set(overlay, changed);
    const text = changed.get(policy) ?? forSimulation(overlay.change(document));
    changed.set(policy, text);
    return excerptOf(text, action);
  }
}
