import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { topology } from '../../templates-src/topology.fixture';
import { checkoutForTests } from '../lib/checkout.fixture';
import { attacks } from './attacks';
import { readOptions, UsageError } from './options';
import { planFor, problemsOf } from './plan';
import { NameError, type PipelineNames, readPipelineNames } from './route-names';

const checkout = checkoutForTests();

describe('the command line', () => {
  test('asks for everything unless it says otherwise', () => {
    expect(readOptions([])).toEqual({ attacks: [], interactive: false, keep: false });
    expect(readOptions(['--only', 'A', '--until', 'B', '--fail-at', 'C', '--interactive', '--keep'])).toEqual({
      only: 'A',
      until: 'B',
      failAt: 'C',
      attacks: [],
      interactive: true,
      keep: true,
    });
    expect(readOptions(['--keep', '-h'])).toBeUndefined();
  });

  test('may name another Region', () => {
    expect(readOptions(['--region', 'us-east-1'])).toMatchObject({ region: 'us-east-1' });
    expect(() => readOptions(['--region', 'cn-north-1'])).toThrow(
      '--region: found "cn-north-1"; a Region of AWS or GovCloud, such as eu-west-1; not of China, where CodePipeline',
    );
  });

  test('may name a commit that is deployed first, to its end', () => {
    expect(readOptions(['--from', 'HEAD~3'])).toMatchObject({ from: 'HEAD~3' });
    expect(() => readOptions(['--from', 'HEAD~3', '--until', 'Dev'])).toThrow('leave out --only');
    expect(() => readOptions(['--from', 'HEAD~3', '--only', 'ECS-Container-Build'])).toThrow('leave out --only');
    expect(() => readOptions(['--from', 'HEAD~3', '--fail-at', 'Check'])).toThrow('leave out --only');
  });

  test('may name attacks, which need the whole route', () => {
    expect(readOptions(['--attack', 'own-image', '--attack', 'changed-script'])?.attacks).toEqual([
      'own-image',
      'changed-script',
    ]);
    expect(readOptions(['--attack', 'all'])?.attacks).toEqual(Object.keys(attacks));
    expect(() => readOptions(['--attack', 'own-images'])).toThrow(
      "--attack: found 'own-images', expected all, poisoned-",
    );
    expect(() => readOptions(['--attack', 'all', '--until', 'Dev'])).toThrow('--attack needs the whole route');
    expect(() => readOptions(['--attack', 'all', '--interactive'])).toThrow('--attack needs the whole route');
  });

  test.each([[['--unknown']], [['--only']], [['--region']], [['--region', 'us-est-1']], [['stray']]])(
    'that cannot be understood, %j, is refused',
    (argv) => {
      expect(() => readOptions(argv)).toThrow(UsageError);
    },
  );
});

describe('the plan', () => {
  const [build, infrastructure, deployment] = [
    'ECS-Container-Build',
    'Infrastructure-Deployment',
    'ECS-Container-Deployment',
  ] as const;
  const plan = (
    options: { only?: string; until?: string; failAt?: string },
    exists: (name: PipelineNames) => boolean = () => true,
  ) => {
    const names = readPipelineNames(join(checkout, 'generated')).filter(exists);
    const { rehearsed, run, until, failAt } = planFor(
      topology,
      { attacks: [], interactive: false, keep: false, ...options },
      names,
    );
    return {
      rehearsed: [...rehearsed].sort(),
      run: [...run].sort(),
      until: [build, deployment, infrastructure].map((name) => until(name)),
      failAt,
    };
  };
  const all = [build, deployment, infrastructure];

  test('is all pipelines to their ends', () => {
    expect(plan({})).toEqual({ rehearsed: all, run: all, until: [undefined, undefined, undefined], failAt: undefined });
  });

  test('of one pipeline has with it what it cannot do without', () => {
    expect(plan({ only: infrastructure })).toMatchObject({ rehearsed: [infrastructure], run: [infrastructure] });
    expect(plan({ only: build })).toMatchObject({ rehearsed: [build], run: [build] });
    expect(plan({ only: deployment })).toMatchObject({ rehearsed: [deployment], run: all });
  });

  test('ends after a stage in every pipeline that has it', () => {
    expect(plan({ until: 'Dev' })).toMatchObject({ rehearsed: all, until: [undefined, 'Dev', 'Dev'] });
    expect(plan({ until: 'Prod' })).toMatchObject({ rehearsed: all, until: [undefined, undefined, undefined] });
  });

  test('ends early in the one pipeline that is asked for alone, not in those that it needs', () => {
    expect(plan({ only: deployment, until: 'Dev' })).toMatchObject({
      rehearsed: [deployment],
      run: all,
      until: [undefined, 'Dev', undefined],
    });
  });

  test('leaves the deployment out when there will be nothing to deploy, or nothing to deploy into', () => {
    expect(plan({ until: 'Check' })).toMatchObject({ rehearsed: [build, infrastructure] });
    expect(plan({ until: 'Source' })).toMatchObject({ rehearsed: [build, infrastructure] });
  });

  test('of a route without container is its one pipeline', () => {
    const alone = ({ pipeline }: PipelineNames) => pipeline === infrastructure;
    const one = { rehearsed: [infrastructure], run: [infrastructure] };
    expect(plan({}, alone)).toMatchObject({ ...one, until: [undefined, undefined, undefined] });
    expect(plan({ until: 'Check' }, alone)).toMatchObject({ ...one, until: [undefined, undefined, 'Check'] });
    expect(() => plan({ only: build }, alone)).toThrow(NameError);
  });

  test('knows the action that is to fail', () => {
    expect(plan({ failAt: 'Test.Prepare-infrastructure' }).failAt).toEqual({
      pipeline: infrastructure,
      stage: 'Test',
      action: 'Prepare-infrastructure',
    });
  });

  test('refuses names that the pipelines do not have', () => {
    expect(() => plan({ only: 'Infrastructure' })).toThrow(NameError);
    expect(() => plan({ only: build, until: 'Dev' })).toThrow(NameError);
    expect(() => plan({ only: build, failAt: 'Check' })).toThrow(NameError);
  });
});

test('a rehearsal goes well when no pipeline failed, and nothing was denied', () => {
  expect(problemsOf([], 0)).toEqual([]);
  expect(problemsOf(['ECS-Container-Build'], 0)).toEqual(['ECS-Container-Build']);
  // Somebody may go on without what was denied: a script that ignores the error.
  expect(problemsOf([], 2)).toEqual(['AWS would have denied 2 calls (see IAM)']);
});
