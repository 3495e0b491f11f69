import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Topology } from '../../templates-src/model/topology';
import { checkoutForTests } from '../lib/checkout.fixture';
import type { RehearsalOptions } from './options';
import { rehearse } from './rehearsal';
import { Report } from './report';

/** What a rehearsal came to. */
export interface Rehearsed {
  readonly well: boolean;
  /** What a person saw. */
  readonly text: string;
  /** What it left behind of its temporary files. */
  readonly left: readonly string[];
}

/**
 * A way to rehearse a route of the tests, in a checkout of its own, with the Python tools that are on PATH.
 *
 * @param topology what the checkout has
 */
export function rehearsalOf(topology: Topology): (options?: Partial<RehearsalOptions>) => Promise<Rehearsed> {
  const checkout = checkoutForTests(topology);
  return (options = {}) => rehearseIn(checkout, topology, options);
}

async function rehearseIn(
  checkout: string,
  topology: Topology,
  options: Partial<RehearsalOptions>,
): Promise<Rehearsed> {
  const before = process.env.TMPDIR;
  const folder = await mkdtemp(join(tmpdir(), 'rehearsal-test-'));
  // Everything temporary goes where it can be seen whether it was taken away.
  process.env.TMPDIR = folder;
  let text = '';
  try {
    const well = await rehearse({
      options: { attacks: [], interactive: false, keep: false, ...options },
      checkout,
      topology,
      report: new Report({
        write: (part) => {
          text += part;
        },
        log: () => {},
        live: false,
        colours: false,
        columns: () => 120,
      }),
      log: () => {},
      signal: new AbortController().signal,
    });
    // The name of every folder of this project's begins so; tsx keeps its own beside them.
    const left = (await readdir(folder)).filter((name) => /^(route-to-live|rehearsal)-/.test(name));
    return { well, text, left };
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${text}`, { cause: error });
  } finally {
    if (before === undefined) {
      delete process.env.TMPDIR;
    } else {
      process.env.TMPDIR = before;
    }
    await rm(folder, { recursive: true, force: true });
  }
}
