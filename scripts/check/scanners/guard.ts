import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { jsonOf, run } from '../../lib/run';
import type { Finding, Scan, Severity } from '../finding';
import type { CheckedTemplate } from '../template';

/** What AWS publishes about a rule of Control Tower. */
interface RuleMetadata {
  readonly Id: string;
  readonly Severity: 'CRITICAL' | 'HIGH' | 'MEDIUM' | 'LOW';
  readonly DisplayName: string;
  readonly Description: string;
  readonly RemediationMessage: string;
  readonly EvaluatedResourceTypes: readonly string[];
}

interface GuardRule {
  readonly file: string;
  readonly metadata: RuleMetadata;
}

/** What Guard says of one template; rules are trees of checks whose leaves name what they looked at. */
interface GuardReport {
  readonly name: string;
  readonly not_compliant: readonly { readonly Rule: { readonly name: string } }[];
}

const severities = {
  CRITICAL: 'error',
  HIGH: 'error',
  MEDIUM: 'warning',
  LOW: 'informational',
} as const satisfies Record<RuleMetadata['Severity'], Severity>;

const packageFolder = () => dirname(createRequire(__filename).resolve('@cdklabs/cdk-validator-cfnguard/package.json'));

/** The Guard program that the package carries; it has one for Linux and one for macOS. */
function guardProgram(): string {
  const systems: Readonly<Record<string, string>> = { linux: 'ubuntu', darwin: 'macos' };
  const machines: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'aarch64' };
  const system = systems[process.platform];
  const machine = machines[process.arch];
  if (system === undefined || machine === undefined) {
    throw new Error(
      `@cdklabs/cdk-validator-cfnguard has no Guard for ${process.platform} on ${process.arch}, only for Linux and macOS on x64 and arm64`,
    );
  }
  return join(packageFolder(), 'bin', system, machine, 'cfn-guard');
}

/** All rules of Control Tower, by the name that Guard reports. */
function controlTowerRules(): ReadonlyMap<string, GuardRule> {
  const folder = join(packageFolder(), 'rules', 'control-tower');
  const files = readdirSync(join(folder, 'cfn-guard'), { recursive: true, encoding: 'utf8' }).filter((it) =>
    it.endsWith('.guard'),
  );
  return new Map(
    files.map((name): [string, GuardRule] => {
      const file = join(folder, 'cfn-guard', name);
      const rule = /^rule (\w+) when is_cfn_template/m.exec(readFileSync(file, 'utf8'))?.[1];
      if (rule === undefined) {
        throw new Error(`${file}: found no rule for CloudFormation templates`);
      }
      const metadata = join(folder, 'metadata', name.replace(/\.guard$/, '.metadata.json'));
      return [rule, { file, metadata: JSON.parse(readFileSync(metadata, 'utf8')) as RuleMetadata }];
    }),
  );
}

/**
 * Checks templates with AWS Control Tower's proactive controls: all of them that look at a type of resource which the
 * templates have.
 *
 * @param files the templates in the CDK's dialect, by path
 * @throws Error when Guard doesn't finish
 */
export async function scanWithGuard(
  templates: readonly CheckedTemplate[],
  files: ReadonlyMap<string, string>,
): Promise<Scan> {
  const types = new Set(templates.flatMap(({ document }) => Object.values(document.Resources).map(({ Type }) => Type)));
  const all = controlTowerRules();
  const rules = new Map(
    [...all].filter(([, { metadata }]) => metadata.EvaluatedResourceTypes.some((type) => types.has(type))),
  );
  const scope = `${rules.size} of Control Tower's ${all.size} rules look at resources of these types`;
  if (rules.size === 0 || templates.length === 0) {
    return { tool: 'guard', scope, findings: [] };
  }
  const args = [
    ['validate', '--structured', '--output-format', 'json', '--show-summary', 'none'],
    ['--rules', ...[...rules.values()].map(({ file }) => file)],
    ['--data', ...files.values()],
  ].flat();
  const ended = await run(guardProgram(), args);
  if (ended === undefined) {
    throw new Error(`${guardProgram()} is not there; run \`npm ci\``);
  }
  const reports = jsonOf<readonly GuardReport[]>('cfn-guard', ended);
  const byFile = new Map(templates.map((template) => [files.get(template.path), template]));
  const findings = reports.flatMap(({ name, not_compliant: broken }) => {
    const template = byFile.get(name);
    return template === undefined
      ? []
      : broken.flatMap((result) => findingsOf(template, rules.get(result.Rule.name)?.metadata, result));
  });
  return { tool: 'guard', scope, findings };
}

/** One finding for each resource of the rule's types that a failed check looked at. */
function findingsOf(template: CheckedTemplate, metadata: RuleMetadata | undefined, result: object): readonly Finding[] {
  if (metadata === undefined) {
    throw new Error(`cfn-guard reported a rule that it was not given: ${JSON.stringify(result).slice(0, 200)}`);
  }
  const { Id, Severity, DisplayName, Description, RemediationMessage, EvaluatedResourceTypes } = metadata;
  const looked = [...new Set(pathsIn(result))].filter((id) =>
    EvaluatedResourceTypes.includes(template.document.Resources[id]?.Type ?? ''),
  );
  return looked.map((logicalId) => ({
    tool: 'guard',
    rule: Id,
    severity: severities[Severity],
    template: template.path,
    line: template.lineOf(['Resources', logicalId]),
    logicalId,
    message: DisplayName,
    why: Description,
    fix: RemediationMessage,
  }));
}

/** The logical ids in the paths (`/Resources/Bucket/Properties/...`) below a node of Guard's report. */
function* pathsIn(node: unknown): Generator<string> {
  if (typeof node !== 'object' || node === null) {
    return;
  }
  for (const [key, value] of Object.entries(node)) {
    const id = key === 'path' && typeof value === 'string' ? /^\/Resources\/([^/]+)/.exec(value)?.[1] : undefined;
    if (id !== undefined) {
      yield id;
    }
    yield* pathsIn(value);
  }
}
