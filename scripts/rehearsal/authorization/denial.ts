import type { Policy, RolePolicies } from '../../lib/iam/policies';
import type { Decision, Request } from '../../lib/iam/request';
import type { Caller } from './call';

/** What AWS calls kinds of policies in its messages. */
const wordsOf = {
  identity: 'identity-based policy',
  boundary: 'permissions boundary',
  resource: 'resource-based policy',
  trust: 'role trust policy',
  endpoint: 'VPC endpoint policy',
} as const;

/** IAM User Guide, "Troubleshoot access denied error messages". */
export function wordsOfAws(caller: Caller, { action, resource }: Request, { blocks }: Decision): string {
  const who =
    'roleArn' in caller
      ? caller.roleArn
          .replace(':iam:', ':sts:')
          .replace(/:role\/(?:.*\/)?([^/]+)$/, `:assumed-role/$1/${caller.sessionName}`)
      : caller.service;
  // Where several types deny, AWS names one.
  const [first] = [...blocks].sort((a, b) => Number(b.isExplicit) - Number(a.isExplicit));
  const words = wordsOf[first?.kind ?? 'identity'];
  const article = words.startsWith('i') ? 'an' : 'a';
  const because = first?.isExplicit
    ? `with an explicit deny in ${article} ${words}`
    : `because no ${words} allows the ${action} action`;
  return `User: ${who} is not authorized to perform: ${action} on resource: ${resource} ${because}`;
}

/** What would have to allow a request, or denies it, and in which template it is. */
export function describeDenial(
  { policies }: Request,
  { blocks }: Decision,
  role: RolePolicies | undefined,
): readonly string[] {
  const reasons = blocks.map(({ kind, isExplicit, sid, policy }) => {
    const found = policy === undefined ? policies.filter(({ source }) => source.kind === kind) : [policy];
    if (isExplicit) {
      return `${placeOf(found)} denies it${sid === undefined ? '' : ` (${sid})`}`;
    }
    if (kind === 'identity') {
      const place = found.length === 0 ? `${placeOf(role === undefined ? [] : [role.trust])} has none` : placeOf(found);
      return `a policy of the role would have to allow it: ${place}`;
    }
    return `the ${wordsOf[kind]} would have to allow it: ${placeOf(found)}`;
  });
  return reasons.length > 0 ? reasons : ['a policy of the resource would have to allow it, and it has none'];
}

/** Where policies are. */
function placeOf(policies: readonly Policy[]): string {
  const templates = [...new Set(policies.map(({ source }) => source.template))];
  const places = templates.map((template) => {
    const own = policies.filter(({ source }) => source.template === template);
    return `${own.map(({ source }) => `${source.logicalId}.${source.property}`).join(', ')} in generated/${template}.yaml`;
  });
  return places.join('; ') || 'the resource has none';
}
