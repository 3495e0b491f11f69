import '../lib/unread-output';
import { join, resolve } from 'node:path';
import { stacksOf } from '../../templates-src/model/stacks';
import { topology } from '../../templates-src/topology';
import { checkParameters, loadDeclarations } from '../parameters/parameter-files';
import { readFileTree, UnreadableParameters } from '../parameters/parameter-tree';
import { describeProblems, type ParameterProblem } from '../parameters/parameters';
import { awsCli } from './aws-cli';
import { namedStacks, requestFrom, runFor } from './command-line';
import { planDeployment } from './deployment-plan';
import { checkNames, PlanError, readablePath } from './deployment-request';
import { describeObstacles, obstaclesTo } from './destruction-obstacles';
import { planDestruction } from './destruction-plan';
import { announcement, viewOf } from './destruction-view';
import { deploymentRecords, deploymentScript, destructionRecords, destructionScript } from './plan-text';

/**
 * The check of `npm run validate`, before AWS sees anything.
 *
 * @throws PlanError that lists every problem of every file
 */
function checkEveryParameter(folder: string): void {
  const problems = problemsIn(folder);
  if (problems.length > 0) {
    throw new PlanError(`the parameters cannot be deployed.\n${describeProblems(problems)}`, 1);
  }
}

function problemsIn(folder: string): readonly ParameterProblem[] {
  try {
    return checkParameters(topology, loadDeclarations(topology), readFileTree(folder), readablePath(folder)).problems;
  } catch (error) {
    if (error instanceof UnreadableParameters) {
      return error.problems;
    }
    throw error;
  }
}

const repository = resolve(__dirname, '../..');

function deploy(argv: readonly string[]): void {
  const route = { topology, stacks: stacksOf(topology) };
  const request = requestFrom(argv, 'deploy');
  checkNames(route, request);
  // The rules for parameters come from the sources of generated/; of other templates nothing is known.
  if (resolve(request.generated) === join(repository, 'generated')) {
    checkEveryParameter(request.parameters);
  }
  const plan = planDeployment(route, request);
  process.stdout.write(request.flags.has('dry-run') ? deploymentScript(plan) : deploymentRecords(plan));
}

function destroy(argv: readonly string[]): void {
  const request = requestFrom(argv, 'destroy');
  const plan = planDestruction({ topology, stacks: stacksOf(topology) }, request, request.flags.has('including-prod'));
  process.stdout.write(request.flags.has('dry-run') ? destructionScript(plan) : destructionRecords(plan));
}

/**
 * Says what is going to be deleted and what is kept, and refuses to delete what is protected, or what could not be
 * deleted to the end.
 *
 * @param argv names of the stacks that exist, `--`, and the command line of `destroy.sh`
 */
async function announceDestruction(argv: readonly string[]): Promise<void> {
  const { names, options } = namedStacks(argv);
  const request = { ...requestFrom(options, 'destroy'), selection: names };
  const plan = planDestruction({ topology, stacks: stacksOf(topology) }, request, request.flags.has('including-prod'));
  const stacks = await viewOf(plan, awsCli);
  const obstacles = await obstaclesTo(stacks, awsCli);
  if (obstacles.length > 0) {
    throw new PlanError(
      `these protect what is to be deleted, or would stop it half-way. Nothing was deleted.\n` +
        `${describeObstacles(obstacles)}\n` +
        'If all of it is to go, run these commands, then this again.',
      1,
    );
  }
  process.stdout.write(announcement(stacks));
}

const operations = {
  deploy: (argv: readonly string[]) => runFor('deploy', () => deploy(argv)),
  destroy: (argv: readonly string[]) => runFor('destroy', () => destroy(argv)),
  'announce-destruction': (argv: readonly string[]) => runFor('destroy', () => announceDestruction(argv)),
};

if (require.main === module) {
  const [operation, ...argv] = process.argv.slice(2);
  void operations[operation as keyof typeof operations](argv);
}
