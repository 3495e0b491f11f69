import { delimiter, relative, resolve, sep } from 'node:path';
import { defineConfig, type Plugin } from 'vitest/config';

const mine = ['scripts/mine.test.ts', '{lambda,container,ecs-deploy}/**/*.test.ts'];

const isOfTheUser = (path: string) =>
  path === resolve('templates-src', 'topology.ts') || path.startsWith(resolve('templates-src', 'workloads') + sep);

/** Keeps tests of the product from what the user's topology says, also by way of what they import. */
const refuseTopologyOfTheUser: Plugin = {
  name: 'refuse-topology-of-the-user',
  enforce: 'pre',
  async resolveId(source, importer, options) {
    const found = await this.resolve(source, importer, { ...options, skipSelf: true });
    return found && isOfTheUser(found.id) ? `${found.id}?${importer}` : undefined;
  },
  load(id) {
    const [path = '', importer = ''] = id.split('?');
    return isOfTheUser(path)
      ? `throw new Error(${JSON.stringify(
          `a test of the product reads the topology of the user: found an import of ${relative('.', path)} in ` +
            `${relative('.', importer)}, expected one of topology.fixture.ts, or none. Let the test pass a topology to ` +
            'what needs one; only programs may load that of the user, which tests run in a checkout of their own ' +
            '(checkoutForTests).',
        )});`
      : undefined;
  },
};

export default defineConfig({
  test: {
    // What belongs to the user who cloned this is tested in `mine`, whatever it says; no test of the product depends on it.
    projects: [
      { extends: true, test: { name: 'mine', include: mine } },
      {
        extends: true,
        plugins: [refuseTopologyOfTheUser],
        test: { name: 'product', include: ['{templates-src,scripts}/**/*.test.ts'], exclude: mine },
      },
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
