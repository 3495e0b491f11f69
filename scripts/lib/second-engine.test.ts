import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { allCases } from '../../templates-src/access';
import type { PolicyDocument } from '../../templates-src/access/case';
import type { Topology } from '../../templates-src/define-topology';
import { topology, topologyWith } from '../../templates-src/topology.fixture';
import { routeOf } from './access.fixture';
import { Evaluator, type Question, type Request } from './access-evaluate';
import { policiesOf } from './access-policies';
import { worldOf } from './access-world';

/** One request of so many is compared: all of them take three times as long, and said the same. 1 compares all. */
const every = 7;

/** A request with the answer of the engine that the proof relies on. */
interface Answered {
  readonly request: Request;
  readonly isAllowed: boolean;
}

/** Requests of the proof of a topology, from all of its cases: none is left out for what it asks. */
async function sampleOf(of: Topology): Promise<readonly Answered[]> {
  const route = await routeOf(of);
  const evaluator = new Evaluator(policiesOf(route));
  const requests = (await allCases(worldOf(route))).flatMap((one) => evaluator.requests(one));
  const sample: Answered[] = [];
  for (const request of requests.filter((_, index) => index % every === 0)) {
    sample.push({ request, isAllowed: (await request.decide()).result === 'Allowed' });
  }
  return sample;
}

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
  const answers = secondAnswers(sample.map(({ request }) => change(request.question)));
  return sample.flatMap(({ request: { of, action, resource }, isAllowed }, index) =>
    isAllowed === answers[index]
      ? []
      : [`${of.id}: ${action} on ${resource} is ${isAllowed ? 'allowed' : 'denied'}, but not to Principal Mapper`],
  );
}

/** Asks with other statements in each policy. */
const withStatements =
  (change: (statements: PolicyDocument['Statement']) => PolicyDocument['Statement']) => (question: Question) =>
    withDocuments(question, (document) => ({ ...document, Statement: change(document.Statement) }));

describe.each([
  ['three environments', topology],
  ['one environment', topologyWith({ project: 'route-to-live', environments: [{ name: 'live', approval: true }] })],
])('a sample of the requests of %s', (_name, of) => {
  let sample: readonly Answered[];
  beforeAll(async () => {
    sample = await sampleOf(of);
  }, 600_000);

  it('is decided alike by Principal Mapper, which somebody else wrote', () => {
    expect(disagreements(sample)).toEqual([]);
  });

  it('has many of both answers, of all kinds of actors, and some through VPC endpoints', () => {
    const allowed = sample.filter(({ isAllowed }) => isAllowed).length;
    expect(allowed).toBeGreaterThan(100);
    expect(sample.length - allowed).toBeGreaterThan(100);
    const kinds = new Set(
      sample.map(({ request: { question }, isAllowed }) =>
        [question.actor.kind, question.endpoint && 'endpoint', isAllowed ? 'allowed' : 'denied'].join(' '),
      ),
    );
    expect([...kinds]).toEqual(
      expect.arrayContaining(
        ['role ', 'role endpoint', 'service ', 'administrator '].flatMap((kind) => [
          `${kind} allowed`,
          `${kind} denied`,
        ]),
      ),
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
