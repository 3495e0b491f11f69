import '../../lib/unread-output';
import { stacksOf } from '../../../templates-src/model/stacks';
import { topology } from '../../../templates-src/topology';
import { requestFrom, runFor } from '../command-line';
import { planDeployment } from '../deployment-plan';
import { PlanError } from '../deployment-request';
import { AwsApi } from './aws-api';
import { isForAdoption, sortedFindings } from './before-deployment';
import { checks } from './checks';
import { examine } from './examine';
import { reportText } from './report';
import { requestedViews } from './route-views';

/**
 * Runs, for the command line of `deploy.sh`, the checks that can find what makes a deployment fail, in the accounts that
 * it touches.
 *
 * @throws PlanError when the deployment of a selected stack would fail
 */
async function main(argv: readonly string[]): Promise<void> {
  const request = requestFrom(argv, 'deploy');
  const plan = planDeployment({ topology, stacks: stacksOf(topology) }, request);
  const views = requestedViews(new AwsApi(), topology, request);
  const relevant = checks.filter(({ beforeDeployment }) => beforeDeployment);
  const all = await examine(views, relevant, () => {});
  const results = request.flags.has('adopt') ? all.filter((result) => !isForAdoption(result)) : all;
  const { stopping, others } = sortedFindings(
    results,
    plan.steps.map(({ stack }) => stack.name),
  );
  const coloured = process.stderr.isTTY && !process.env.NO_COLOR;
  if (others.length > 0) {
    process.stderr.write(`Not in the way of this deployment, but worth a look:\n${reportText(others, coloured)}\n`);
  }
  if (stopping.length > 0) {
    const report = reportText(stopping, coloured).trimEnd();
    throw new PlanError(
      `this deployment would fail. Nothing was changed. To try all the same: --no-doctor\n${report}`,
      1,
    );
  }
}

if (require.main === module) {
  void runFor('deploy', () => main(process.argv.slice(2)));
}
