import type { ValueMap } from '../../../lib/resolve/resolve-stack';
import { type AccountView, type ExpectedStack, expectedResources } from '../account-view';
import { AwsError } from '../aws-api';
import { type Check, type Finding, notApplicable, ofEach, orOk, problem } from '../check';
import { dateOf } from '../dates';

/** ACM renews its own certificates 60 days before they expire; one that is nearer to its end was not renewed. */
const daysToAct = 30;

export const certificates: Check = {
  name: 'certificates',
  asks: `is the certificate of the load balancer issued, and good for ${daysToAct} days?`,
  beforeDeployment: true,
  run: async (view) => {
    const users = view.stacks.flatMap((expected) => certificatesOf(expected).map((arn) => ({ expected, arn })));
    if (users.length === 0) {
      return [notApplicable('no stack names a certificate')];
    }
    return orOk(
      await ofEach(users, ({ expected, arn }) => look(view, expected, arn)),
      'issued, and good for long enough',
    );
  },
};

function certificatesOf(expected: ExpectedStack): string[] {
  const listed = expectedResources(expected, 'AWS::ElasticLoadBalancingV2::Listener').flatMap(
    ({ properties }) => (properties.Certificates ?? []) as unknown as readonly ValueMap[],
  );
  return [...new Set(listed.map(({ CertificateArn }) => String(CertificateArn)))];
}

interface Certificate {
  readonly Status: string;
  readonly NotAfter?: string | number;
  readonly RenewalSummary?: { readonly RenewalStatus: string; readonly RenewalStatusReason?: string };
}

async function look(view: AccountView, { stack }: ExpectedStack, arn: string): Promise<Finding[]> {
  const fault = (what: string, toDo: string) => [problem(`${arn} ${what}`, toDo, [stack.name])];
  const elsewhere = `write the ARN of a certificate of this account and Region into CertificateArn of ${stack.parameters}`;
  if (arn.split(':')[3] !== view.region) {
    return fault(`is not in ${view.region}`, elsewhere);
  }
  let certificate: Certificate;
  try {
    const answer = await view.call<{ Certificate: Certificate }>('acm', 'describe-certificate', {
      CertificateArn: arn,
    });
    certificate = answer.Certificate;
  } catch (error) {
    if (error instanceof AwsError && error.code === 'ResourceNotFoundException') {
      return fault('does not exist', elsewhere);
    }
    throw error;
  }
  const { Status, NotAfter, RenewalSummary } = certificate;
  if (Status !== 'ISSUED') {
    return fault(
      `is ${Status}`,
      'prove that you own the domain (the records that ACM asks for), or take another certificate',
    );
  }
  const days =
    NotAfter === undefined ? Number.POSITIVE_INFINITY : (dateOf(NotAfter).getTime() - view.now.getTime()) / 86_400_000;
  if (days >= daysToAct) {
    return [];
  }
  const renewal =
    RenewalSummary === undefined
      ? ''
      : `; its renewal: ${RenewalSummary.RenewalStatus} ${RenewalSummary.RenewalStatusReason ?? ''}`;
  const toDo = 'import a new one under the same ARN, or see to the records of the domain that ACM renews it by';
  return [problem(`${arn} expires in ${Math.max(0, Math.floor(days))} days${renewal.trimEnd()}`, toDo)];
}
