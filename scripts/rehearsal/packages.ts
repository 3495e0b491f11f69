import { existsSync } from 'node:fs';
import { mkdtemp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unpack } from './archive';
import { pipelineSession } from './artifacts';
import { type Cloud, getObject } from './cloud';
import type { Execution } from './pipeline';
import type { Route } from './route';

/** CodeSha256 of the packages of an execution, by function. */
export async function readPackages(
  cloud: Cloud,
  route: Route,
  { pipeline, artifacts }: Execution,
  folder: string,
): Promise<Map<string, string>> {
  const definition = route.pipeline(pipeline)?.definition;
  const session = await pipelineSession(cloud, { name: pipeline, roleArn: definition?.roleArn ?? '' }, 'rehearsal');
  for (const location of artifacts.values()) {
    const unpacked = await mkdtemp(join(folder, 'packages-'));
    await unpack(await getObject(cloud, session, location), unpacked);
    const manifest = join(unpacked, 'manifest.json');
    if (existsSync(manifest)) {
      const { functions } = JSON.parse(await readFile(manifest, 'utf8')) as {
        functions: readonly { function: string; sha256: string }[];
      };
      return new Map(functions.map((it) => [it.function, it.sha256]));
    }
  }
  return new Map();
}
