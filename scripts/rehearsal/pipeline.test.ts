import { describe, expect, test, vi } from 'vitest';
import { action, at, latch, pipelineOf, Stagehand, statuses } from './pipeline.fixture';

const producing = (name: string, artifact: string) => action(name, { outputArtifacts: [{ name: artifact }] });
const consuming = (name: string, artifact: string, runOrder = 1) =>
  action(name, { inputArtifacts: [{ name: artifact }], runOrder });

describe('an execution', () => {
  test('goes through all stages in their order, and succeeds', async () => {
    const hand = new Stagehand();
    const execution = hand.pipeline(pipelineOf({ Source: [action('Get')], Dev: [action('Deploy')] })).start('a commit');

    expect(await execution.finished).toBe('Succeeded');

    expect(execution).toMatchObject({ number: 1, trigger: 'a commit', type: 'STANDARD', status: 'Succeeded' });
    expect(hand.lines).toEqual([
      '1 execution STARTED',
      '1 Source STARTED',
      '1 Source.Get STARTED',
      '1 Source.Get SUCCEEDED',
      '1 Source SUCCEEDED',
      '1 Dev STARTED',
      '1 Dev.Deploy STARTED',
      '1 Dev.Deploy SUCCEEDED',
      '1 Dev SUCCEEDED',
      '1 execution SUCCEEDED',
    ]);
  });

  test('ends after the stage it is told to end after', async () => {
    const hand = new Stagehand();
    const definition = pipelineOf({ Source: [action('Get')], Dev: [action('Deploy')], Prod: [action('Ship')] });

    expect(await hand.pipeline(definition, 'Dev').start('a commit').finished).toBe('Stopped');

    expect(hand.runs.map(({ stage }) => stage)).toEqual(['Source', 'Dev']);
    expect(hand.lines.at(-1)).toBe('1 execution STOPPED Dev');
    expect(await hand.pipeline(definition, 'Prod').start('a commit').finished).toBe('Succeeded');
  });

  test('that is stopped aborts the action that runs, and begins no other', async () => {
    const hand = new Stagehand();
    hand.when(
      'Build',
      ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(new Error('aborted')));
        }),
    );
    const pipeline = hand.pipeline(
      pipelineOf({ Build: { actions: [action('Build')], onFailure: { result: 'RETRY' } }, Dev: [action('Deploy')] }),
    );
    const executions = [pipeline.start('a commit'), pipeline.start('another commit')];
    await vi.waitFor(() => expect(hand.runs).toHaveLength(1));

    pipeline.stop();
    executions.push(pipeline.start('a commit too late'));

    expect(await statuses(...executions)).toEqual(['Stopped', 'Stopped', 'Stopped']);
    expect(hand.runs.map(({ action: { name } }) => name)).toEqual(['Build']);
  });
});

describe('actions of a stage', () => {
  test('run in the order of their numbers, those with one number side by side', async () => {
    const left = latch();
    const right = latch();
    const hand = new Stagehand()
      .when('Left', async () => {
        left.open();
        await right.opened;
        return { summary: '' };
      })
      .when('Right', async () => {
        right.open();
        await left.opened;
        return { summary: '' };
      });
    const definition = pipelineOf({
      Build: [action('Last', { runOrder: 10 }), action('Left', { runOrder: 2 }), action('Right', { runOrder: 2 })],
    });

    await hand.pipeline(definition).start('a commit').finished;

    expect(hand.runs.map(({ action: { name } }) => name)).toEqual(['Left', 'Right', 'Last']);
  });

  test('that run beside one that fails still end, and what comes later does not begin', async () => {
    const failed = latch();
    const hand = new Stagehand()
      .when('Broken', () => {
        failed.open();
        throw new Error('no such branch');
      })
      .when('Sound', async () => {
        await failed.opened;
        await new Promise(setImmediate);
        return { summary: '' };
      });
    const definition = pipelineOf({
      Source: [action('Broken'), action('Sound'), action('Later', { runOrder: 2 })],
      Dev: [action('Deploy')],
    });

    expect(await hand.pipeline(definition).start('a commit').finished).toBe('Failed');

    expect(hand.actions).toEqual([
      '1 Source.Broken STARTED',
      '1 Source.Sound STARTED',
      '1 Source.Broken FAILED',
      '1 Source.Sound SUCCEEDED',
    ]);
    expect(hand.lines.slice(-2)).toEqual(['1 Source FAILED', '1 execution FAILED Source']);
    expect(hand.progress).toContainEqual(expect.objectContaining({ state: 'FAILED', message: 'no such branch' }));
  });
});

describe('an artifact', () => {
  test('is handed on to later actions of the same execution, each in its own place', async () => {
    const hand = new Stagehand();
    const pipeline = hand.pipeline(
      pipelineOf({
        Source: [producing('Get', 'Source')],
        Build: [action('Build', { inputArtifacts: [{ name: 'Source' }], outputArtifacts: [{ name: 'Package' }] })],
        Dev: [consuming('Deploy', 'Package')],
      }),
    );
    await pipeline.start('a commit').finished;
    await pipeline.start('another commit').finished;

    expect(hand.runs.map(({ inputs }) => Object.fromEntries(inputs))).toEqual([
      {},
      { Source: at('Source-of-1') },
      { Package: at('Package-of-1') },
      {},
      { Source: at('Source-of-2') },
      { Package: at('Package-of-2') },
    ]);
  });

  test('that nobody left behind fails the action that needs it', async () => {
    const hand = new Stagehand();
    const definition = pipelineOf({ Dev: [consuming('Deploy', 'Package')] });

    expect(await hand.pipeline(definition).start('a commit').finished).toBe('Failed');

    expect(hand.progress).toContainEqual(
      expect.objectContaining({
        kind: 'action',
        state: 'FAILED',
        message: 'Its input artifact Package is not there: no action before it in this execution left one behind.',
      }),
    );
    expect(hand.runs).toEqual([]);
  });

  test('that is declared but not left behind fails its action', async () => {
    const hand = new Stagehand().when('Build', () => ({ summary: '', outputs: new Map() }));

    expect(await hand.pipeline(pipelineOf({ Build: [producing('Build', 'Package')] })).start('a commit').finished).toBe(
      'Failed',
    );

    expect(hand.progress).toContainEqual(expect.objectContaining({ message: 'It left no artifact Package behind.' }));
  });
});

describe('a variable', () => {
  const source = action('Get', { namespace: 'Source' });
  const ask = (text: string) => action('Ask', { configuration: { CustomData: text, Static: 'as it is' } });

  test('of a namespace is put in its place in what comes later', async () => {
    const hand = new Stagehand().when('Get', () => ({ summary: '', variables: { CommitId: 'abc', Author: 'me' } }));
    const definition = pipelineOf({
      Source: [source],
      Prod: [ask('Deploy #{Source.CommitId} of #{Source.Author} in #{codepipeline.PipelineExecutionId}?')],
    });
    const execution = hand.pipeline(definition).start('a commit');
    await execution.finished;

    expect(hand.runs[1]?.configuration).toEqual({
      CustomData: `Deploy abc of me in ${execution.id}?`,
      Static: 'as it is',
    });
  });

  test.each([
    ['#{Source.Branch}', 'CustomData uses #{Source.Branch}, but Source has no such variable; it has CommitId.'],
    [
      '#{Image.Digest}',
      'CustomData uses #{Image.Digest}, but no action that has run has the namespace Image; there are ' +
        'codepipeline, Source.',
    ],
  ])('that has no value, %s, fails the action that uses it', async (text, message) => {
    const hand = new Stagehand().when('Get', () => ({ summary: '', variables: { CommitId: 'abc' } }));

    expect(await hand.pipeline(pipelineOf({ Source: [source], Prod: [ask(text)] })).start('a commit').finished).toBe(
      'Failed',
    );

    expect(hand.progress).toContainEqual(expect.objectContaining({ state: 'FAILED', message }));
  });
});

describe('a stage that fails', () => {
  const failing = (times: number) => {
    let left = times;
    return () => {
      left -= 1;
      if (left >= 0) {
        throw new Error('it broke');
      }
      return { summary: 'it works' };
    };
  };

  test('is the end of the execution', async () => {
    const hand = new Stagehand().when('Build', failing(1));
    const definition = pipelineOf({ Build: [action('Build')], Dev: [action('Deploy')] });

    expect(await hand.pipeline(definition).start('a commit').finished).toBe('Failed');

    expect(hand.runs).toHaveLength(1);
  });

  test('lets the next execution in', async () => {
    const hand = new Stagehand().when('Build', failing(1));
    const pipeline = hand.pipeline(pipelineOf({ Build: [action('Build')] }));

    expect(await statuses(pipeline.start('a commit'), pipeline.start('the repair'))).toEqual(['Failed', 'Succeeded']);
  });

  test('tries what failed once more when it is to retry, and not what succeeded', async () => {
    const hand = new Stagehand().when('Build', failing(1));
    const definition = pipelineOf({
      Build: {
        actions: [action('Fetch'), action('Build', { runOrder: 2 }), action('Test', { runOrder: 3 })],
        onFailure: { result: 'RETRY', retryConfiguration: { retryMode: 'FAILED_ACTIONS' } },
      },
    });

    expect(await hand.pipeline(definition).start('a commit').finished).toBe('Succeeded');

    expect(hand.runs.map(({ action: { name } }) => name)).toEqual(['Fetch', 'Build', 'Build', 'Test']);
    expect(hand.lines).toContain('1 Build RESUMED');
  });

  test('is not tried a third time', async () => {
    const hand = new Stagehand().when('Build', failing(3));
    const definition = pipelineOf({ Build: { actions: [action('Build')], onFailure: { result: 'RETRY' } } });

    expect(await hand.pipeline(definition).start('a commit').finished).toBe('Failed');

    expect(hand.runs).toHaveLength(2);
  });

  test('goes back to what it last succeeded with when it is to roll back', async () => {
    const hand = new Stagehand()
      .when('Get', ({ execution }) => ({ summary: '', variables: { CommitId: `commit ${execution.number}` } }))
      .when('Deploy', ({ execution: { number } }) => {
        if (number === 3) {
          throw new Error('unhealthy');
        }
        return { summary: '' };
      });
    const pipeline = hand.pipeline(
      pipelineOf({
        Source: [action('Get', { namespace: 'Source', outputArtifacts: [{ name: 'Source' }] })],
        Dev: {
          actions: [
            action('Deploy', {
              inputArtifacts: [{ name: 'Source' }],
              configuration: { Commit: '#{Source.CommitId} #{codepipeline.PipelineExecutionId}' },
            }),
          ],
          onFailure: { result: 'ROLLBACK' },
        },
      }),
    );
    await pipeline.start('a commit').finished;
    await pipeline.start('another commit').finished;
    const broken = pipeline.start('a broken commit');
    expect(await broken.finished).toBe('Failed');
    await vi.waitFor(() => expect(hand.lines.at(-1)).toBe('4 execution SUCCEEDED Dev'));

    const rollback = hand.runs.at(-1);
    expect(rollback?.execution).toMatchObject({ type: 'ROLLBACK', trigger: 'rollback to execution 2' });
    expect(rollback?.inputs.get('Source')).toEqual(at('Source-of-2'));
    expect(rollback?.configuration).toEqual({ Commit: `commit 2 ${rollback?.execution.id}` });
  });

  test('has nothing to roll back to when it never succeeded', async () => {
    const hand = new Stagehand().when('Deploy', failing(2));
    const definition = pipelineOf({ Dev: { actions: [action('Deploy')], onFailure: { result: 'ROLLBACK' } } });
    const pipeline = hand.pipeline(definition);

    expect(await statuses(pipeline.start('a commit'), pipeline.start('another'))).toEqual(['Failed', 'Failed']);

    expect(hand.runs).toHaveLength(2);
  });
});

describe('while an execution is inside a stage', () => {
  const route = (executionMode: 'SUPERSEDED' | 'QUEUED') => {
    const approval = latch();
    const hand = new Stagehand().when('Prod.Approve', async ({ execution }) => {
      if (execution.number === 1) {
        await approval.opened;
      }
      return { summary: 'approved' };
    });
    const pipeline = hand.pipeline(
      pipelineOf(
        {
          Source: [producing('Get', 'Source')],
          Prod: [action('Approve'), consuming('Deploy', 'Source', 2)],
          After: [action('Tell')],
        },
        { executionMode },
      ),
    );
    return { approval, hand, pipeline };
  };
  const deployed = (hand: Stagehand) =>
    hand.runs.filter(({ action: { name } }) => name === 'Deploy').map(({ inputs }) => inputs.get('Source')?.key);

  test('a newer one goes as far as the stage, waits, and deploys after it', async () => {
    const { approval, hand, pipeline } = route('SUPERSEDED');
    const first = pipeline.start('a commit');
    await vi.waitFor(() => expect(hand.lines).toContain('1 Prod.Approve STARTED'));
    const second = pipeline.start('another commit');
    await vi.waitFor(() => expect(hand.lines).toContain('2 Prod WAITING'));

    expect(hand.lines).toContain('2 Source SUCCEEDED');
    approval.open();

    expect(await statuses(first, second)).toEqual(['Succeeded', 'Succeeded']);
    expect(deployed(hand)).toEqual(['Source-of-1', 'Source-of-2']);
  });

  test('only the newest of those that wait before it goes on in the mode SUPERSEDED', async () => {
    const { approval, hand, pipeline } = route('SUPERSEDED');
    const first = pipeline.start('a commit');
    await vi.waitFor(() => expect(hand.lines).toContain('1 Prod.Approve STARTED'));
    const second = pipeline.start('another commit');
    await vi.waitFor(() => expect(hand.lines).toContain('2 Prod WAITING'));
    const third = pipeline.start('a third commit');
    expect(await second.finished).toBe('Superseded');

    expect(hand.lines).toContain('2 execution SUPERSEDED Prod');
    approval.open();

    expect(await statuses(first, second, third)).toEqual(['Succeeded', 'Superseded', 'Succeeded']);
    expect(deployed(hand)).toEqual(['Source-of-1', 'Source-of-3']);
  });

  test('all of those that wait before it go on, in their order, in the mode QUEUED', async () => {
    const { approval, hand, pipeline } = route('QUEUED');
    const first = pipeline.start('a commit');
    await vi.waitFor(() => expect(hand.lines).toContain('1 Prod.Approve STARTED'));
    const second = pipeline.start('another commit');
    const third = pipeline.start('a third commit');
    await vi.waitFor(() => expect(hand.lines).toContain('3 Prod WAITING'));
    approval.open();

    expect(await statuses(first, second, third)).toEqual(['Succeeded', 'Succeeded', 'Succeeded']);
    expect(deployed(hand)).toEqual(['Source-of-1', 'Source-of-2', 'Source-of-3']);
  });

  test('one that fails there lets the waiting one in', async () => {
    const { approval, hand, pipeline } = route('SUPERSEDED');
    hand.when('Prod.Deploy', ({ execution }) => {
      if (execution.number === 1) {
        throw new Error('refused');
      }
      return { summary: '' };
    });
    const first = pipeline.start('a commit');
    await vi.waitFor(() => expect(hand.lines).toContain('1 Prod.Approve STARTED'));
    const second = pipeline.start('another commit');
    await vi.waitFor(() => expect(hand.lines).toContain('2 Prod WAITING'));
    approval.open();

    expect(await statuses(first, second)).toEqual(['Failed', 'Succeeded']);
  });
});
