import { expect, test } from 'vitest';

test('no test of the product gets at the topology of the user, and each is told what loads it', async () => {
  const refused = (path: string, importer: string) =>
    `a test of the product reads the topology of the user: found an import of ${path} in ${importer}, expected`;
  await expect(import('./topology')).rejects.toThrow(
    refused('templates-src/topology.ts', 'templates-src/topology.test.ts'),
  );
  await expect(import('../scripts/deploy/deployment-command')).rejects.toThrow(
    refused('templates-src/topology.ts', 'scripts/deploy/deployment-command.ts'),
  );
});
