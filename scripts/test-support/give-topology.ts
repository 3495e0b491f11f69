import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineTopology, type TopologyDefinition } from '../../templates-src/define-topology';
import { writeValues } from '../lib/values.fixture';

/**
 * Gives a checkout another topology, as somebody who adopts it edits `topology.ts`, and parameters for it in place of
 * those that it has. What is generated from them is left to the build.
 *
 * @param region of all stacks; eu-west-1 unless given
 * @throws Error when `topology.ts` declares none where it is expected
 */
export async function giveTopology(
  checkout: string,
  definition: TopologyDefinition<string>,
  region?: string,
): Promise<void> {
  const path = join(checkout, 'templates-src', 'topology.ts');
  const declaration = /^export const topology = defineTopology\(\{$.*?^\}\);$/ms;
  const source = readFileSync(path, 'utf8');
  if (!declaration.test(source)) {
    throw new Error(`${path}: found no 'export const topology = defineTopology({' on a line of its own.`);
  }
  const text = JSON.stringify(definition, null, 2);
  writeFileSync(
    path,
    source.replace(declaration, () => `export const topology = defineTopology(${text});`),
  );
  rmSync(join(checkout, 'parameters'), { recursive: true, force: true });
  await writeValues(join(checkout, 'parameters'), defineTopology(definition), region);
}
