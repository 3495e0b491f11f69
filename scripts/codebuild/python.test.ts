import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const library = join(__dirname, 'lib');
const modules = readdirSync(library).flatMap((name) => /^(test_\w+)\.py$/.exec(name)?.[1] ?? []);

/** The tests that are written in Python, beside what they test; each module in the Python of this repository's .venv. */
test.each(modules)(
  '%s',
  (module) => {
    // -B: no __pycache__ in the tree.
    const { status, stderr, error } = spawnSync('python3', ['-B', '-m', 'unittest', '-v', module], {
      cwd: library,
      encoding: 'utf8',
    });
    expect(error).toBeUndefined();
    expect(status, stderr).toBe(0);
    // unittest of Python before 3.12 also succeeds when it finds no test at all.
    expect(stderr).toMatch(/^Ran [1-9]\d* tests? in /m);
  },
  240_000,
);
