import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

test('packaging holds for any tree of files and any text of a manifest what Hypothesis tries', () => {
  // The Python of .venv, which has Hypothesis. -B: no __pycache__ in the tree.
  const { status, stderr, error } = spawnSync('python3', ['-B', '-m', 'unittest', '-v', 'test_packaging_properties'], {
    cwd: join(__dirname, 'test-support'),
    encoding: 'utf8',
  });
  expect(error).toBeUndefined();
  expect(status, stderr).toBe(0);
  // unittest of Python before 3.12 also succeeds when it finds no test at all.
  expect(stderr).toMatch(/^Ran 5 tests in /m);
  expect(stderr).toMatch(/^OK$/m); // "OK (skipped=1)" is not enough
}, 240_000);
