import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readParameterFile } from './parameter-file';
import { type TextCase, textCases } from './parameter-text.fixture';
import { describeProblems, fileChecker, valuesOf } from './parameters';

/** What `npm run validate` says of a text, for a template with the parameters that it has. */
function saidByValidate({ content }: TextCase): string {
  const { file, problems } = readParameterFile('dev/infrastructure.json', Buffer.from(content));
  const values = (file && valuesOf(file)) ?? {};
  const declared = Object.keys(values).map((key) => [key, { Type: 'String', Description: key, Default: '' }] as const);
  const stack = {
    name: 's',
    template: 't',
    account: 'dev',
    parameters: 'p',
    feeds: [],
    deployedBy: 'deploy.sh',
  } as const;
  const check = fileChecker(Object.fromEntries(declared), []);
  return describeProblems([...problems, ...(file === undefined ? [] : check(stack, file))]);
}

/** Reads each file that it is named with the reader of the pipeline, and prints the problems of all as JSON. */
const program = `
import json, sys
sys.path.insert(0, sys.argv[1])
from configuration import read_parameters
from failure import Failure
def said(path):
    try:
        read_parameters(path)
    except Failure as error:
        return str(error)
    return ""
print(json.dumps([said(path) for path in sys.argv[2:]]))
`;

describe('a parameters file that holds', () => {
  let folder: string;
  let saidByPipeline: string[];
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'parameter-text-'));
    const paths = textCases.map(({ content }, index) => {
      const path = join(folder, `${index}.json`);
      writeFileSync(path, content);
      return path;
    });
    const library = join(__dirname, '..', 'codebuild', 'lib');
    const { stdout, stderr } = spawnSync('python3', ['-c', program, library, ...paths], { encoding: 'utf8' });
    expect(stderr).toBe('');
    saidByPipeline = JSON.parse(stdout);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each(textCases.map((one, index) => [one.name, one, index] as const))(
    '%s is taken or refused by validate and by the pipeline alike',
    (_, one, index) => {
      const started = performance.now();
      const said = { validate: saidByValidate(one), pipeline: saidByPipeline[index] ?? '' };

      expect(performance.now() - started).toBeLessThan(5000);
      for (const text of Object.values(said)) {
        if (one.refused === undefined) {
          expect(text).toBe('');
        } else {
          expect(text).toMatch(one.refused);
          // Not more than anybody reads.
          expect(text.length).toBeLessThan(20_000);
        }
      }
    },
  );

  test('nothing but a pipe is not waited for', () => {
    mkdirSync(join(folder, 'pipe'));
    const pipe = join(folder, 'pipe', 'dev.json');
    spawnSync('mkfifo', [pipe]);
    const library = join(__dirname, '..', 'codebuild', 'lib');
    const run = spawnSync('python3', ['-c', program, library, pipe], { encoding: 'utf8', timeout: 20_000 });

    expect(run.stdout).toMatch('no file');
  });
});
