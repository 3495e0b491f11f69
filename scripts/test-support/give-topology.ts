import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineTopology, type TopologyDefinition } from '../../templates-src/define-topology';
import { writeValues } from '../lib/values.fixture';

/**
 * Writes another topology into `topology.ts`, as somebody does who adopts this.
 *
 * @throws Error when the file declares none where it is expected
 */
export function writeTopology(checkout: string, definition: TopologyDefinition<string>): void {
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
}

/**
 * Gives a checkout another topology, and parameters for it in place of those that it has. What is generated from them is
 * left to the build.
 *
 * @throws as {@link writeTopology}
 */
export async function giveTopology(checkout: string, definition: TopologyDefinition<string>): Promise<void> {
  writeTopology(checkout, definition);
  rmSync(join(checkout, 'parameters'), { recursive: true, force: true });
  await writeValues(join(checkout, 'parameters'), defineTopology(definition));
}
