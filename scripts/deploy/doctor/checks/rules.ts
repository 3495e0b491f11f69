import type { AccountView } from '../account-view';
import { AwsError } from '../aws-api';
import { type Check, type Finding, notApplicable, ofEach, orOk, problem, unseen } from '../check';

const hours = 24;

/** What EventBridge could not deliver it drops: a pipeline does not start, a mail does not arrive, and nobody is told. */
export const rules: Check = {
  name: 'rules',
  asks: `has EventBridge failed to reach the target of a rule within ${hours} hours?`,
  run: async (view) => {
    const existing = await view.existing();
    const found = (await Promise.all(existing.map((expected) => view.resources(expected, 'AWS::Events::Rule')))).flat();
    const names = found.map(({ PhysicalResourceId = '' }) => PhysicalResourceId);
    if (names.length === 0) {
      return [notApplicable('no stack that has rules exists here')];
    }
    return orOk(await ofEach([names], (all) => look(view, all)), `${names.length} rules reached their targets`);
  },
};

interface Metric {
  readonly Id: string;
  readonly StatusCode?: string;
  readonly Values?: readonly number[];
}

async function look(view: AccountView, names: readonly string[]): Promise<Finding[]> {
  const { MetricDataResults } = await view.call<{ MetricDataResults: Metric[] }>('cloudwatch', 'get-metric-data', {
    StartTime: new Date(view.now.getTime() - hours * 3_600_000).toISOString(),
    EndTime: view.now.toISOString(),
    MetricDataQueries: names.map((name, index) => ({
      Id: `rule${index}`,
      MetricStat: {
        Metric: {
          Namespace: 'AWS/Events',
          MetricName: 'FailedInvocations',
          Dimensions: dimensionsOf(name),
        },
        Period: 3600,
        Stat: 'Sum',
      },
    })),
  });
  return names.flatMap((name, index) => {
    const { StatusCode = 'no answer', Values = [] } = MetricDataResults.find(({ Id }) => Id === `rule${index}`) ?? {};
    if (StatusCode !== 'Complete') {
      const reason = `CloudWatch has not told all of ${name}`;
      return [unseen(new AwsError('cloudwatch get-metric-data', StatusCode, reason))];
    }
    const failed = Values.reduce((sum, value) => sum + value, 0);
    const toDo =
      'compare the policies of its role, of its target and of the key of the target with the templates: scripts/doctor.sh names what differs; then repeat what was missed';
    return failed === 0 ? [] : [problem(`${name} failed to reach its target ${failed} times in ${hours} hours`, toDo)];
  });
}

/** Of a rule on another bus than the default one the id is BUS|RULE, and its metrics name the bus as well. */
function dimensionsOf(id: string) {
  const [name, bus] = id.split('|').reverse();
  return [...(bus === undefined ? [] : [{ Name: 'EventBusName', Value: bus }]), { Name: 'RuleName', Value: name }];
}
