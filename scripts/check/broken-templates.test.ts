import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { dump } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { topology } from '../../templates-src/topology.fixture';
import { applyBuild, planBuild } from '../build/build';
import { importTemplates } from '../build/templates.fixture';
import { parseTemplate } from '../lib/template/document';
import { type BrokenTemplate, brokenTemplates, type EditableTemplate } from './broken-templates.fixture';
import { type CheckResult, checkTemplates } from './check-templates';
import { type Finding, type Tool, tools } from './finding';
import { cfnLintProgram } from './scanners/cfn-lint';
import { installedCfnNag } from './scanners/cfn-nag';

const work = mkdtempSync(join(tmpdir(), 'broken-templates-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));

const generatedFolder = join(work, 'generated');
beforeAll(async () => {
  applyBuild(planBuild(topology, generatedFolder, await importTemplates()));
});

const check = (folder: string, only: readonly Tool[]) =>
  checkTemplates({
    folder,
    tools: only,
    cfnLint: cfnLintProgram(resolve(__dirname, '..', '..')),
    cfnNag: installedCfnNag(),
  });

/** Path of a broken template: under the name of the one that it was, in a folder of its own. */
const pathOf = ({ what, template }: { readonly what: string; readonly template: string }) =>
  `${dirname(template)}/${what.replaceAll(/[^a-zA-Z]+/g, '-')}/${basename(template)}.yaml`;

test('the templates are clean before they are broken, for every tool', async () => {
  const result = await check(generatedFolder, tools);
  expect(result.templates.length).toBeGreaterThanOrEqual(7);
  expect(result.findings).toEqual([]);
  for (const { tool, findings, skipped } of result.scans) {
    expect(skipped === undefined || tool === 'cfn-nag', `${tool} is skipped`).toBe(true);
    expect(findings.length === 0 || result.suppressed.some((it) => it.tool === tool)).toBe(true);
  }
}, 180_000);

test('at least 30 faults are tried, each under a name of its own', () => {
  expect(brokenTemplates.length).toBeGreaterThanOrEqual(30);
  expect(new Set(brokenTemplates.map(pathOf)).size).toBe(brokenTemplates.length);
});

/** Writes the broken templates into a folder, each on its own. */
function writeBroken(folder: string, faults: readonly BrokenTemplate[]): void {
  for (const fault of faults) {
    const file = join(folder, pathOf(fault));
    const source = join(generatedFolder, `${fault.template}.yaml`);
    const document = parseTemplate(readFileSync(source, 'utf8'), source) as unknown as EditableTemplate;
    fault.break(document);
    const sections = Object.entries(document).filter(([, section]) => Object.keys(section).length > 0);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, dump(Object.fromEntries(sections), { noRefs: true }));
  }
}

const findingsOf = ({ findings }: CheckResult, fault: BrokenTemplate) =>
  findings.filter(({ template }) => template === pathOf(fault));
const rulesOf = (findings: readonly Finding[]) => [...new Set(findings.map(({ rule }) => rule))].sort();

const used = tools.filter((tool) => brokenTemplates.some((it) => it.tool === tool));
describe.each(used)('%s refuses', (tool) => {
  const broken = brokenTemplates.filter((it) => it.tool === tool);
  let result: CheckResult;
  beforeAll(async () => {
    const folder = join(work, tool);
    writeBroken(folder, broken);
    result = await check(folder, [tool]);
  });

  test.each(broken)('$what', (fault) => {
    const found = findingsOf(result, fault);
    expect(rulesOf(found)).toEqual([...fault.rules].sort());
    for (const { line, message, why, fix } of found) {
      expect(line).toBeGreaterThan(1);
      expect([message, why, fix].every((text) => text.length > 10)).toBe(true);
    }
  });
});

describe.skipIf(installedCfnNag() === undefined)('cfn-nag (skipped where it is not installed) says of', () => {
  let result: CheckResult;
  beforeAll(async () => {
    writeBroken(join(work, 'cfn-nag'), brokenTemplates);
    result = await check(join(work, 'cfn-nag'), ['cfn-nag']);
  }, 300_000);

  test.each(brokenTemplates)('$what', (fault) => {
    const found = findingsOf(result, fault).filter((finding) => finding.tool === 'cfn-nag');
    expect(rulesOf(found)).toEqual(fault.cfnNag ?? []);
  });
});

test('a file that is no template is refused, and not passed over', async () => {
  const folder = join(work, 'unreadable');
  cpSync(join(generatedFolder, 'tooling'), join(folder, 'tooling'), { recursive: true });
  writeFileSync(join(folder, 'tooling', 'broken.yaml'), 'Resources:\n  - [\n');
  writeFileSync(join(folder, 'tooling', 'typeless.yaml'), 'Resources:\n  Bucket: {}\n');
  const { findings, templates } = await check(folder, ['rules']);
  expect(findings.map(({ template, rule }) => `${template} ${rule}`)).toEqual([
    'tooling/broken.yaml templates-are-readable',
    'tooling/typeless.yaml templates-are-readable',
  ]);
  expect(templates).toContain('tooling/broken.yaml');
});
