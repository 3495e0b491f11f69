import type { Target } from '../../deployment-target';
import { identityFailure } from '../../identity-failure';
import { AwsError } from '../aws-api';
import { type Check, type Finding, ok, problem } from '../check';

/** Nothing else is looked at in an account whose credentials are not its own: it would be another account's state. */
export const credentials: Check = {
  name: 'credentials',
  asks: 'are the credentials those of the account that the parameter files name?',
  run: async (view) => {
    const identities = await Promise.all(
      view.targets.map(async (target): Promise<Finding> => {
        const chosen =
          target.profile === undefined
            ? `the environment, and no profile is called ${target.usualProfile}`
            : `the profile ${target.profile}`;
        try {
          const { Account, Arn } = await view.call<Identity>('sts', 'get-caller-identity', {}, target);
          return Account === target.accountId
            ? ok(Arn)
            : problem(
                `found account ${Account} in ${chosen}, expected ${target.accountId} (${target.accountIdSource})`,
                `choose a profile with --profile ${target.account}=NAME`,
              );
        } catch (error) {
          if (!(error instanceof AwsError)) {
            throw error;
          }
          const said = `${error.code === undefined ? '' : `(${error.code}) `}${error.message}`;
          const { found, whatToDo } = identityFailure(said, target.account, target.profile);
          return problem(`found ${found} in ${chosen}: ${said}`, whatToDo);
        }
      }),
    );
    const problems = identities.filter(({ outcome }) => outcome === 'problem');
    return problems.length > 0 ? problems : identities.slice(0, 1);
  },
};

interface Identity {
  readonly Account: Target['accountId'];
  readonly Arn: string;
}
