import type { Actor, Case, Context, PolicyDocument, Target } from '../../../templates-src/access/case';
import { engine, type Simulation, type ValidatedPolicy } from './engine';
import type { Policy, PolicyKind, PolicySource, RoutePolicies } from './policies';

/** A changed text for the policies of one source. */
export interface Overlay {
  readonly source: PolicySource;
  readonly change: (document: PolicyDocument) => PolicyDocument;
}

/** A statement that took part in a decision. */
export interface DecidingStatement {
  /** Undefined for what the case made up: an administrator's policy, or the policy of somebody else's resource. */
  readonly policy: Policy | undefined;
  readonly sid: string;
}

/** What keeps a request from being allowed. */
export interface Block {
  readonly kind: PolicyKind;
  /** Whether a statement denies it; otherwise none allows it. */
  readonly isExplicit: boolean;
  /** The policy that denies it; undefined for what the case made up, and when none allows it. */
  readonly policy: Policy | undefined;
  readonly sid: string | undefined;
}

/** The answer to one request. */
export interface Decision {
  readonly result: 'Allowed' | 'ExplicitlyDenied' | 'ImplicitlyDenied';
  readonly grants: readonly DecidingStatement[];
  readonly denials: readonly DecidingStatement[];
  /** Empty when it is allowed. */
  readonly blocks: readonly Block[];
}

/** What AWS is asked, with all that decides it: any engine that evaluates policies can answer it, not only the one used here. */
export interface Question {
  readonly actor: Actor;
  readonly action: string;
  readonly resource: string;
  /** The account that owns the resource. */
  readonly owner: string;
  /** The condition keys that AWS sends with every request, and those that the case sets. */
  readonly context: Context;
  readonly identity: readonly PolicyDocument[];
  readonly boundary: PolicyDocument | undefined;
  /** The resource's own policy: a key's is its key policy, a role's its trust. */
  readonly resourcePolicy: PolicyDocument | undefined;
  /** The policy of the VPC endpoint that the request passes. */
  readonly endpoint: PolicyDocument | undefined;
}

/** One request of a case, ready to be evaluated as often as needed. */
export interface Request {
  readonly of: Case;
  readonly action: string;
  readonly resource: string;
  /** The condition keys that the case sets. */
  readonly context: Context;
  /** The policies of templates that decide. */
  readonly policies: readonly Policy[];
  readonly question: Question;
  /** Decides, says which statements did, and refuses what AWS would never ask. */
  readonly decide: () => Promise<Decision>;
  /** Decides with other policies, for a request that `decide` has not refused. */
  readonly decideWith: (overlay: Overlay) => Promise<Decision['result']>;
}

/** Whether a decision is what a case expects. */
export const isAsExpected = ({ expect }: Case, result: Decision['result']): boolean =>
  (result === 'Allowed') === (expect === 'allowed');

/** A case that says something AWS would never ask, so that its answer would mean nothing. */
export class CaseError extends Error {}

/** Part of a policy that needs no validation. */
type Excerpt = ValidatedPolicy<{ readonly name: string }>;

const administratorAccess: PolicyDocument = {
  Version: '2012-10-17',
  Statement: [{ Sid: 'AdministratorAccess', Effect: 'Allow', Action: '*', Resource: '*' }],
};

const validators = {
  identity: 'validateIdentityPolicy',
  boundary: 'validateIdentityPolicy',
  trust: 'validateTrustPolicy',
  resource: 'validateResourcePolicy',
  endpoint: 'validateEndpointPolicy',
} as const;

/** The keys that a service of AWS sends for the resource that it acts for. */
const serviceContext = ({ service, sourceAccount, sourceArn }: Actor & { kind: 'service' }) => ({
  'aws:PrincipalIsAWSService': 'true',
  'aws:PrincipalServiceName': service,
  ...(sourceAccount === undefined ? {} : { 'aws:SourceAccount': sourceAccount }),
  ...(sourceArn === undefined ? {} : { 'aws:SourceArn': sourceArn }),
});

const accountOf = (arn: string) => arn.split(':')[4] ?? '';

/** A session of a role, which is what makes requests; `aws:PrincipalArn` is the role all the same. */
const sessionOf = (roleArn: string) =>
  `arn:aws:sts::${accountOf(roleArn)}:assumed-role/${roleArn.replace(/^.*\//, '')}/session`;

/**
 * iam-simulate 0.1.173 drops `kms:EncryptionContext:<key>` from a request, because it looks for the variable part of a
 * condition key behind a slash only. A tag of the principal that nobody has stands in for it, in request and policies.
 */
const standIn = (key: string) =>
  key.toLowerCase().startsWith(encryptionContext) ? `${disguise}${key.toLowerCase()}` : key;

const encryptionContext = 'kms:encryptioncontext:';
const disguise = 'aws:PrincipalTag/';

/** Documents as the simulation takes them, once they are known to be valid. */
const readyDocuments = new WeakMap<PolicyDocument, PolicyDocument>();
/** What they say, by action. */
const excerptsOf = new WeakMap<PolicyDocument, Map<string, Excerpt>>();

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
    const role = actor.kind === 'role' ? this.#policies.roles.get(actor.arn) : undefined;
    if (actor.kind === 'role' && role === undefined) {
      throw new CaseError(`${of.id}: no stack declares the role ${actor.arn}`);
    }
    const resource = typeof target === 'string' ? target : target.arn;
    const accountId = this.#ownerOf(of, target);
    const madeUp = typeof target === 'string' ? undefined : target.policy;
    const attached = actor.kind === 'administrator' ? (actor.attached ?? []) : [];
    const identity = role?.identity ?? attached.map((arn) => this.#attachable(of, arn));
    const boundaryArn = actor.kind === 'administrator' ? actor.boundary : undefined;
    // What a role must not do, its own policy must not allow; its boundary has cases of its own.
    const ownBoundary = of.expect === 'allowed' ? role?.boundary : undefined;
    const boundary = ownBoundary ?? this.#policies.boundaries.get(boundaryArn ?? '');
    if (boundaryArn !== undefined && boundary === undefined) {
      throw new CaseError(`${of.id}: no role of a stack has the boundary ${boundaryArn}`);
    }
    const resourcePolicy = this.#policyOf(action, resource);
    const endpoint = of.through === undefined ? undefined : this.#policies.ofEndpoints.get(of.through);
    if (of.through !== undefined && endpoint === undefined) {
      throw new CaseError(`${of.id}: no stack declares a policy of the VPC endpoint ${of.through}`);
    }
    const fullContext = contextOf(of, context, accountId);
    const contextVariables = Object.fromEntries(
      Object.entries(fullContext).map(([key, value]) => [standIn(key), typeof value === 'string' ? value : [...value]]),
    );

    const simulation = (overlay?: Overlay): Simulation => {
      const named = (policies: readonly Policy[]) =>
        policies.map((policy, index) => ({ name: String(index), policy: this.#textOf(policy, action, overlay) }));
      const resourceText = resourcePolicy
        ? this.#textOf(resourcePolicy, action, overlay)
        : madeUp && this.#excerpt(this.#valid(madeUp, action.startsWith('sts:') ? 'trust' : 'resource', of.id), action);
      return {
        request: { principal: principalOf(actor), action, resource: { resource, accountId }, contextVariables },
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
    };
    const decide = (overlay?: Overlay) =>
      decisionOf(simulation(overlay), { identity, boundary, resourcePolicy, endpoint });
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
      return this.#excerpt(this.#valid(document, source.kind, name), action);
    }
    const changed = this.#overlaid.get(overlay) ?? new Map<Policy, PolicyDocument>();
    this.#overlaid.set(overlay, changed);
    const text = changed.get(policy) ?? forSimulation(overlay.change(document));
    changed.set(policy, text);
    return this.#excerpt(text, action);
  }

  /** The document, ready for the simulation, once it is known to be valid. */
  #valid(document: PolicyDocument, kind: PolicyKind, name: string): PolicyDocument {
    const known = readyDocuments.get(document);
    if (known !== undefined) {
      return known;
    }
    const text = forSimulation(document);
    const { errors } = engine().createValidatedPolicy(text, engine()[validators[kind]]);
    if (errors.length > 0) {
      const found = errors.map(({ path, message }) => `${path}: ${message}`).join('; ');
      throw new Error(`${name}: not a valid ${kind} policy: ${found}`);
    }
    readyDocuments.set(document, text);
    return text;
  }

  /**
   * The statements that could match an action: the others decide nothing, and looking at them is most of the work. A
   * policy without statements stays one: it lets nobody in, which no policy at all might.
   */
  #excerpt(document: PolicyDocument, action: string): Excerpt {
    const excerpts = excerptsOf.get(document) ?? new Map<string, Excerpt>();
    excerptsOf.set(document, excerpts);
    const known = excerpts.get(action);
    if (known !== undefined) {
      return known;
    }
    const Statement = statementsAbout(document, action);
    // Without a name, iam-simulate's shorter way breaks.
    const excerpt = engine().createValidatedPolicy({ ...document, Statement }, () => [], { name: 'policy' });
    excerpts.set(action, excerpt);
    return excerpt;
  }
}

/** Whether the `Action` of a statement, or its `NotAction`, says something about an action. */
export function concerns({ Action }: PolicyDocument['Statement'][number], action: string): boolean {
  return Action === undefined || [Action].flat().some((pattern) => matches(String(pattern), action));
}

const statementsByAction = new WeakMap<PolicyDocument, Map<string, PolicyDocument['Statement']>>();

/** The statements of a document that concern an action; remembered, as thousands of requests ask for the same. */
export function statementsAbout(document: PolicyDocument, action: string): PolicyDocument['Statement'] {
  const byAction = statementsByAction.get(document) ?? new Map<string, PolicyDocument['Statement']>();
  statementsByAction.set(document, byAction);
  const found = byAction.get(action) ?? document.Statement.filter((statement) => concerns(statement, action));
  byAction.set(action, found);
  return found;
}

const patterns = new Map<string, RegExp>();

function matches(pattern: string, action: string): boolean {
  const known =
    patterns.get(pattern) ??
    new RegExp(
      `^${pattern
        .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
        .replaceAll('*', '.*')
        .replaceAll('?', '.')}$`,
      'i',
    );
  patterns.set(pattern, known);
  return known.test(action);
}

function forSimulation(document: PolicyDocument): PolicyDocument {
  return {
    ...document,
    Statement: document.Statement.map((statement) => {
      const { Condition, ...rest } = statement as {
        Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
      };
      if (Condition === undefined) {
        return statement;
      }
      const renamed = Object.entries(Condition).map(([operator, keys]) => [
        operator,
        Object.fromEntries(Object.entries(keys).map(([key, values]) => [standIn(key), values])),
      ]);
      return { ...rest, Condition: Object.fromEntries(renamed) };
    }),
  };
}

function principalOf(actor: Actor): string {
  return actor.kind === 'service' ? actor.service : sessionOf(actor.arn);
}

/** What AWS sends with every request, and what the case says of this one. */
function contextOf({ actor, through }: Case, context: Context, resourceAccount: string): Context {
  return {
    'aws:SecureTransport': 'true',
    'aws:ResourceAccount': resourceAccount,
    ...(through === undefined ? {} : { 'aws:SourceVpce': through }),
    ...(actor.kind === 'service'
      ? serviceContext(actor)
      : {
          'aws:PrincipalArn': actor.arn,
          'aws:PrincipalAccount': accountOf(actor.arn),
          'aws:PrincipalType': 'AssumedRole',
          'aws:PrincipalIsAWSService': 'false',
        }),
    ...context,
  };
}

async function decisionOf(
  simulation: Simulation,
  policies: {
    readonly identity: readonly Policy[];
    readonly boundary: Policy | undefined;
    readonly resourcePolicy: Policy | undefined;
    readonly endpoint: Policy | undefined;
  },
): Promise<Decision> {
  const { action, resource } = simulation.request;
  const outcome = await engine().runSimulation(simulation, {});
  const refuse = (message: string): never => {
    throw new CaseError(`${action} on ${resource.resource}: ${message}`);
  };
  if (outcome.resultType === 'error') {
    return refuse(describeError(outcome.errors.message));
  }
  if (outcome.resultType === 'wildcard') {
    return refuse('the action is decided for single resources: name one instead of using *');
  }
  const { analysis, ignoredContextKeys = [] } = outcome.result;
  const disguised = Object.keys(simulation.request.contextVariables).filter((key) => key.startsWith(disguise));
  if (disguised.length > 0) {
    const [service = '', name = ''] = action.split(':');
    const known = await engine().allowedContextKeysForRequest(service, name, resource.resource, false, undefined);
    if (!known.some((key) => key.startsWith(encryptionContext))) {
      return refuse(
        `AWS never sends ${disguised.map((key) => key.slice(disguise.length)).join(', ')} with it; leave that out of the context`,
      );
    }
  }
  if (ignoredContextKeys.length > 0) {
    return refuse(`AWS never sends ${ignoredContextKeys.join(', ')} with it; leave that out of the context`);
  }
  const { endpointAnalysis, identityAnalysis, permissionBoundaryAnalysis, resourceAnalysis } = analysis;
  const deciding = (statements: 'allowStatements' | 'denyStatements'): readonly DecidingStatement[] => [
    ...(identityAnalysis?.[statements] ?? []).map(({ policyId, statement }) => ({
      policy: policies.identity[Number(policyId)],
      sid: statement.sid() ?? '',
    })),
    ...(permissionBoundaryAnalysis?.[statements] ?? []).map(({ statement }) => ({
      policy: policies.boundary,
      sid: statement.sid() ?? '',
    })),
    ...(resourceAnalysis?.[statements] ?? []).map(({ statement }) => ({
      policy: policies.resourcePolicy,
      sid: statement.sid() ?? '',
    })),
    ...(endpointAnalysis?.[statements] ?? []).map(({ statement }) => ({
      policy: policies.endpoint,
      sid: statement.sid() ?? '',
    })),
  ];
  const kinds: Readonly<Record<string, PolicyKind>> = {
    identity: 'identity',
    pb: 'boundary',
    resource: action.startsWith('sts:') ? 'trust' : 'resource',
    vpce: 'endpoint',
  };
  const blocks = engine()
    .getDenialReasons(analysis)
    .map((reason): Block => {
      const isExplicit = reason.denialType === 'Explicit';
      const kind = kinds[reason.policyType] ?? 'identity';
      const policy = {
        identity: policies.identity[Number(isExplicit ? reason.policyIdentifier : undefined)],
        boundary: policies.boundary,
        resource: policies.resourcePolicy,
        trust: policies.resourcePolicy,
        endpoint: policies.endpoint,
      }[kind];
      return { kind, isExplicit, policy, sid: isExplicit ? reason.statementId : undefined };
    });
  return { result: analysis.result, grants: deciding('allowStatements'), denials: deciding('denyStatements'), blocks };
}

/** What iam-simulate's codes mean to somebody who wrote a case. */
function describeError(code: string): string {
  switch (code) {
    case 'invalid.action':
    case 'invalid.service':
      return 'AWS has no such action';
    case 'must.use.wildcard':
      return 'the action is decided for * only, never for single resources';
    case 'no.resource.types':
      return 'the action is never decided for a resource of this type';
    case 'multiple.resource.types':
      return 'the ARN could be of more than one type';
    default:
      return `iam-simulate refuses it: ${code}`;
  }
}
