import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

describe('order-events', () => {
  it("passes its Python tests, all of them, with Python's own library alone", () => {
    // -B: no __pycache__ in the tree. -S: no third-party packages, as on a machine that has none.
    const { status, stderr, error } = spawnSync('python3', ['-B', '-S', '-m', 'unittest', '-v'], {
      cwd: __dirname,
      encoding: 'utf8',
    });
    expect(error).toBeUndefined();
    expect(status, stderr).toBe(0);
    // unittest of Python before 3.12 also succeeds when it finds no test at all.
    const ran = Number(/^Ran (\d+) tests? in /m.exec(stderr)?.[1]);
    expect(ran, stderr).toBeGreaterThan(0);
    expect(stderr).toMatch(/^OK$/m); // "OK (skipped=1)" is not enough
  }, 30_000);
});
