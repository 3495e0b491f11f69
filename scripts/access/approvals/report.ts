import type { ApprovalVerdict, WayAround } from './prove';

/** One way around an approval, from the commit to what it changes. */
export const describeWay = ({ principal, action, target, context }: WayAround): string =>
  [
    ...principal.path,
    `${action} on ${target.arn}${Object.keys(context).length === 0 ? '' : ` (with ${JSON.stringify(context)})`}`,
    target.use,
  ].join(' -> ');

/** A line for each environment; with the shortest way around its approval where there is one. */
export function describeVerdicts(verdicts: readonly ApprovalVerdict[]): string {
  return verdicts
    .map((verdict) => {
      const { of, openTo, principals, targets, changes, waysAround } = verdict;
      const { name } = of.environment;
      const size = `${principals.length} principals, ${targets.length} targets, ${changes} changes of them`;
      if (openTo !== undefined) {
        return `${name}: not kept apart from ${openTo}\n`;
      }
      const [shortest] = waysAround;
      return shortest === undefined
        ? `${name}: nothing that committed code can be before the approval of ${of.approvedFor.name} can change what it runs or reads (${size})\n`
        : `${name}: ${waysAround.length} ways around the approval of ${of.approvedFor.name} (${size}). The shortest:\n  ${describeWay(shortest)}\n`;
    })
    .join('');
}

/** Whether no commit gets around an approval that keeps anything apart. */
export const allHold = (verdicts: readonly ApprovalVerdict[]) =>
  verdicts.every(({ openTo, waysAround }) => openTo !== undefined || waysAround.length === 0);

/** What committed code can be before the approval of an environment, and every way around it. */
export function explainEnvironment(verdicts: readonly ApprovalVerdict[], name: string): string {
  const verdict = verdicts.find(({ of }) => of.environment.name === name);
  if (verdict === undefined) {
    return `${name}: nobody has to approve what is deployed there\n`;
  }
  const { principals, waysAround } = verdict;
  const paths = [...new Set(principals.map(({ path }) => path.join(' -> ')))];
  return [
    describeVerdicts([verdict]).trimEnd(),
    '',
    'Before the approval, committed code can be:',
    ...paths.map((path) => `  ${path}`),
    ...(waysAround.length === 0 ? [] : ['', 'Ways around it:', ...waysAround.map((way) => `  ${describeWay(way)}`)]),
    '',
  ].join('\n');
}
