import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { topologyWith } from '../../../templates-src/topology.fixture';
import { generate } from '../build';
import { importTemplates } from '../templates.fixture';
import { writeFiles } from '../write-files';
import { checkTemplates } from './check-templates';
import { tools } from './finding';
import { cfnLintProgram } from './scanners/cfn-lint';
import { installedCfnNag } from './scanners/cfn-nag';

const work = mkdtempSync(join(tmpdir(), 'topologies-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));

/** Environments in a row, all but the first with approval. */
const environments = (...names: readonly string[]) => names.map((name, place) => ({ name, approval: place > 0 }));
const ten = environments(...Array.from({ length: 10 }, (_, place) => `stage${place}`));

test.each([
  ['one environment', { project: 'rtl', environments: environments('live') }],
  ['a connection', { project: 'rtl', environments: environments('dev', 'live'), pipelines: { source: 'connection' } }],
  ['ten environments', { project: 'route-to-live', environments: ten }],
] as const)(
  'no tool finds anything in the templates for %s',
  async (what, definition) => {
    const topology = topologyWith(definition);
    const folder = join(work, what.replaceAll(/\W+/g, '-'));
    const sources = await importTemplates();
    writeFiles(folder, new Map(sources.map((source) => [`${source.path}.yaml`, generate(source, topology)])));
    const { findings } = await checkTemplates({
      folder,
      tools,
      cfnLint: cfnLintProgram(resolve(__dirname, '..', '..', '..')),
      cfnNag: installedCfnNag(),
    });
    expect(findings.map(({ template, tool, rule, logicalId }) => `${template}: ${tool} ${rule} ${logicalId}`)).toEqual(
      [],
    );
  },
  180_000,
);
