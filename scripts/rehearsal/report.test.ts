import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Progress } from './pipeline';
import { action } from './pipeline.fixture';
import { duration, Report, type ReportOptions, table } from './report';

let shown: string;
let logged: string;
beforeEach(() => {
  shown = '';
  logged = '';
});

const report = (more: Partial<ReportOptions> = {}) =>
  new Report({
    write: (text) => {
      shown += text;
    },
    log: (text) => {
      logged += text;
    },
    live: false,
    colours: false,
    columns: () => 60,
    ...more,
  });

const execution: Progress['execution'] = {
  id: 'id',
  number: 2,
  pipeline: 'A-Pipeline',
  type: 'STANDARD',
  trigger: 'a commit',
  started: new Date(),
  status: 'InProgress',
  artifacts: new Map(),
  finished: new Promise(() => {}),
};
const acted = (state: 'STARTED' | 'NOTE' | 'SUCCEEDED' | 'FAILED', message = '', stage = 'Dev'): Progress => ({
  kind: 'action',
  execution,
  stage,
  action: action('Deploy'),
  state,
  milliseconds: 1234,
  message,
});

describe('without a terminal', () => {
  test('there is a plain line for what has ended, below its stage', () => {
    const it = report();
    it.progress({ kind: 'execution', execution, state: 'STARTED' });
    it.progress(acted('STARTED'));
    it.progress(acted('NOTE', 'half way'));
    it.progress(acted('SUCCEEDED', 'all of it'));
    it.progress(acted('STARTED', '', 'Test'));
    it.progress(acted('FAILED', 'it broke\nline 1\nline 2', 'Test'));
    it.progress({ kind: 'stage', execution, stage: 'Test', state: 'FAILED' });
    it.progress({ kind: 'execution', execution, state: 'FAILED', stage: 'Test' });

    expect(shown.replace(/after \d.\d s/, 'after 0.0 s')).toBe(`
A-Pipeline #2 started by a commit
A-Pipeline #2 · Dev
    half way
  ✓ Deploy                   all of it (1.2 s)
A-Pipeline #2 · Test
  ✗ Deploy                   it broke (1.2 s)
    line 1
    line 2
A-Pipeline #2 failed in the stage Test after 0.0 s; nothing later has run
`);
  });

  test('waiting, trying again, being overtaken and ending early are told', () => {
    const it = report();
    it.progress({ kind: 'stage', execution, stage: 'Prod', state: 'WAITING' });
    it.progress({ kind: 'stage', execution, stage: 'Build', state: 'RESUMED' });
    it.progress({ kind: 'execution', execution, state: 'SUPERSEDED', stage: 'Prod' });
    it.progress({ kind: 'execution', execution: { ...execution, type: 'ROLLBACK' }, state: 'STOPPED', stage: 'Dev' });

    expect(shown).toBe(`A-Pipeline #2 waits before the stage Prod, where another execution is
A-Pipeline #2 tries the stage Build once more
A-Pipeline #2 was superseded before the stage Prod by a newer execution
A-Pipeline #2 (rollback) ends with the stage Dev
`);
  });

  test('a step is told with what it has done, or that it failed', async () => {
    const it = report();
    await it.step('Build', async () => 'twelve files');
    await expect(it.step('Deploy', () => Promise.reject(new Error('no role')))).rejects.toThrow('no role');

    expect(shown).toBe(
      '  ✓ Build                    twelve files (0.0 s)\n  ✗ Deploy                   failed (0.0 s)\n',
    );
  });

  test('the log says when things began', async () => {
    await report().step('Build', async () => 'done');

    expect(logged).toBe('[rehearsal] begins: Build\n  ✓ Build                    done (0.0 s)\n');
  });
});

describe('on a terminal', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('the last line shows what runs, and for how long, and gives way to what has ended', () => {
    const it = report({ live: true });
    it.progress(acted('STARTED'));
    vi.advanceTimersByTime(3000);
    expect(shown.split('\r\u001b[K').at(-1)).toMatch(/^. A-Pipeline #2 · Dev · Deploy 3\.0 s$/u);

    it.progress(acted('SUCCEEDED', 'done'));
    expect(shown.split('\r\u001b[K').filter((part) => part.endsWith('\n'))).toEqual([
      'A-Pipeline #2 · Dev\n',
      '  ✓ Deploy                   done (1.2 s)\n',
    ]);
    const before = shown;
    vi.advanceTimersByTime(3000);
    expect(shown).toBe(before);
  });

  test('no line is longer than the terminal is wide, and the log has all of it', () => {
    const it = report({ live: true });
    it.progress({ ...acted('STARTED'), stage: 'a-stage-of-a-very-long-name-that-goes-on-and-on' } as Progress);
    vi.advanceTimersByTime(500);
    it.detail('x'.repeat(100));
    it.pause();

    for (const part of shown.split('\r\u001b[K')) {
      expect(part.trimEnd().length).toBeLessThan(60);
    }
    expect(logged).toContain('x'.repeat(100));
    expect(shown).toContain('…');
  });

  test('colours are for the person, not for the log', () => {
    const it = report({ live: true, colours: true });
    it.progress(acted('STARTED'));
    it.progress(acted('FAILED', 'it broke'));

    expect(shown).toContain('\u001b[31m✗\u001b[0m');
    expect(logged).not.toContain('\u001b');
    expect(logged).toContain('  ✗ Deploy                   it broke (1.2 s)\n');
  });
});

test.each([
  [49, '0.0 s'],
  [9_940, '9.9 s'],
  [59_400, '59 s'],
  [119_700, '2 min 0 s'],
])('%d ms read as %s', (milliseconds, text) => {
  expect(duration(milliseconds)).toBe(text);
});

test('a table has its columns in line', () => {
  expect(
    table([
      ['', 'dev', 'prod'],
      ['stack one', 'CREATE_COMPLETE', '-'],
    ]),
  ).toEqual(['           dev              prod', 'stack one  CREATE_COMPLETE  -']);
});
