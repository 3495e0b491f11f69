import type { ValueMap } from '../../../lib/resolve/resolve-stack';
import { type ExpectedStack, expectedResources } from '../account-view';
import { type Check, notApplicable, ok, problem } from '../check';

/** Lambda leaves so many runs to functions that reserve nothing, and refuses reservations that go further. */
const UNRESERVED_AT_LEAST = 100;

/** New accounts have 10 runs at a time where the documents say 1,000; Lambda itself tells what an account has. */
export const concurrency: Check = {
  name: 'concurrency',
  asks: 'may the functions run as often at a time as the parameter files say?',
  beforeDeployment: true,
  run: async (view) => {
    const functions = view.stacks.flatMap((expected) => expectedResources(expected, 'AWS::Lambda::Function'));
    if (functions.length === 0) {
      return [notApplicable('no stack has a function')];
    }
    const { AccountLimit } = await view.call<{ AccountLimit: Limit }>('lambda', 'get-account-settings');
    const limit = AccountLimit.ConcurrentExecutions;
    const own = view.stacks.reduce((sum, expected) => sum + reservedBy(expected), 0);
    const existing = await view.existing();
    const deployed = existing.reduce((sum, expected) => sum + reservedBy(expected), 0);
    const others = Math.max(0, limit - (AccountLimit.UnreservedConcurrentExecutions ?? limit) - deployed);
    const reserved = own + others;
    const needed =
      reserved > 0 ? reserved + UNRESERVED_AT_LEAST : view.stacks.reduce((sum, each) => sum + runsOf(each), 0);
    const byOthers = others > 0 ? `, ${others} of them by other functions` : '';
    const why =
      reserved > 0
        ? `${reserved} are reserved${byOthers}, and Lambda keeps ${UNRESERVED_AT_LEAST}`
        : 'for all triggers';
    const reserving = view.stacks.filter((expected) => reservedBy(expected) > 0).map(({ stack }) => stack.name);
    const increase = ['--service-code', 'lambda', '--quota-code', 'L-B99A9384', '--desired-value', String(needed)];
    return [
      needed <= limit
        ? ok(`${limit} runs of functions at a time, ${needed} needed`)
        : problem(
            `Concurrent executions: ${limit} allowed, ${needed} needed (${why})`,
            view.command('service-quotas', 'request-service-quota-increase', ...increase),
            reserving,
          ),
    ];
  },
};

interface Limit {
  readonly ConcurrentExecutions: number;
  /** What no function of the account has reserved, whoever deployed it. */
  readonly UnreservedConcurrentExecutions?: number;
}

const reservedBy = (expected: ExpectedStack) =>
  expectedResources(expected, 'AWS::Lambda::Function').reduce(
    (sum, { properties }) => sum + Number(properties.ReservedConcurrentExecutions ?? 0),
    0,
  );

/** One run for each function, or as many as its queue may start. */
function runsOf(expected: ExpectedStack): number {
  const functions = expectedResources(expected, 'AWS::Lambda::Function').length;
  const more = expectedResources(expected, 'AWS::Lambda::EventSourceMapping').map(
    ({ properties }) => Number((properties.ScalingConfig as ValueMap | undefined)?.MaximumConcurrency ?? 1) - 1,
  );
  return more.reduce((sum, runs) => sum + runs, functions);
}
