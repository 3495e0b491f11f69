import type { AcceptedMutants } from '../../templates-src/access/accepted-mutants';
import type { Case } from '../../templates-src/access/case';
import { Evaluator } from '../lib/iam/evaluate';
import type { RoutePolicies } from '../lib/iam/policies';
import { CaseError, type DecidingStatement, isAsExpected, type Request } from '../lib/iam/request';
import { covers, type Mutant, type MutantKind, MutationTest, mutantsOf } from './mutants';
import type { Answer, ProvenCase } from './proven-case';

/** What a statement is there for. */
export interface StatementUse {
  readonly mutant: Mutant;
  /** Id of a case that no longer holds without the statement; undefined when all do. */
  readonly neededBy: string | undefined;
}

/** A request that stays allowed when any one of the statements that allow it is removed. */
export interface DoubleGrant {
  readonly answer: Answer;
  readonly grants: readonly DecidingStatement[];
}

/** What has been found out about a route. */
export interface Proof {
  readonly policies: RoutePolicies;
  readonly cases: readonly ProvenCase[];
  readonly failed: readonly ProvenCase[];
  /** Each statement of each policy, in the order of the templates. */
  readonly statements: readonly StatementUse[];
  /** Statements, and actions that statements name or leave out, that no case needs. Empty when cases fail: it would say nothing then. */
  readonly idle: readonly Mutant[];
  readonly doubleGrants: readonly DoubleGrant[];
}

/** What of a statement has to be needed by a case, each by itself. */
const partsOfStatements: readonly MutantKind[] = ['delete statement', 'drop action', 'drop exception'];

/**
 * Evaluates all cases, and finds out what each statement is there for.
 *
 * @param excused what no case can show to be needed, with the reason
 * @throws CaseError that lists the cases which ask something that AWS would never ask
 * @throws Error when two cases have one id, or a policy is not valid
 */
export async function prove(
  policies: RoutePolicies,
  cases: readonly Case[],
  excused: readonly AcceptedMutants[] = [],
): Promise<Proof> {
  const proven = await evaluate(policies, cases);
  const failed = proven.filter(({ holds }) => !holds);
  if (failed.length > 0) {
    return { policies, cases: proven, failed, statements: [], idle: [], doubleGrants: [] };
  }
  const test = new MutationTest(proven);
  const mutants = mutantsOf(policies);
  const statements: StatementUse[] = [];
  const idle: Mutant[] = [];
  for (const mutant of mutants.filter(({ kind }) => partsOfStatements.includes(kind))) {
    const { killedBy } = await test.try(mutant);
    if (mutant.kind === 'delete statement') {
      statements.push({ mutant, neededBy: killedBy });
    }
    if (killedBy === undefined && !excused.some((entry) => covers(entry, mutant))) {
      idle.push(mutant);
    }
  }
  return { policies, cases: proven, failed, statements, idle, doubleGrants: await doubleGrants(proven, mutants) };
}

/**
 * Evaluates all cases.
 *
 * @throws CaseError, Error as `prove` does
 */
export async function evaluate(policies: RoutePolicies, cases: readonly Case[]): Promise<readonly ProvenCase[]> {
  const ids = new Set<string>();
  for (const { id } of cases) {
    if (ids.has(id)) {
      throw new Error(`two cases have the id '${id}'; name one of them otherwise`);
    }
    ids.add(id);
  }
  const evaluator = new Evaluator(policies);
  const proven: ProvenCase[] = [];
  const errors: CaseError[] = [];
  for (const of of cases) {
    const answers: Answer[] = [];
    try {
      for (const request of evaluator.requests(of)) {
        const decision = await request.decide();
        answers.push({ request, decision, asExpected: isAsExpected(of, decision.result) });
      }
    } catch (error) {
      if (!(error instanceof CaseError)) {
        throw error;
      }
      errors.push(error);
    }
    proven.push({ of, answers, holds: answers.every(({ asExpected }) => asExpected) });
  }
  if (errors.length > 0) {
    throw new CaseError(errors.map(({ message }) => message).join('\n'));
  }
  return proven;
}

/** Looks for allowed requests that no single statement carries. */
async function doubleGrants(
  proven: readonly ProvenCase[],
  mutants: readonly Mutant[],
): Promise<readonly DoubleGrant[]> {
  const found: DoubleGrant[] = [];
  for (const answer of proven.filter(({ of }) => of.expect === 'allowed').flatMap(({ answers }) => answers)) {
    const grants = answer.decision.grants.filter(({ policy }) => policy !== undefined);
    // A single statement can't be spared: something has to allow the request.
    if (grants.length > 1 && !(await hangsOnOne(answer.request, grants, mutants))) {
      found.push({ answer, grants });
    }
  }
  return found;
}

async function hangsOnOne(
  request: Request,
  grants: readonly DecidingStatement[],
  mutants: readonly Mutant[],
): Promise<boolean> {
  for (const { policy, sid } of grants) {
    const deletion = mutants.find(
      (mutant) => mutant.kind === 'delete statement' && mutant.source === policy?.source && mutant.sid === sid,
    );
    if (deletion !== undefined && (await request.decideWith(deletion)) !== 'Allowed') {
      return true;
    }
  }
  return false;
}
