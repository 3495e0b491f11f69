import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import Ajv from 'ajv';
import { expect, test } from 'vitest';
import { checkResult, cleanResult } from './result.fixture';
import { toSarif } from './sarif';

/**
 * The schema of SARIF 2.1.0, as a package of Microsoft ships it. It is of draft 4, which ajv no longer knows; of what
 * it uses, only `id` has another meaning now.
 */
function validator() {
  const main = createRequire(__filename).resolve('@microsoft/jest-sarif/package.json');
  const file = join(dirname(main), 'lib', 'schemas', 'sarif-2.1.0-rtm.5.json');
  const { $schema: _, id: __, ...schema } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  return new Ajv({ strict: false, unicodeRegExp: false, validateFormats: false, allErrors: true }).compile(schema);
}

test.each([
  ['findings', checkResult],
  ['no findings', cleanResult],
])('a check with %s is valid SARIF 2.1.0', (_what, result) => {
  const validate = validator();
  validate(toSarif(result, 'generated'));
  expect(validate.errors ?? []).toEqual([]);
});

test('the schema refuses what is no SARIF', () => {
  const validate = validator();
  const log = toSarif(checkResult, 'generated');
  expect(validate({ ...log, version: '3.0.0' })).toBe(false);
  expect(validate({ ...log, runs: [{ results: [] }] })).toBe(false);
});

test('every tool that ran is a run, with its rules and the place of each finding', () => {
  const { runs } = toSarif(checkResult, 'generated');
  expect(runs.map(({ tool }) => tool.driver.name)).toEqual(['rules', 'guard']);
  expect(runs[0]?.results).toMatchObject([
    {
      ruleId: 'actions-are-named',
      level: 'error',
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: 'generated/tooling/one.yaml' },
            region: { startLine: 12 },
          },
          logicalLocations: [{ name: 'Policy' }],
        },
      ],
    },
  ]);
  expect(runs[1]?.tool.driver.rules?.map(({ id }) => id)).toEqual(['CT.C.PR.3', 'CT.D.PR.4', 'CT.A.PR.1', 'CT.B.PR.2']);
  expect(runs[1]?.results?.map(({ level }) => level)).toEqual(['warning', 'note', 'error', 'error', 'error']);
});

test('suppressed findings are in it, with their reason', () => {
  const [, guard] = toSarif(checkResult, 'generated').runs;
  expect(guard?.results?.map(({ suppressions }) => suppressions?.[0]?.justification)).toEqual([
    undefined,
    undefined,
    'Nothing reacts to it.',
    'Nothing reacts to it.',
    'Nothing reacts to it.',
  ]);
});
