import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { defineTopology } from '../../templates-src/model/define-topology';
import { needsTemplate } from '../../templates-src/model/stacks';
import { topologyWith } from '../../templates-src/topology.fixture';
import { container, workloads } from '../../templates-src/workloads.fixture';
import { generate } from '../build/build';
import { importTemplates } from '../build/templates.fixture';
import { writeFiles } from '../lib/write-files';
import { checkTemplates } from './check-templates';
import { tools } from './finding';
import { cfnLintProgram } from './scanners/cfn-lint';
import { installedCfnNag } from './scanners/cfn-nag';

const work = mkdtempSync(join(tmpdir(), 'topologies-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));

/** Environments in a row, all but the first with approval. */
const environments = (...names: readonly string[]) => names.map((name, place) => ({ name, approval: place > 0 }));
const ten = environments(...Array.from({ length: 10 }, (_, place) => `stage${place}`));

const two = environments('dev', 'live');

test.each([
  ['one environment', topologyWith({ project: 'rtl', environments: environments('live') })],
  ['a connection', topologyWith({ project: 'rtl', environments: two, pipelines: { source: 'connection' } })],
  ['ten environments', topologyWith({ project: 'route-to-live', environments: ten })],
  ['functions without container', defineTopology({ project: 'rtl', environments: two, workloads })],
  ['a container without functions', defineTopology({ project: 'rtl', environments: two, container })],
])(
  'no tool finds anything in the templates for %s',
  async (what, topology) => {
    const folder = join(work, what.replaceAll(/\W+/g, '-'));
    const sources = (await importTemplates()).filter(({ path }) => needsTemplate(topology, path));
    writeFiles(folder, new Map(sources.map((source) => [`${source.path}.yaml`, generate(source, topology)])));
    const { findings } = await checkTemplates({
      folder,
      tools,
      cfnLint: cfnLintProgram(resolve(__dirname, '..', '..')),
      cfnNag: installedCfnNag(),
    });
    expect(findings.map(({ template, tool, rule, logicalId }) => `${template}: ${tool} ${rule} ${logicalId}`)).toEqual(
      [],
    );
  },
  180_000,
);
