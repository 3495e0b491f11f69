import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { jsonOf, run } from '../../lib/run';
import type { Finding, Scan, Severity } from '../finding';
import type { CheckedTemplate } from '../template';

/** A finding as cfn-lint prints it. */
interface Match {
  readonly Filename: string;
  readonly Level: 'Error' | 'Warning' | 'Informational';
  readonly Message: string;
  readonly Location: {
    readonly Start: { readonly LineNumber: number };
    readonly Path?: readonly (string | number)[] | null;
  };
  readonly Rule: { readonly Id: string; readonly Description: string; readonly Source?: string | null };
}

const severities = {
  Error: 'error',
  Warning: 'warning',
  Informational: 'informational',
} as const satisfies Record<Match['Level'], Severity>;

/** The cfn-lint of the repository's `.venv`; where there is none, the one on PATH. */
export function cfnLintProgram(repository: string): string {
  const own = join(repository, '.venv', 'bin', 'cfn-lint');
  return existsSync(own) ? own : 'cfn-lint';
}

/** Takes the place of every .cfnlintrc, in the folder or in HOME, which could switch checks off (cfn-lint #2743). */
const configuration = join(__dirname, 'cfnlintrc.yaml');

/**
 * Checks templates with cfn-lint, informational rules too; all in one process, since it takes long to start.
 *
 * @throws Error when it isn't installed, or doesn't finish
 */
export async function scanWithCfnLint(
  templates: readonly Pick<CheckedTemplate, 'path' | 'file'>[],
  program: string,
): Promise<Scan> {
  const ended = await run(program, [
    ...['--config-file', configuration],
    ...['--include-checks', 'I'],
    ...['--format', 'json'],
    '--template',
    ...templates.map(({ file }) => file),
  ]);
  if (ended === undefined) {
    throw new Error('cfn-lint is neither in .venv nor on PATH. Install it with `npm run python-tools`.');
  }
  const paths = new Map(templates.map(({ file, path }) => [file, path]));
  const findings = jsonOf<readonly Match[]>('cfn-lint', ended).map(
    ({ Filename, Level, Message, Location, Rule }): Finding => {
      const [section, logicalId] = Location.Path ?? [];
      return {
        tool: 'cfn-lint',
        rule: Rule.Id,
        severity: severities[Level],
        template: paths.get(Filename) ?? Filename,
        line: Location.Start.LineNumber,
        ...(section === 'Resources' && typeof logicalId === 'string' ? { logicalId } : {}),
        message: Message,
        why: Rule.Description,
        fix: Rule.Source ? `See ${Rule.Source}` : 'Correct what the message names.',
      };
    },
  );
  return { tool: 'cfn-lint', scope: 'errors, warnings and informational rules', findings };
}
