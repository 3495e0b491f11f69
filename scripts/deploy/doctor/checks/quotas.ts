import type { AccountView } from '../account-view';
import { AwsError } from '../aws-api';
import { type Check, type Finding, notApplicable, ofEach, orOk, problem } from '../check';
import { type QuotaNeed, quotaNeeds } from '../quota-needs';

export const quotas: Check = {
  name: 'quotas',
  asks: 'does the account get what the parameter files need: vCPUs, builds, VPCs, addresses, load balancers?',
  beforeDeployment: true,
  run: async (view) => {
    const existing = await view.existing();
    const missing = view.stacks.filter((expected) => !existing.includes(expected));
    const needs = quotaNeeds(view, missing);
    if (needs.length === 0) {
      return [notApplicable('nothing here comes near a quota')];
    }
    return orOk(await ofEach(needs, (need) => look(view, need)), `${needs.length} quotas suffice`);
  },
};

interface Quota {
  readonly Value: number;
}

async function look(
  view: AccountView,
  { service, code, name, needed, used, why, fails }: QuotaNeed,
): Promise<Finding[]> {
  if (code === undefined) {
    const what = `${name}: ${needed} needed (${why}); which quota of ${service} that is, is not known here`;
    const list = view.command('service-quotas', 'list-service-quotas', '--service-code', service);
    return [{ outcome: 'unseen', what, toDo: `look for it: ${list}` }];
  }
  const [{ Value }, there] = await Promise.all([quota(view, service, code), used?.(view) ?? 0]);
  const wanted = there + needed;
  if (wanted <= Value) {
    return [];
  }
  const sum = there === 0 ? `${wanted} needed` : `${there} in use and ${needed} more needed`;
  const increase = ['--service-code', service, '--quota-code', code, '--desired-value', String(Math.ceil(wanted))];
  return [
    problem(
      `${name}: ${Value} allowed, ${sum} (${why})`,
      view.command('service-quotas', 'request-service-quota-increase', ...increase),
      fails,
    ),
  ];
}

/** The quota of the account; one that was never changed may have no value of its own, but AWS's default. */
async function quota(view: AccountView, ServiceCode: string, QuotaCode: string): Promise<Quota> {
  const get = async (operation: string) => {
    const answer = await view.call<{ Quota: Quota }>('service-quotas', operation, { ServiceCode, QuotaCode });
    return answer.Quota;
  };
  try {
    return await get('get-service-quota');
  } catch (error) {
    if (error instanceof AwsError && error.code === 'NoSuchResourceException') {
      return get('get-aws-default-service-quota');
    }
    throw error;
  }
}
