import { delimiter, resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

const mine = ['scripts/mine.test.ts', '{lambda,container,ecs-deploy}/**/*.test.ts'];

export default defineConfig({
  test: {
    // What belongs to whoever cloned this is tested in `mine`, whatever it says; no test of the product depends on it.
    projects: [
      { extends: true, test: { name: 'mine', include: mine } },
      { extends: true, test: { name: 'product', include: ['{templates-src,scripts}/**/*.test.ts'], exclude: mine } },
    ],
    // The Python tools of requirements-dev.txt come first, whatever the machine has.
    env: { PATH: [resolve('.venv', 'bin'), process.env.PATH].join(delimiter) },
    // Most of the time goes into programs that the tests start: one worker a core, where the default keeps one core free.
    maxWorkers: '100%',
    // Tests that start programs need more than the 5 seconds of the default.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
