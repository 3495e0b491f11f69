import type { Finding, Scan } from '../finding';
import { parseOutput, run } from '../program';
import type { CheckedTemplate } from '../template';

interface Violation {
  readonly id: string;
  readonly type: 'FAIL' | 'WARN';
  readonly message: string;
  readonly logical_resource_ids?: readonly string[];
  readonly line_numbers?: readonly number[];
}

type Report = readonly {
  readonly filename: string;
  readonly file_results: { readonly violations: readonly Violation[] };
}[];

/**
 * Checks templates with cfn-nag where it is installed. It needs Ruby, and is unmaintained since 2022; CodeBuild installs
 * it, so a template that it refuses is refused there at the latest.
 *
 * @param program `cfn_nag_scan`, looked for on PATH
 * @throws Error when it doesn't finish
 */
export async function scanWithCfnNag(templates: readonly CheckedTemplate[], program: string): Promise<Scan> {
  const findings: Finding[] = [];
  for (const template of templates) {
    const ended = await run(program, ['--input-path', template.file, '--fail-on-warnings', '--output-format', 'json']);
    if (ended === undefined) {
      return {
        tool: 'cfn-nag',
        scope: '',
        findings: [],
        skipped: `${program} is not on PATH: it is optional here, CodeBuild runs it before anything is deployed`,
      };
    }
    const [report] = parseOutput<Report>('cfn-nag', ended);
    findings.push(...(report?.file_results.violations ?? []).flatMap((violation) => asFindings(template, violation)));
  }
  return { tool: 'cfn-nag', scope: 'failures and warnings', findings };
}

function asFindings({ path, lineOf }: CheckedTemplate, violation: Violation): readonly Finding[] {
  const { id, type, message, logical_resource_ids: ids = [] } = violation;
  return (ids.length > 0 ? ids : [undefined]).map((logicalId) => ({
    tool: 'cfn-nag',
    rule: id,
    severity: type === 'FAIL' ? 'error' : 'warning',
    template: path,
    line: logicalId === undefined ? 1 : lineOf(['Resources', logicalId]),
    ...(logicalId === undefined ? {} : { logicalId }),
    message,
    why: 'cfn-nag gives no reason beyond its message.',
    fix: 'Change the resource; where the rule cannot hold, suppress it there with the reason.',
  }));
}
