import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Topology } from '../../../templates-src/model/topology';
import { topologyWith } from '../../../templates-src/topology.fixture';
import { installedPython } from '../../lib/python-tools';
import type { AccountView } from './account-view';
import { quotas } from './checks/quotas';
import { examineCloud, type Recorded } from './cloud.fixture';
import type { Result } from './examine';
import { certificate, connected, faults, topology } from './faults.fixture';
import { exitCodeOf } from './report';

const recorded: Recorded[] = [];
const record = (call: Recorded) => recorded.push(call);

/** What asks for a look. */
const complaints = (results: readonly Result[]) =>
  results.filter(({ outcome }) => outcome === 'problem' || outcome === 'unseen');

describe('a route where all is well', () => {
  const shared = topologyWith({
    project: 'shop',
    environments: [
      { name: 'int', approval: false },
      { name: 'test', approval: true, sharesAccountWith: 'int' },
    ],
  });
  const many = topologyWith({
    project: 'shop',
    environments: Array.from({ length: 10 }, (_, place) => ({ name: `stage${place}`, approval: place > 0 })),
  });
  const one = topologyWith({ project: 'shop', environments: [{ name: 'live', approval: false, production: true }] });

  test.each<[string, Topology]>([
    ['two environments', topology],
    ['one environment', one],
    ['ten environments', many],
    ['environments that share an account', shared],
    ['connections', connected],
  ])('has no problem: %s', async (_, of) => {
    const results = await examineCloud({ topology: of, record });

    expect(complaints(results)).toEqual([]);
    expect(exitCodeOf(results)).toBe(0);
  });

  test('has none before the first day either', async () => {
    const results = await examineCloud({ topology, empty: true, record });

    expect(complaints(results)).toEqual([]);
    expect(results.map(({ check }) => check)).toContain('quotas');
  });
});

describe('each fault is found, and nothing else', () => {
  test.each(faults.map((fault) => [fault.check, fault.of, fault] as const))('%s: %s', async (check, _, fault) => {
    const results = await examineCloud({ topology, ...fault, record });

    const found = complaints(results).filter(({ check: name }) => name !== 'all others');
    expect(found).toEqual([
      expect.objectContaining({ outcome: 'problem', check, what: expect.stringMatching(fault.says) }),
    ]);
    expect(found[0]?.toDo).toMatch(fault.toDo);
    expect(found[0]?.fails).toEqual(fault.fails);
    expect(exitCodeOf(results)).toBe(1);
  });

  test('and every check is in the table', async () => {
    const names = (await examineCloud({ topology, record })).map(({ check }) => check);
    expect(new Set(faults.map(({ check }) => check))).toEqual(new Set(names));
  });
});

describe('what could not be seen', () => {
  const calls = async (of: Topology, empty: boolean, parameters = {}) => {
    const asked = new Set<string>();
    const note = ({ service, operation }: Recorded) => asked.add(`${service} ${operation}`);
    await examineCloud({ topology: of, empty, parameters, record: note });
    asked.delete('sts get-caller-identity');
    return [...asked];
  };

  test('is said of every call that is denied, and never passes for well', async () => {
    const worlds = [
      { topology, empty: false, parameters: { CertificateArn: certificate } },
      { topology, empty: true },
      { topology: connected, empty: false },
    ];
    for (const world of worlds) {
      for (const call of await calls(world.topology, world.empty, world.parameters)) {
        const code = /^(ec2)/.test(call)
          ? 'UnauthorizedOperation'
          : call === 's3api head-bucket'
            ? '403'
            : 'AccessDenied';
        const results = await examineCloud({ ...world, answers: { [call]: { error: code } }, record });

        expect(
          complaints(results).map(({ outcome }) => outcome),
          call,
        ).toContain('unseen');
        expect(
          complaints(results)
            .map(({ what }) => what)
            .join('\n'),
          call,
        ).toContain(`denied: aws ${call}: ${code}`);
        expect(exitCodeOf(results), call).toBe(3);
      }
    }
  }, 240_000);

  test('of a bucket, names both that S3 may mean', async () => {
    const results = await examineCloud({ topology, empty: true, answers: { 's3api head-bucket': { error: '403' } } });
    const bucket = complaints(results).find(({ check }) => check === 'names');
    expect(bucket?.toDo).toMatch(
      /^either shop-\S+ belongs to another account \(.*\), or run it with a profile that may/,
    );
  });

  test.each(['InternalError', 'Forbidden', undefined])(
    'metrics with the status %j are not complete',
    async (status) => {
      const results = await examineCloud({
        topology,
        answers: {
          'cloudwatch get-metric-data': ({ input }) => ({
            output: {
              MetricDataResults:
                status === undefined
                  ? []
                  : input.MetricDataQueries.map(({ Id }: { Id: string }) => ({ Id, StatusCode: status, Values: [] })),
            },
          }),
        },
        record,
      });
      expect(complaints(results).map(({ check, outcome }) => [check, outcome])).toContainEqual(['rules', 'unseen']);
      expect(exitCodeOf(results)).toBe(3);
    },
  );

  test('a quota of which nobody knows the code is one of it', async () => {
    const generated = [
      {
        type: 'AWS::CodeBuild::Project',
        ids: { ref: 'build' },
        properties: { Environment: { Type: 'WINDOWS_SERVER_2022_CONTAINER', ComputeType: 'BUILD_GENERAL1_LARGE' } },
      },
      {
        type: 'AWS::CodePipeline::Pipeline',
        properties: { Stages: [{ Name: 'Build', Actions: [{ Configuration: { ProjectName: 'build' } }] }] },
      },
    ];
    const stack = { resolved: { resources: new Map(generated.map((one, index) => [String(index), one])) } };
    const view = { stacks: [stack], existing: async () => [stack], command: (...words: string[]) => words.join(' ') };
    expect(await quotas.run(view as unknown as AccountView)).toEqual([
      {
        outcome: 'unseen',
        what: expect.stringMatching(
          /WINDOWS_SERVER_2022_CONTAINER BUILD_GENERAL1_LARGE .*: 1 needed .* is not known here$/,
        ),
        toDo: 'look for it: service-quotas list-service-quotas --service-code codebuild',
      },
    ]);
  });
});

// What never comes from AWS proves nothing: the stand-in must not be able to make up fields.
afterAll(() => {
  const distinct = [...new Set(recorded.map(({ account: _, ...call }) => JSON.stringify(call)))];
  const python = installedPython(join(__dirname, '../../..')) ?? 'python3';
  const { stdout, stderr } = spawnSync(python, [join(__dirname, 'check_answers.py')], {
    input: `[${distinct.join(',')}]`,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toEqual([]);
});
