import { parseArgs } from 'node:util';
import { region as regionParameter } from '../../templates-src/patterns/shared/parameters';
import { EngineMissingError, isEngineInstalled } from '../lib/iam/engine';
import { problemOfValue } from '../parameters/parameters';
import { attacks } from './attacks';

/** What a person asks of the rehearsal. */
export interface RehearsalOptions {
  /** The only pipeline to rehearse. */
  readonly only?: string;
  /** The stage after which executions end. */
  readonly until?: string;
  /** The action that is made to fail. */
  readonly failAt?: string;
  /** The Region, instead of that of the parameter files. */
  readonly region?: string;
  /** The commit that is deployed before the checkout. */
  readonly from?: string;
  /** The attacks to play after the route has run well, instead of an update. */
  readonly attacks: readonly string[];
  /** Whether a person approves. */
  readonly interactive: boolean;
  /** Whether the emulated AWS goes on after the end. */
  readonly keep: boolean;
}

/** The command line is not one that the rehearsal knows. */
export class UsageError extends Error {}

export const help = `Usage: npm run rehearse [-- OPTION...]

Runs the whole route to live on this machine, in an emulated AWS: builds, deploys all stacks with scripts/deploy.sh,
publishes the repositories into local git repositories, and runs the deployed pipelines: sources, builds, approvals,
CloudFormation, blue/green deployments. What roles call is evaluated against the deployed policies, and denied where AWS
would deny it. What is not committed yet is rehearsed too; this checkout is not touched.

  --only PIPELINE    rehearse one pipeline, after what it cannot do without
  --until STAGE      end executions after this stage
  --fail-at ACTION   make an action fail, to see what an operator would see: ACTION, STAGE.ACTION or
                     PIPELINE.STAGE.ACTION
  --region REGION    rehearse in this Region, with its usual availability zones, instead of that of parameters/
  --from COMMIT      deploy and publish this commit first, and then the checkout over it; without it, a small change is
                     deployed over the checkout at the end
  --attack NAME      play what a hostile commit might try, once the route has run well, and fail where it gets further than
                     its approval; may be repeated. NAME is all, or one of ${Object.keys(attacks).join(', ')}
  --interactive      ask before every approval, instead of approving
  --keep             leave the emulated AWS running at the end, until Ctrl-C, and run pipelines for what is pushed
  --help             print this text

Exit codes: 0 all went well, 1 something failed, 2 wrong usage, 130 interrupted
`;

/**
 * Reads the command line.
 *
 * @returns undefined when help is asked for
 * @throws UsageError when it cannot be understood
 */
export function readOptions(argv: readonly string[]): RehearsalOptions | undefined {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        only: { type: 'string' },
        until: { type: 'string' },
        'fail-at': { type: 'string' },
        region: { type: 'string' },
        from: { type: 'string' },
        attack: { type: 'string', multiple: true, default: [] },
        interactive: { type: 'boolean', default: false },
        keep: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    const { only, until, 'fail-at': failAt, from, region, attack, interactive, keep } = values;
    const problem = region === undefined ? undefined : problemOfValue(regionParameter, region);
    if (problem !== undefined) {
      throw new Error(`--region: found ${problem.found}; ${problem.rule}`);
    }
    if (from !== undefined && (only ?? until ?? failAt) !== undefined) {
      throw new Error(
        '--from deploys one commit after the other, each to its end: leave out --only, --until and --fail-at',
      );
    }
    const unknown = attack.find((name) => name !== 'all' && !(name in attacks));
    if (unknown !== undefined) {
      throw new Error(`--attack: found '${unknown}', expected all, ${Object.keys(attacks).join(', ')}`);
    }
    if (attack.length > 0 && (only ?? until ?? failAt ?? from ?? (interactive || undefined)) !== undefined) {
      throw new Error(
        '--attack needs the whole route to have run: leave out --only, --until, --fail-at, --from and --interactive',
      );
    }
    if (attack.length > 0 && !isEngineInstalled()) {
      throw new Error(`--attack: ${new EngineMissingError().message}`);
    }
    return values.help
      ? undefined
      : {
          ...(only === undefined ? {} : { only }),
          ...(until === undefined ? {} : { until }),
          ...(failAt === undefined ? {} : { failAt }),
          ...(from === undefined ? {} : { from }),
          ...(region === undefined ? {} : { region }),
          attacks: attack.includes('all') ? Object.keys(attacks) : attack,
          interactive,
          keep,
        };
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
