import { type Document, type Node, record } from './document';
import type { Problem } from './problems';

/**
 * What makes a policy invalid for IAM, or so wide that nobody can have meant it. The types refuse statements of the
 * wrong kind; this is what they can't see, because it depends on several keys or statements together.
 */
export function policyProblems(document: Document): readonly Problem[] {
  return Object.entries(record(document.Resources)).flatMap(([id, resource]) => {
    const { Type: type, Properties: properties } = record(resource);
    return documentsBelow(properties, `Resources.${id}.Properties`).flatMap((policy) => problemsOfPolicy(policy, type));
  });
}

/** The policy of a VPC endpoint grants nothing: it limits what passes, and everyone is who it is about. */
type Kind = 'trust' | 'endpoint' | 'other';

interface PolicyDocument {
  readonly path: string;
  readonly statements: readonly Node[];
}

function documentsBelow(node: Node | undefined, path: string): readonly PolicyDocument[] {
  if (Array.isArray(node)) {
    return node.flatMap((entry, index) => documentsBelow(entry, `${path}[${index}]`));
  }
  const entries = record(node);
  return entries.Version !== undefined && Array.isArray(entries.Statement)
    ? [{ path: `${path}.Statement`, statements: entries.Statement }]
    : Object.entries(entries).flatMap(([key, entry]) => documentsBelow(entry, `${path}.${key}`));
}

function problemsOfPolicy({ path, statements }: PolicyDocument, type: Node | undefined): readonly Problem[] {
  const kind: Kind = path.endsWith('.AssumeRolePolicyDocument.Statement')
    ? 'trust'
    : type === 'AWS::EC2::VPCEndpoint'
      ? 'endpoint'
      : 'other';
  const sids = statements.map((statement) => String(record(statement).Sid));
  return statements.flatMap((node, index) => {
    const statement = record(node);
    const at = (key: string, message: string): Problem => ({ path: `${path}[${index}].${key}`, message });
    const sid = sids[index] ?? '';
    const problems: Problem[] = [];
    if (!/^[A-Za-z0-9]+$/.test(sid)) {
      problems.push(at('Sid', `found '${sid}', expected letters and digits: IAM takes nothing else`));
    }
    if (sids.indexOf(sid) < index) {
      problems.push(at('Sid', `found '${sid}' twice in one policy; IAM wants every Sid once`));
    }
    return statement.Effect === 'Allow' ? [...problems, ...problemsOfAllow(statement, kind, at)] : problems;
  });
}

function problemsOfAllow(
  statement: Readonly<Record<string, Node>>,
  kind: Kind,
  at: (key: string, message: string) => Problem,
): readonly Problem[] {
  const problems: Problem[] = [];
  const wildcards = [statement.Action ?? []].flat().filter((action) => /^(\*|[a-z0-9-]+:\*)$/i.test(String(action)));
  if (wildcards.length > 0) {
    const found = `found the action '${wildcards.join("', '")}' in an Allow statement`;
    problems.push(at('Action', `${found}, expected the actions that are needed, by name`));
  }
  if (statement.NotAction !== undefined) {
    const found = 'found NotAction in an Allow statement, which allows all actions of all services but those named';
    problems.push(at('NotAction', `${found}; name the actions that are needed in Action`));
  }
  const everyone = statement.Principal === '*' || [record(statement.Principal).AWS].flat().includes('*');
  const narrowed = statement.Condition !== undefined;
  if (everyone && (kind === 'trust' || (kind === 'other' && !narrowed))) {
    problems.push(at('Principal', "found '*' in an Allow statement: everyone in every account; name who is meant"));
  } else if (kind === 'trust' && !narrowed && record(statement.Principal).AWS !== undefined) {
    const found = 'found an account or a role without a condition beside it';
    problems.push(at('Principal', `${found}; name the account's root, and narrow it with aws:PrincipalArn`));
  }
  return problems;
}
