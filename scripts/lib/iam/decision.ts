import { engine, type Simulation } from './engine';
import type { Policy, PolicyKind } from './policies';
import { type Block, CaseError, type DecidingStatement, type Decision } from './request';
import { disguise, encryptionContext } from './simulated-policy';

/** The policies of templates that decide a request. */
export interface DecidingPolicies {
  readonly identity: readonly Policy[];
  readonly boundary: Policy | undefined;
  /** The resource's own policy: a key's is its key policy, a role's its trust. */
  readonly resourcePolicy: Policy | undefined;
  readonly endpoint: Policy | undefined;
}

/** Decides, says which statements did, and refuses what AWS would never ask. */
export async function decisionOf(simulation: Simulation, policies: DecidingPolicies): Promise<Decision> {
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
