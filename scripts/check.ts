import { existsSync } from 'node:fs';
import { basename, dirname, relative, resolve } from 'node:path';
import { generatedFolder } from './build/build';
import { type CheckResult, checkTemplates } from './check/check-templates';
import { type Tool, tools } from './check/finding';
import { toJunit } from './check/junit';
import { reportText } from './check/report-text';
import { toSarif } from './check/sarif';
import { cfnLintProgram } from './check/scanners/cfn-lint';
import { installedCfnNag } from './check/scanners/cfn-nag';
import { templateFilesBelow } from './check/template';
import { command, UsageError } from './lib/command';
import { writeFiles } from './lib/write-files';

const help = `Usage: npm run check [-- OPTION...]

Checks all generated templates, offline: cfn-lint with informational rules, AWS's validator, Control Tower's rules for
Guard, cdk-nag (AwsSolutions and NIST 800-53 R5), the rules of this project, and cfn-nag where it is installed: with
Ruby, after scripts/codebuild/check-templates.sh --install. Any finding fails, whatever its severity, and so does a
suppression that nothing needs. What a resource suppresses is printed with its reason.

  --generated DIR  folder of the templates, instead of generated/
  --only TOOL      run one tool only; may be given more than once: ${tools.join(', ')}.
                   cfn-nag, if named, has to be installed
  --junit FILE     write the results as JUnit XML, too
  --sarif FILE     write the results as SARIF 2.1.0, too
  --help           print this text

Exit codes: 0 nothing was found, 1 something was found or a tool failed, 2 wrong usage
`;

const options = {
  generated: { type: 'string' },
  only: { type: 'string', multiple: true },
  junit: { type: 'string' },
  sarif: { type: 'string' },
} as const;

type Values = { readonly [option in 'generated' | 'junit' | 'sarif']?: string } & { readonly only?: readonly string[] };

/** @throws UsageError */
function checkUsage({ generated = generatedFolder, only = [] }: Values): void {
  const unknown = only.filter((tool) => !(tools as readonly string[]).includes(tool));
  if (unknown.length > 0) {
    throw new UsageError(`unknown tool ${unknown.join(', ')}, expected ${tools.join(', ')}`);
  }
  if (!existsSync(generated) || templateFilesBelow(generated).length === 0) {
    throw new UsageError(`found no templates in ${generated}, expected a folder with YAML files`);
  }
}

function writeReports({ junit, sarif }: Values, result: CheckResult, folder: string): void {
  const write = (path: string, text: string) => writeFiles(dirname(path), new Map([[basename(path), text]]));
  if (junit !== undefined) {
    write(junit, toJunit(result));
  }
  if (sarif !== undefined) {
    write(sarif, `${JSON.stringify(toSarif(result, folder), undefined, 2)}\n`);
  }
}

async function check(values: Values): Promise<number> {
  checkUsage(values);
  const folder = values.generated ?? generatedFolder;
  const cfnNag = installedCfnNag();
  if (cfnNag === undefined && values.only?.includes('cfn-nag')) {
    throw new Error('cfn-nag is not installed. With Ruby 3.3: scripts/codebuild/check-templates.sh --install');
  }
  const result = await checkTemplates({
    folder,
    tools: (values.only as readonly Tool[] | undefined) ?? tools,
    cfnLint: cfnLintProgram(resolve(__dirname, '..')),
    cfnNag,
  });
  const shown = relative(process.cwd(), folder) || '.';
  process.stdout.write(`${reportText(result, shown)}\n`);
  writeReports(values, result, shown);
  return result.findings.length === 0 ? 0 : 1;
}

command({ name: 'check', help, options, run: check });
