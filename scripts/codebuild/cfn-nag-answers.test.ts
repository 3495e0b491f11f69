import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { installedCfnNag } from '../check/scanners/cfn-nag';
import { run } from '../lib/run';
import { cfnNagTemplates } from './test-support/cfn-nag-templates';
import { makeFolder, writeFiles } from './test-support/project';

/** What cfn-nag says of one template, without what differs between machines. */
interface Answer {
  readonly template: string;
  readonly code: number | null;
  /** What it found; null when it crashed. */
  readonly results: unknown;
  /** What it crashed of. */
  readonly error: string | null;
}

async function ask(program: string): Promise<Record<string, Answer>> {
  const folder = await makeFolder(onTestFinished);
  const answers: Record<string, Answer> = {};
  for (const [what, template] of Object.entries(cfnNagTemplates)) {
    await writeFiles(folder, { 'template.yaml': template });
    const file = join(folder, 'template.yaml');
    const ended = await run(program, ['--input-path', file, '--fail-on-warnings', '--output-format', 'json']);
    const { code = -1, stdout = '', stderr = '' } = ended ?? {};
    const [report] = stdout === '' ? [] : JSON.parse(stdout);
    expect(report?.filename ?? file).toBe(file);
    // Ruby puts the place before it, and a trace after it.
    const [, error = null] = /: ([^\n]* \(\w+Error\))$/m.exec(stderr) ?? [];
    answers[what] = { template, code, results: report?.file_results ?? null, error };
  }
  return answers;
}

const real = installedCfnNag();

test.skipIf(real === undefined)(
  'the real cfn-nag (skipped where it is not installed) answers as recorded',
  async () => {
    const answers = await ask(real as string);
    await expect(`${JSON.stringify(answers, undefined, 2)}\n`).toMatchFileSnapshot(
      'test-support/cfn-nag-answers.json.snap',
    );
  },
  120_000,
);

test('the stand-in answers as recorded, to every template of the tests', async () => {
  const recorded = JSON.parse(await readFile(join(__dirname, 'test-support/cfn-nag-answers.json.snap'), 'utf8'));
  expect(await ask(join(__dirname, 'test-support/cfn_nag_scan'))).toEqual(recorded);
  expect(Object.keys(recorded)).toEqual(Object.keys(cfnNagTemplates));
});

test('the stand-in has no answer to anything else, and does not take it for clean', async () => {
  const folder = await makeFolder(onTestFinished);
  await writeFiles(folder, { 'template.yaml': `${cfnNagTemplates.sound}# changed\n` });
  const args = ['--input-path', join(folder, 'template.yaml'), '--fail-on-warnings', '--output-format', 'json'];
  expect(await run(join(__dirname, 'test-support/cfn_nag_scan'), args)).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('No answer to this template is recorded'),
  });
});
