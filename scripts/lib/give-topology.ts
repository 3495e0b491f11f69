import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineTopology } from '../../templates-src/model/define-topology';
import type { TopologyDefinition } from '../../templates-src/model/topology';
import { functionsIn } from '../../templates-src/model/workload';
import { writeValues } from './values.fixture';

/**
 * Writes another `topology.ts`, which has nothing of the one that was there.
 *
 * @param workloads an expression for the list of workloads, and the import that it needs; those of the definition are
 * not looked at, because they hold functions, which cannot be written
 */
export function writeTopology(
  checkout: string,
  { workloads: _, ...definition }: TopologyDefinition<string>,
  workloads: { readonly list: string; readonly imports: string },
): void {
  const text = JSON.stringify(definition, null, 2).replace(/\n}$/, () => `,\n  "workloads": ${workloads.list}\n}`);
  writeFileSync(
    join(checkout, 'templates-src', 'topology.ts'),
    `import { defineTopology } from './model/define-topology';
${workloads.imports}

export const topology = defineTopology(${text});
`,
  );
}

/**
 * Gives a checkout another topology with the workloads of tests, or none, and parameters, functions and container for it in place
 * of those that it has. What is generated from them is left to the build.
 */
export async function giveTopology(checkout: string, definition: TopologyDefinition<string>): Promise<void> {
  const topology = defineTopology(definition);
  writeTopology(
    checkout,
    definition,
    topology.workloads.length === 0
      ? { list: '[]', imports: '' }
      : { list: 'workloads', imports: "import { workloads } from './workloads.fixture';" },
  );
  rmSync(join(checkout, 'parameters'), { recursive: true, force: true });
  await writeValues(join(checkout, 'parameters'), topology);
  rmSync(join(checkout, 'lambda'), { recursive: true, force: true });
  mkdirSync(join(checkout, 'lambda'));
  writeFileSync(join(checkout, 'lambda', 'README.md'), 'The functions of tests.\n');
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
