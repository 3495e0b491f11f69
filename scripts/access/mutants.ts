import type { AcceptedMutants } from '../../templates-src/access/accepted-mutants';
import type { PolicyDocument } from '../../templates-src/access/case';
import type { Policy, PolicySource, RoutePolicies } from '../lib/iam/policies';
import { isAsExpected, type Overlay, type Request } from '../lib/iam/request';
import { concerns } from '../lib/iam/statements';
import type { ProvenCase } from './proven-case';

/**
 * Changes of single statements that must not go unnoticed: if all cases still hold after one, either a case is missing
 * or the statement says something that nobody needs.
 */

/** What is done to a statement. */
export type MutantKind =
  /** The statement is deleted. */
  | 'delete statement'
  /** One action of several is removed. */
  | 'drop action'
  /** One action of several is no longer left out: it is removed from `NotAction`. */
  | 'drop exception'
  /** One resource of several is removed. */
  | 'drop resource'
  /** One principal of several is removed. */
  | 'drop principal'
  /** One condition key is no longer looked at. */
  | 'drop condition'
  /** One value of several is removed from a condition. */
  | 'drop value'
  /** `Resource` becomes `*`. */
  | 'widen resource';

type Statement = PolicyDocument['Statement'][number];

/** One change of one statement, in all stacks of its template. */
export interface Mutant extends Overlay {
  readonly kind: MutantKind;
  readonly sid: string;
  /** The statement as it is. */
  readonly statement: Statement;
  readonly effect: 'Allow' | 'Deny';
  /** The action, resource, condition key or value that is removed; empty for a whole statement. */
  readonly detail: string;
  /** Names it: `tooling/artifact-store ArtifactKey.KeyPolicy OwnerAdministersKey: drop action kms:CreateGrant`. */
  readonly id: string;
}

/** What became of a mutant. */
export interface MutantResult {
  readonly mutant: Mutant;
  /** Id of a case that no longer holds; undefined when all hold. */
  readonly killedBy: string | undefined;
}

/**
 * All mutants of all policies.
 *
 * @throws Error when a statement has no Sid, or shares it with another of the policy: it couldn't be named
 */
export function mutantsOf({ sources, all }: RoutePolicies): readonly Mutant[] {
  return sources.flatMap((source) => {
    const [policy] = all.filter((each) => each.source === source) as [Policy];
    const sids = policy.document.Statement.map(({ Sid }) => Sid);
    if (sids.some((sid, index) => typeof sid !== 'string' || sids.indexOf(sid) !== index)) {
      throw new Error(`${nameOf(source)}: expected a Sid of its own for each statement, found ${sids.join(', ')}`);
    }
    return policy.document.Statement.flatMap((statement) => mutantsOfStatement(source, statement));
  });
}

/** How messages name a policy. */
export const nameOf = ({ template, logicalId, property }: PolicySource) => `${template} ${logicalId}.${property}`;

function mutantsOfStatement(source: PolicySource, statement: Statement): readonly Mutant[] {
  const sid = String(statement.Sid);
  const mutant = (
    kind: MutantKind,
    detail: string,
    change: (statement: Statement) => readonly Statement[],
  ): Mutant => ({
    source,
    kind,
    sid,
    statement,
    effect: statement.Effect as Mutant['effect'],
    detail,
    id: `${nameOf(source)} ${sid}: ${kind}${detail === '' ? '' : ` ${detail}`}`,
    change: (document) => ({
      ...document,
      Statement: document.Statement.flatMap((each) => (each.Sid === sid ? change(each) : [each])),
    }),
  });
  const resources = listOf(statement.Resource);
  return [
    mutant('delete statement', '', () => []),
    ...droppedEntries(statement, ['Action']).map(([detail, change]) => mutant('drop action', detail, change)),
    ...droppedEntries(statement, ['NotAction']).map(([detail, change]) => mutant('drop exception', detail, change)),
    ...droppedEntries(statement, ['Resource']).map(([detail, change]) => mutant('drop resource', detail, change)),
    ...keysOf(statement.Principal).flatMap((type) =>
      droppedEntries(statement, ['Principal', type]).map(([detail, change]) =>
        mutant('drop principal', detail, change),
      ),
    ),
    ...keysOf(statement.Condition).flatMap((operator) =>
      keysOf((statement.Condition as Statement)[operator]).flatMap((key) => [
        mutant('drop condition', `${operator} ${key}`, (each) => [without(each, ['Condition', operator, key])]),
        ...droppedEntries(statement, ['Condition', operator, key]).map(([detail, change]) =>
          mutant('drop value', `${operator} ${key} ${detail}`, change),
        ),
      ]),
    ),
    ...(resources.length === 0 || resources.includes('*')
      ? []
      : [mutant('widen resource', '', (each) => [{ ...each, Resource: '*' }])]),
  ];
}

type Change = (statement: Statement) => readonly Statement[];

/** For each entry of a list of several: its text, and the change that removes it. */
function droppedEntries(statement: Statement, path: readonly string[]): readonly (readonly [string, Change])[] {
  const entries = listOf(at(statement, path));
  return entries.length < 2
    ? []
    : entries.map((entry, index) => [
        String(entry),
        // By position: the same entry has another account's id in another stack.
        (each) => [
          replaced(
            each,
            path,
            listOf(at(each, path)).filter((_, position) => position !== index),
          ),
        ],
      ]);
}

function at(value: unknown, [first, ...rest]: readonly string[]): unknown {
  return first === undefined ? value : at((value as Statement | undefined)?.[first], rest);
}

function replaced(value: Statement, [first, ...rest]: readonly string[], entry: unknown): Statement {
  const key = first as string;
  return { ...value, [key]: rest.length === 0 ? entry : replaced(value[key] as Statement, rest, entry) };
}

function without(value: Statement, [first, ...rest]: readonly string[]): Statement {
  const { [first as string]: removed, ...others } = value;
  if (rest.length === 0) {
    return others;
  }
  const inner = without(removed as Statement, rest);
  return Object.keys(inner).length === 0 ? others : { ...others, [first as string]: inner };
}

const listOf = (value: unknown): readonly unknown[] => (value === undefined ? [] : [value].flat());
const keysOf = (value: unknown): readonly string[] =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : [];

/** Tries mutants, evaluating only requests that the changed statement could match. */
export class MutationTest {
  readonly #requests = new Map<PolicySource, Map<string, Request[]>>();

  /** @param proven cases that hold */
  constructor(proven: readonly ProvenCase[]) {
    for (const { answers } of proven) {
      for (const { request } of answers) {
        for (const { source } of request.policies) {
          const byAction = this.#requests.get(source) ?? new Map<string, Request[]>();
          this.#requests.set(source, byAction);
          const key = request.action.toLowerCase();
          const requests = byAction.get(key) ?? [];
          byAction.set(key, requests);
          requests.push(request);
        }
      }
    }
  }

  /** Changes the policies and looks for a case that no longer holds. */
  async try(mutant: Mutant): Promise<MutantResult> {
    for (const request of this.#affected(mutant)) {
      if (!isAsExpected(request.of, await request.decideWith(mutant))) {
        return { mutant, killedBy: request.of.id };
      }
    }
    return { mutant, killedBy: undefined };
  }

  /** Requests whose action the statement names, or may mean: the answers to all others can't change. */
  #affected({ source, kind, detail, statement }: Mutant): readonly Request[] {
    const concerned = kind === 'drop action' || kind === 'drop exception' ? { Action: detail } : statement;
    return [...(this.#requests.get(source) ?? [])].flatMap(([action, requests]) =>
      concerns(concerned, action) ? requests : [],
    );
  }
}

/** A change that went unnoticed, with the reason why none can notice it, if there is one. */
export interface SurvivingMutant {
  readonly mutant: Mutant;
  readonly reason: string | undefined;
}

/** What became of all mutants. */
export interface MutationScore {
  readonly mutants: number;
  readonly killed: number;
  readonly surviving: readonly SurvivingMutant[];
  /** Accepted mutants that did not survive. */
  readonly stale: readonly AcceptedMutants[];
}

/**
 * Changes each statement in each way that `MutantKind` knows, and counts the changes that a case notices.
 *
 * @param proven cases that hold
 * @param expected mutants that no case can notice, with the reason
 */
export async function mutate(
  policies: RoutePolicies,
  proven: readonly ProvenCase[],
  expected: readonly AcceptedMutants[],
): Promise<MutationScore> {
  const test = new MutationTest(proven);
  const mutants = mutantsOf(policies);
  const found: SurvivingMutant[] = [];
  const used = new Set<AcceptedMutants>();
  for (const mutant of mutants) {
    const { killedBy } = await test.try(mutant);
    if (killedBy === undefined) {
      const entry = expected.find((each) => covers(each, mutant));
      found.push({ mutant, reason: entry?.reason });
      if (entry !== undefined) {
        used.add(entry);
      }
    }
  }
  return {
    mutants: mutants.length,
    killed: mutants.length - found.length,
    surviving: found,
    stale: expected.filter((entry) => !used.has(entry)),
  };
}

/** Whether an entry of the accepted mutants is about a mutant. */
export const covers = ({ kind, details = [''], policies, sids }: AcceptedMutants, mutant: Mutant): boolean =>
  kind === mutant.kind &&
  details.includes(mutant.detail) &&
  policies === mutant.source.kind &&
  sids.includes(mutant.sid);
