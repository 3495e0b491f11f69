import '../lib/unread-output';
import { pipelineNames, pipelineNamesOf, pipelinesOf } from '../../templates-src/model/names';
import { stacksOf } from '../../templates-src/model/stacks';
import { topology } from '../../templates-src/topology';
import { type Aws, awsCli, awsCliProblem } from './aws-cli';
import { requestFrom, runFor } from './command-line';
import { callerAccount, type Deviation, deviations } from './deployed-stacks';
import { planDeployment } from './deployment-plan';
import { checkNames, PlanError, type Request } from './deployment-request';
import type { Target } from './deployment-target';
import { identityFailure } from './identity-failure';

/** Where `publish-repositories.sh` pushes to in CodeCommit, and as whom. */
export interface Destination {
  readonly region: string;
  readonly profile: string | undefined;
  /** For the operator: `CodeCommit in eu-west-1, account 111111111111 (tooling), with the profile x`. */
  readonly said: string;
}

/**
 * Finds CodeCommit where the parameter files say that it is, with the profile that `deploy.sh` takes.
 *
 * @throws PlanError when the credentials are not those of the tooling account
 */
async function destination(target: Target, aws: Aws): Promise<Destination> {
  const { account, accountId, accountIdSource, profile, usualProfile, options } = target;
  const words = options.flat();
  const region = String(words[words.indexOf('--region') + 1]);
  const credentials =
    profile === undefined
      ? `the credentials of the environment (no profile is called ${usualProfile})`
      : `the profile ${profile}`;
  const caller = await callerAccount(target, aws);
  if (caller.account !== accountId) {
    const failure = caller.account === undefined ? identityFailure(caller.said, account, profile) : undefined;
    throw new PlanError(
      `with ${credentials} found ${failure?.found ?? `account ${caller.account}`}, expected ${accountId} ` +
        `(${accountIdSource}). Nothing was pushed.\n${failure === undefined ? '' : `${caller.said}\n`}` +
        (failure?.whatToDo ?? `Choose a profile with --profile ${account}=NAME.`),
      1,
    );
  }
  return { region, profile, said: `CodeCommit in ${region}, account ${accountId} (${account}), with ${credentials}` };
}

/** What the operator has to know of stacks that are not as the checkout has them; empty when there are none. */
export function describeUnseen(found: readonly Deviation[]): string {
  const unseen = found.filter(({ kind }) => kind === 'unseen');
  return unseen.length === 0
    ? ''
    : `Cannot see whether these stacks are deployed as they are checked out here:\n${lines(unseen)}\n`;
}

/**
 * Refuses to publish before what the pipelines stand on is deployed: with roles of yesterday, what is published today
 * fails in the account, half-way through.
 *
 * @throws PlanError that names the stacks, and the command that deploys them
 */
export function refuseUndeployed(found: readonly Deviation[], { profiles }: Pick<Request, 'profiles'>): void {
  const undeployed = found.filter(({ kind }) => kind === 'not deployed');
  if (undeployed.length > 0) {
    const options = [...profiles].map(([account, profile]) => ` --profile ${account}=${profile}`).join('');
    throw new PlanError(
      `the pipelines stand on stacks that are not deployed as they are checked out here. Nothing was pushed.\n` +
        `${lines(undeployed)}\nDeploy first:\n` +
        `  scripts/deploy.sh${options} ${undeployed.map(({ step }) => step.stack.name).join(' ')}\n` +
        'To push without, add --without-deploying.',
      1,
    );
  }
}

const lines = (found: readonly Deviation[]) =>
  found
    .map(
      ({ step: { stack, target }, detail }) => `  ${stack.name} in ${target.account} (${target.accountId}): ${detail}`,
    )
    .join('\n');

/**
 * Prints where to push to, a value a line behind its name, after the checks that come before a push.
 *
 * @param argv `codecommit` when the tooling account has to be reached, then options
 */
async function main(argv: readonly string[]): Promise<void> {
  const route = { topology, stacks: stacksOf(topology) };
  const request = requestFrom(argv, 'publish-repositories');
  const usesCodeCommit = request.selection.includes('codecommit');
  const everything = { ...request, selection: [] };
  checkNames(route, everything);
  const plan = planDeployment(route, everything);
  const problem = await awsCliProblem();
  if (problem !== undefined) {
    throw new PlanError(problem, 1);
  }
  const tooling = plan.targets[0] as Target;
  if (usesCodeCommit) {
    const { region, profile, said } = await destination(tooling, awsCli);
    for (const pipeline of pipelinesOf(topology)) {
      process.stdout.write(`repository\t${pipelineNames[pipeline]}\t${pipelineNamesOf(topology)[pipeline]}\n`);
    }
    process.stdout.write(`region\t${region}\nprofile\t${profile ?? ''}\nsaid\t${said}\n`);
  }
  if (!request.flags.has('without-deploying')) {
    const found = await deviations(plan, awsCli);
    process.stderr.write(describeUnseen(found));
    refuseUndeployed(found, request);
  }
}

if (require.main === module) {
  void runFor('publish-repositories', () => main(process.argv.slice(2)));
}
