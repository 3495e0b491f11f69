import type { CheckResult } from './check-templates';
import type { Finding, SuppressedFinding } from './finding';

/** A check as people read it. Paths of templates are printed below the folder, so that editors can open them. */
export function reportText({ templates, scans, findings, suppressed, seconds }: CheckResult, folder: string): string {
  const found = findings.length === 1 ? '1 finding' : `${findings.length} findings`;
  return [
    ...findings.map((finding) => describe(finding, folder)),
    ...suppressedText(suppressed),
    summary(scans.map((scan) => ({ ...scan, ...counts(scan.tool, findings, suppressed) }))),
    `${findings.length === 0 ? 'ok: ' : ''}${found} in ${templates.length} templates, ${suppressionsIn(suppressed)} suppressions, each with its reason (${seconds.toFixed(1)} s)`,
  ].join('\n');
}

function describe({ template, line, tool, rule, severity, logicalId, message, why, fix }: Finding, folder: string) {
  return [
    `${folder}/${template}:${line}: ${severity} ${tool} ${rule}${logicalId === undefined ? '' : ` ${logicalId}`}`,
    `  Violation: ${message}`,
    `  Why: ${why}`,
    `  Fix: ${fix}`,
    '',
  ].join('\n');
}

/** The suppressed findings, those of one resource with one reason on one line. */
function suppressedText(suppressed: readonly SuppressedFinding[]): readonly string[] {
  if (suppressed.length === 0) {
    return [];
  }
  const groups = new Map<string, Map<string, Set<string>>>();
  for (const { template, logicalId, rule, reason } of suppressed) {
    const reasons = groups.get(template) ?? new Map<string, Set<string>>();
    const key = `${logicalId}: ${reason}`;
    reasons.set(key, (reasons.get(key) ?? new Set()).add(rule));
    groups.set(template, reasons);
  }
  return [
    'Suppressed, each where it stands in the template:',
    ...[...groups].flatMap(([template, reasons]) => [
      `  ${template}`,
      ...[...reasons].map(([text, rules]) => `    ${text} (${[...rules].join(', ')})`),
    ]),
    '',
  ];
}

/** A suppression hides all that one rule finds at a resource. */
const suppressionsIn = (suppressed: readonly SuppressedFinding[]) =>
  new Set(suppressed.map((it) => [it.template, it.logicalId, it.tool, it.rule].join('\n'))).size;

const counts = (tool: string, findings: readonly Finding[], suppressed: readonly SuppressedFinding[]) => ({
  found: findings.filter((it) => it.tool === tool).length,
  hidden: suppressed.filter((it) => it.tool === tool).length,
});

interface Row {
  readonly tool: string;
  readonly found: number;
  readonly hidden: number;
  readonly scope: string;
  readonly skipped?: string;
}

function summary(rows: readonly Row[]): string {
  const table = [
    ['tool', 'findings', 'suppressed', ''],
    ...rows.map(({ tool, found, hidden, scope, skipped }) => [
      tool,
      skipped === undefined ? String(found) : 'not run',
      String(hidden),
      skipped ?? scope,
    ]),
  ];
  return table
    .map(([tool = '', found = '', hidden = '', scope = '']) =>
      `${tool.padEnd(24)}${found.padStart(8)}  ${hidden.padStart(10)}  ${scope}`.trimEnd(),
    )
    .join('\n');
}
