import '../lib/unread-output';
import { readFileSync } from 'node:fs';
import { stacksOf } from '../../templates-src/model/stacks';
import { topology } from '../../templates-src/topology';
import { adoptionCommands, type Blocker, remainsOf } from './adoption';
import { awsCli } from './aws-cli';
import { namedStacks, requestFrom, runFor } from './command-line';
import { type DeployStep, planDeployment } from './deployment-plan';
import { PlanError } from './deployment-request';
import { shellText } from './shell-text';

/**
 * Looks for what is left of stacks that do not exist, and prints how `deploy.sh` adopts it: for each stack a line with
 * what it adopts and a line for each command, fields separated by tabs.
 *
 * @param argv names of the stacks, `--`, and the command line of `deploy.sh`
 * @throws PlanError when something cannot be adopted, with what to do about all of it
 */
async function main(argv: readonly string[]): Promise<void> {
  const { names, options } = namedStacks(argv);
  const request = requestFrom(options, 'deploy');
  const { steps } = planDeployment({ topology, stacks: stacksOf(topology) }, { ...request, selection: names });
  const blocked: string[] = [];
  const lines: string[] = [];
  for (const step of steps) {
    const { survivors, blockers } = await remainsOf(step, readFileSync(step.template, 'utf8'), awsCli).catch(
      (error: Error) => {
        throw new PlanError(error.message, 1);
      },
    );
    blocked.push(...blockers.map((blocker) => describeBlocker(step, blocker)));
    if (survivors.length > 0) {
      lines.push(
        `adopts\t${step.stack.name}\t${survivors.map(({ logicalId, name }) => `${logicalId} ${name}`).join(', ')}`,
        ...adoptionCommands(step, survivors, `adopt-${Date.now()}`).map(
          (command) => `command\t${step.stack.name}\t${shellText(command)}`,
        ),
      );
    }
  }
  if (blocked.length > 0) {
    throw new PlanError(
      `these are left of an earlier life and cannot be adopted. Nothing was changed.\n${blocked.join('\n')}\n` +
        'Run these commands, then this again.',
      1,
    );
  }
  process.stdout.write(lines.map((line) => `${line}\n`).join(''));
}

function describeBlocker({ stack, target }: DeployStep, { logicalId, name, why, remedies }: Blocker): string {
  return [
    `  ${stack.name} in ${target.account} (${target.accountId}): ${logicalId} ${name}: ${why}:`,
    ...remedies.map((remedy) => `    ${shellText(remedy)}`),
  ].join('\n');
}

if (require.main === module) {
  void runFor('deploy', () => main(process.argv.slice(2)));
}
