import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type * as Policy from '@cloud-copilot/iam-policy';
import type * as Simulate from '@cloud-copilot/iam-simulate';

/**
 * The engine that evaluates policies: the only file that knows its packages, whose licence is AGPL-3.0. They are loaded
 * when something is evaluated first, so that everything else works where somebody has uninstalled them.
 */

export type { ValidatedPolicy } from '@cloud-copilot/iam-policy';
export type { Simulation } from '@cloud-copilot/iam-simulate';

const load = createRequire(__filename);
const packages = ['@cloud-copilot/iam-simulate', '@cloud-copilot/iam-policy'] as const;

/** Nobody has installed the engine. */
export class EngineMissingError extends Error {
  constructor() {
    super(
      `policies can't be evaluated: found no package ${packages.join(' or ')}, expected those of package.json. They are ` +
        `not installed, or were removed because of their licence, AGPL-3.0. To install them: npm ci, or npm install ` +
        `--save-dev --save-exact ${packages.join(' ')}`,
    );
    this.name = 'EngineMissingError';
  }
}

/** Whether policies can be evaluated here. */
export function isEngineInstalled(): boolean {
  try {
    for (const name of packages) {
      load.resolve(name);
    }
    return true;
  } catch {
    return false;
  }
}

type Engine = Pick<
  typeof Policy,
  | 'createValidatedPolicy'
  | 'validateEndpointPolicy'
  | 'validateIdentityPolicy'
  | 'validateResourcePolicy'
  | 'validateTrustPolicy'
> &
  Pick<typeof Simulate, 'allowedContextKeysForRequest' | 'getDenialReasons' | 'runSimulation' | 'runUnsafeSimulation'>;

let loaded: Engine | undefined;

/**
 * Lets iam-simulate 0.1.173 find out once of which types of an action's resources an ARN is: it does so several times for
 * every request, which would be half of the proof's time. Where a later version has no such function, it is only slower.
 */
function rememberResourceTypes(): void {
  const name = 'getResourceTypesForAction';
  const path = join(dirname(load.resolve(packages[0])), 'simulation_engine', 'resourceTypes.js');
  const module = existsSync(path) ? (load(path) as Record<string, (...words: string[]) => Promise<unknown>>) : {};
  const find = module[name];
  if (find === undefined) {
    return;
  }
  const known = new Map<string, Promise<unknown>>();
  module[name] = (...words) => {
    const key = words.join(' ');
    const found = known.get(key) ?? find(...words);
    known.set(key, found);
    return found;
  };
}

/**
 * The engine.
 *
 * @throws EngineMissingError when it is not installed
 */
export function engine(): Engine {
  if (loaded === undefined) {
    if (!isEngineInstalled()) {
      throw new EngineMissingError();
    }
    const [simulate, policy] = packages.map((name) => load(name)) as [typeof Simulate, typeof Policy];
    rememberResourceTypes();
    loaded = { ...policy, ...simulate };
  }
  return loaded;
}
