import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { jsonOf, run } from '../../lib/run';
import type { Finding, Scan } from '../finding';
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

const lock = join(__dirname, '../../codebuild/gems.sha256');

/**
 * The cfn-nag that `check-templates.sh --install` put into its folder of tools, out of the lock file as it is now. One that
 * happens to be on PATH may be of another version, and would say something else than the pipeline's.
 *
 * @returns undefined where it is not installed: it needs Ruby, so it is optional on the machine of a developer
 */
export function installedCfnNag(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const tools = environment.CHECK_TOOLS ?? join(homedir(), '.cache', 'check-templates');
  const installed = join(tools, 'gems', basename(lock));
  return existsSync(installed) && readFileSync(installed, 'utf8').trim() === readFileSync(lock, 'utf8').trim()
    ? join(tools, 'gems', 'cfn_nag_scan')
    : undefined;
}

/**
 * Checks templates with cfn-nag where it is installed. It is unmaintained since 2022; CodeBuild and the GitHub workflow
 * install it, so a template that it refuses is refused there at the latest.
 *
 * Suppressions are switched off: it says nothing of what it suppresses, and so would never say that nothing needs them.
 *
 * @param program path of `cfn_nag_scan`, undefined where it is not installed
 * @throws Error when it doesn't finish
 */
export async function scanWithCfnNag(
  templates: readonly CheckedTemplate[],
  program: string | undefined,
): Promise<Scan> {
  if (program === undefined) {
    return {
      tool: 'cfn-nag',
      scope: '',
      findings: [],
      skipped:
        'not installed: CodeBuild runs it before anything is deployed; here, with Ruby, after ' +
        'scripts/codebuild/check-templates.sh --install',
    };
  }
  const findings: Finding[] = [];
  for (const template of templates) {
    const ended = await run(program, [
      '--input-path',
      template.file,
      '--fail-on-warnings',
      '--output-format',
      'json',
      '--no-allow-suppression',
    ]);
    if (ended === undefined) {
      throw new Error(`${program} cannot be run: it was installed for a Ruby that has gone. Install it again.`);
    }
    const [report] = jsonOf<Report>('cfn-nag', ended);
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
