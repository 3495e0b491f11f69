import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineTopology, type TopologyDefinition } from '../../templates-src/define-topology';
import { functionsIn } from '../../templates-src/define-workload';
import { writeValues } from '../lib/values.fixture';

/**
 * Writes another topology into `topology.ts`, as somebody does who adopts this.
 *
 * @param workloads the list of workloads as an expression in the file; those of the definition are not looked at
 * @throws Error when the file declares none where it is expected
 */
export function writeTopology(checkout: string, definition: TopologyDefinition<string>, workloads: string): void {
  const path = join(checkout, 'templates-src', 'topology.ts');
  const declaration = /^export const topology = defineTopology\(\{$.*?^\}\);$/ms;
  const source = readFileSync(path, 'utf8');
  if (!declaration.test(source)) {
    throw new Error(`${path}: found no 'export const topology = defineTopology({' on a line of its own.`);
  }
  // Workloads hold functions, which JSON has none of.
  const { workloads: _, ...rest } = definition;
  const text = JSON.stringify(rest, null, 2).replace(/\n}$/, () => `,\n  "workloads": ${workloads}\n}`);
  writeFileSync(
    path,
    source.replace(declaration, () => `export const topology = defineTopology(${text});`),
  );
}

/**
 * Gives a checkout another topology with the workloads of tests, and parameters, functions and container for it in place
 * of those that it has. What is generated from them is left to the build.
 *
 * @throws as {@link writeTopology}
 */
export async function giveTopology(checkout: string, definition: TopologyDefinition<string>): Promise<void> {
  const topology = defineTopology(definition);
  writeTopology(checkout, definition, "require('./workloads.fixture').workloads");
  rmSync(join(checkout, 'parameters'), { recursive: true, force: true });
  await writeValues(join(checkout, 'parameters'), topology);
  rmSync(join(checkout, 'lambda'), { recursive: true, force: true });
  for (const [name, { runtime }] of Object.entries(functionsIn(topology.workloads))) {
    writeFunction(join(checkout, 'lambda', name), runtime);
  }
  const container = join(checkout, 'container');
  rmSync(container, { recursive: true, force: true });
  if (topology.container !== undefined) {
    mkdirSync(container);
    // Nothing that an engine would have to fetch.
    writeFileSync(join(container, 'Dockerfile'), 'FROM scratch\nCOPY README.md /\n');
    writeFileSync(join(container, 'README.md'), 'The container of tests.\n');
  }
}

/** The least that is a function. */
function writeFunction(folder: string, runtime: string): void {
  mkdirSync(folder, { recursive: true });
  const [file, text] = runtime.startsWith('python')
    ? ['order_events.py', 'def handler(event, context):\n    return {"batchItemFailures": []}\n']
    : ['index.mjs', "export const handler = async () => ({ statusCode: 200, body: '' });\n"];
  writeFileSync(join(folder, file), text);
}
