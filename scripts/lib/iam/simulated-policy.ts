import type { PolicyDocument } from '../../../templates-src/access/case';
import { engine, type ValidatedPolicy } from './engine';
import type { PolicyKind } from './policies';
import { statementsAbout } from './statements';

/** Part of a policy that needs no validation. */
export type Excerpt = ValidatedPolicy<{ readonly name: string }>;

const validators = {
  identity: 'validateIdentityPolicy',
  boundary: 'validateIdentityPolicy',
  trust: 'validateTrustPolicy',
  resource: 'validateResourcePolicy',
  endpoint: 'validateEndpointPolicy',
} as const;

/**
 * iam-simulate 0.1.173 drops `kms:EncryptionContext:<key>` from a request, because it looks for the variable part of a
 * condition key behind a slash only. A tag of the principal that nobody has stands in for it, in request and policies.
 */
export const standIn = (key: string) =>
  key.toLowerCase().startsWith(encryptionContext) ? `${disguise}${key.toLowerCase()}` : key;

export const encryptionContext = 'kms:encryptioncontext:';
export const disguise = 'aws:PrincipalTag/';

/** Documents as the simulation takes them, once they are known to be valid. */
const readyDocuments = new WeakMap<PolicyDocument, PolicyDocument>();
/** What they say, by action. */
const excerptsOf = new WeakMap<PolicyDocument, Map<string, Excerpt>>();

/** The document, ready for the simulation, once it is known to be valid. */
export function valid(document: PolicyDocument, kind: PolicyKind, name: string): PolicyDocument {
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
export function excerptOf(document: PolicyDocument, action: string): Excerpt {
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

/** A document as iam-simulate takes it. */
export function forSimulation(document: PolicyDocument): PolicyDocument {
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
