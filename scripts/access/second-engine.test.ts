import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { allCases } from '../../templates-src/access';
import type { Case, PolicyDocument } from '../../templates-src/access/case';
import type { Topology } from '../../templates-src/model/topology';
import { topology, topologyWith } from '../../templates-src/topology.fixture';
import { declaredRouteOf } from '../lib/iam/declared-route';
import { Evaluator } from '../lib/iam/evaluate';
import { type Policy, policiesOf, type RoutePolicies } from '../lib/iam/policies';
import type { Question, Request } from '../lib/iam/request';
import { concerns } from '../lib/iam/statements';
import { routeOf } from './access.fixture';
import { type Mutant, mutantsOf } from './mutants';

/** One request of so many is compared: all of them take three times as long, and said the same. 1 compares all. */
const every = 7;

/** A question with the answer of the engine that the proof relies on. */
interface Answered {
  readonly of: Case;
  readonly question: Question;
  readonly isAllowed: boolean;
  /** Names it in messages. */
  readonly asked: string;
}

/** Requests of the proof of a topology: some of each kind, and no kind is left out. */
async function requestsOf(of: Topology): Promise<{ policies: RoutePolicies; requests: readonly Request[] }> {
  const route = await routeOf(of);
  const policies = policiesOf(route);
  const evaluator = new Evaluator(policies);
  const requests = (await allCases(declaredRouteOf(route))).flatMap((one) => evaluator.requests(one));
  // Next to each other, so that rare kinds are in the sample whatever cases come and go before them.
  const byKind = [...requests].sort((one, other) => kindOf(one.question).localeCompare(kindOf(other.question)));
  return { policies, requests: byKind.filter((_, index) => index % every === 0) };
}

async function answered(requests: readonly Request[]): Promise<readonly Answered[]> {
  const sample: Answered[] = [];
  for (const request of requests) {
    const { of, question } = request;
    sample.push({ of, question, isAllowed: (await request.decide()).result === 'Allowed', asked: nameOf(request) });
  }
  return sample;
}

/** The requests again after each change of a statement about what they ask, as mutation tests of the proof make them. */
async function answeredAfterChanges(
  requests: readonly Request[],
  mutants: readonly Mutant[],
): Promise<readonly Answered[]> {
  const sample: Answered[] = [];
  for (const mutant of mutants) {
    const isChanged = ({ source }: Policy) => source === mutant.source;
    const concerned = requests.filter(
      ({ action, policies }) => policies.some(isChanged) && concerns(mutant.statement, action),
    );
    for (const request of concerned) {
      const documents = request.policies.filter(isChanged).map(({ document }) => document);
      sample.push({
        of: request.of,
        question: withDocuments(request.question, (document) =>
          documents.includes(document) ? mutant.change(document) : document,
        ),
        isAllowed: (await request.decideWith(mutant)) === 'Allowed',
        asked: `${nameOf(request)} (${mutant.id})`,
      });
    }
  }
  return sample;
}

const kindOf = ({ actor, endpoint }: Question) =>
  `${actor.kind}${endpoint === undefined ? '' : ' through an endpoint'}`;

const nameOf = ({ of, action, resource }: Request) => `${of.id}: ${action} on ${resource}`;

/** A question with something else in place of each of its documents. */
const withDocuments = <T>(
  { identity, boundary, resourcePolicy, endpoint, ...rest }: Question,
  change: (document: PolicyDocument) => T,
) => ({
  ...rest,
  identity: identity.map(change),
  boundary: boundary && change(boundary),
  resourcePolicy: resourcePolicy && change(resourcePolicy),
  endpoint: endpoint && change(endpoint),
});

/** Whether Principal Mapper allows what is asked. */
function secondAnswers(questions: readonly Question[]): readonly boolean[] {
  const positions = new Map<string, number>();
  const positionOf = (document: PolicyDocument) => {
    const text = JSON.stringify(document);
    const position = positions.get(text) ?? positions.size;
    positions.set(text, position);
    return position;
  };
  const referring = questions.map((question) => JSON.stringify(withDocuments(question, positionOf)));
  const answers: readonly boolean[] = JSON.parse(
    execFileSync('python3', [join(__dirname, 'second_engine.py')], {
      input: `{"questions": [${referring}], "documents": [${[...positions.keys()]}]}`,
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    }),
  );
  expect(answers).toHaveLength(questions.length);
  return answers;
}

/**
 * What Principal Mapper answers otherwise than the engine of the proof.
 *
 * @param change of what Principal Mapper is asked
 */
function disagreements(sample: readonly Answered[], change = (question: Question) => question): readonly string[] {
  const answers = secondAnswers(sample.map(({ question }) => change(question)));
  return sample.flatMap(({ isAllowed, asked }, index) =>
    isAllowed === answers[index]
      ? []
      : [`${asked} is ${isAllowed ? 'allowed' : 'denied'}, which Principal Mapper says it is not`],
  );
}

/** Asks with other statements in each policy. */
const withStatements =
  (change: (statements: PolicyDocument['Statement']) => PolicyDocument['Statement']) => (question: Question) =>
    withDocuments(question, (document) => ({ ...document, Statement: change(document.Statement) }));

const oneEnvironment = topologyWith({
  project: 'route-to-live',
  environments: [{ name: 'live', approval: true }],
});

describe.each([
  ['three environments', topology],
  ['one environment', oneEnvironment],
])('a sample of the requests of %s', (_name, of) => {
  let sample: readonly Answered[];
  beforeAll(async () => {
    sample = await answered((await requestsOf(of)).requests);
  }, 600_000);

  it('is decided alike by Principal Mapper, which somebody else wrote', () => {
    expect(disagreements(sample)).toEqual([]);
  });

  it('has many of both answers, and requests of all kinds of actors, some of them through VPC endpoints', () => {
    const allowed = sample.filter(({ isAllowed }) => isAllowed).length;
    expect(allowed).toBeGreaterThan(100);
    expect(sample.length - allowed).toBeGreaterThan(100);
    expect(new Set(sample.map(({ question }) => kindOf(question)))).toEqual(
      new Set(['administrator', 'administrator through an endpoint', 'role', 'role through an endpoint', 'service']),
    );
  });

  it.each<[string, (question: Question) => Question]>([
    ['statements that deny', withStatements((statements) => statements.filter(({ Effect }) => Effect !== 'Deny'))],
    ['conditions', withStatements((statements) => statements.map(({ Condition: _, ...statement }) => statement))],
    ['policies of principals', (question) => ({ ...question, identity: [] })],
    ['boundaries', (question) => ({ ...question, boundary: undefined })],
    ['policies of resources', (question) => ({ ...question, resourcePolicy: undefined })],
    ['policies of VPC endpoints', (question) => ({ ...question, endpoint: undefined })],
  ])('is no longer decided alike when Principal Mapper does not get the %s', (_missing, change) => {
    expect(disagreements(sample, change).length).toBeGreaterThan(0);
  });
});

it('policies are decided alike after a change of any statement, too, which gives many requests another answer', async () => {
  const { policies, requests } = await requestsOf(oneEnvironment);
  const sample = await answeredAfterChanges(requests, mutantsOf(policies));
  expect(disagreements(sample)).toEqual([]);
  const others = sample.filter(({ of, isAllowed }) => isAllowed !== (of.expect === 'allowed'));
  expect(others.length).toBeGreaterThan(100);
}, 600_000);
