import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeInCdkDialect } from './cdk-dialect';
import type { Finding, Scan, SuppressedFinding, Tool } from './finding';
import { scanWithCdkNag } from './scanners/cdk-nag';
import { scanWithCfnLint } from './scanners/cfn-lint';
import { scanWithCfnNag } from './scanners/cfn-nag';
import { scanWithCloudFormationValidate } from './scanners/cloudformation-validate';
import { scanWithGuard } from './scanners/guard';
import { scanWithRules } from './scanners/rules';
import { judge } from './suppressions';
import { loadTemplates } from './template';

/** What a check is made of. */
export interface CheckOptions {
  /** Folder with the templates, in subfolders as in `generated/`. */
  readonly folder: string;
  /** The tools to run, all of them unless told otherwise. */
  readonly tools: readonly Tool[];
  /** Path or name of cfn-lint. */
  readonly cfnLint: string;
  /** Path of cfn_nag_scan; undefined where it is not installed. */
  readonly cfnNag: string | undefined;
}

/** The outcome of a check. */
export interface CheckResult {
  readonly templates: readonly string[];
  readonly scans: readonly Scan[];
  /** What nothing suppresses, by template and line. */
  readonly findings: readonly Finding[];
  readonly suppressed: readonly SuppressedFinding[];
  readonly seconds: number;
}

/**
 * Checks all templates of a folder with all tools, offline.
 *
 * cfn-lint, Guard and cfn-nag run as processes of their own while this one does the rest. They are not the only gate: a
 * template that can't be read is a finding by itself, because Guard passes over what it doesn't understand.
 *
 * @throws Error when a tool is missing or doesn't finish
 */
export async function checkTemplates({ folder, tools, cfnLint, cfnNag }: CheckOptions): Promise<CheckResult> {
  const start = performance.now();
  const { templates, unreadable } = loadTemplates(folder);
  const work = mkdtempSync(join(tmpdir(), 'check-'));
  try {
    const files = writeInCdkDialect(templates, work);
    const everyFile = [
      ...templates,
      ...unreadable.map(({ template }) => ({ path: template, file: join(folder, template) })),
    ];
    // Those that are processes of their own start first: they work while the others keep this one busy.
    const scanners: Readonly<Record<Tool, () => Promise<Scan>>> = {
      'cfn-lint': () => scanWithCfnLint(everyFile, cfnLint),
      guard: () => scanWithGuard(templates, files),
      'cfn-nag': () => scanWithCfnNag(templates, cfnNag),
      rules: async () => {
        const scan = await scanWithRules(templates);
        return { ...scan, findings: [...unreadable, ...scan.findings] };
      },
      'cdk-nag': () => scanWithCdkNag(templates, files),
      'cloudformation-validate': () => scanWithCloudFormationValidate(templates),
    };
    const chosen = (Object.keys(scanners) as Tool[]).filter((tool) => tools.includes(tool));
    const scans = await all(chosen.map((tool) => scanners[tool]()));
    const { findings, suppressed } = judge(templates, scans);
    return {
      templates: [...templates.map(({ path }) => path), ...unreadable.map(({ template }) => template)].sort(),
      scans,
      findings: [...findings].sort(byPlace),
      suppressed: [...suppressed].sort(byPlace),
      seconds: (performance.now() - start) / 1000,
    };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Waits for all, also when one fails, so that none works on after its files are gone. */
async function all<T>(promises: readonly Promise<T>[]): Promise<readonly T[]> {
  const results = await Promise.allSettled(promises);
  const failures = results.flatMap((it) => (it.status === 'rejected' ? [(it.reason as Error).message] : []));
  if (failures.length > 0) {
    throw new Error(failures.join('\n'));
  }
  return results.flatMap((it) => (it.status === 'fulfilled' ? [it.value] : []));
}

const byPlace = (left: Finding, right: Finding) =>
  left.template.localeCompare(right.template) || left.line - right.line || left.rule.localeCompare(right.rule);
