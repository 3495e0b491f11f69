import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { acceptedMutantsOf } from '../templates-src/access/accepted-mutants';
import { stacksOf } from '../templates-src/model/stacks';
import { topology } from '../templates-src/topology';
import { proveRoute } from './access/access';
import { approvalsMarkdown } from './access/approvals/markdown';
import { proveApprovals } from './access/approvals/prove';
import { allHold, describeVerdicts } from './access/approvals/report';
import { proofMarkdown } from './access/markdown';
import { mutate } from './access/mutants';
import { describeMutation, describeProof } from './access/report';
import { generatedFolder, planBuild, planBuildScripts, planFunctionPlatforms } from './build/build';
import { planEcsDeploy } from './build/ecs-deploy';
import { resolveForProof } from './build/made-up-functions';
import { planReadme } from './build/readme';
import { neededPaths } from './build/templates';
import { importTemplates } from './build/templates.fixture';
import { checkTemplates } from './check/check-templates';
import { tools } from './check/finding';
import { cfnLintProgram } from './check/scanners/cfn-lint';
import { installedCfnNag } from './check/scanners/cfn-nag';
import { policiesOf } from './lib/iam/policies';
import { readFolders } from './lib/resolve/resolve-route';
import { checkParameters } from './parameters/parameter-files';
import { readFileTree } from './parameters/parameter-tree';

/**
 * What must hold of the files that belong to the user who cloned this, whatever they say: `npm run test:mine`. No other test
 * outside of lambda/ and container/ reads them, and none of these expects a certain name or value.
 */

const root = join(__dirname, '..');
const parameters = join(root, 'parameters');
/** The templates that the route has stacks of. */
const paths = neededPaths(topology);

test('every stack of my topology has a template, and every template a stack', () => {
  expect([...new Set(stacksOf(topology).map(({ template }) => template))].sort()).toEqual(paths);
});

test('my parameters are right', async () => {
  const declarations = new Map(
    (await importTemplates())
      .filter(({ path }) => paths.includes(path))
      .map(({ path, make }) => [path, make(topology).parameterDeclarations]),
  );
  expect(checkParameters(topology, declarations, readFileTree(parameters), 'parameters').problems).toEqual([]);
});

test('what is generated for me is up to date; otherwise run `npm run build` and commit what it writes', async () => {
  const plans = [
    planBuild(topology, generatedFolder, await importTemplates()),
    planFunctionPlatforms(topology, generatedFolder),
    planBuildScripts(generatedFolder),
    planEcsDeploy(topology),
  ];
  expect(plans.flatMap(({ errors }) => errors)).toEqual([]);
  const files = [...plans.flatMap((plan) => plan.files), planReadme(topology)];
  expect(files.filter(({ change }) => change !== 'unchanged').map(({ path, change }) => `${change} ${path}`)).toEqual(
    [],
  );
  // Proves that the plans look: a plan of nothing would be up to date, too.
  expect(files.length).toBeGreaterThan(paths.length);
});

test('my templates are clean by every scanner that is installed', async () => {
  const { findings, templates } = await checkTemplates({
    folder: generatedFolder,
    tools,
    cfnLint: cfnLintProgram(root),
    cfnNag: installedCfnNag(),
  });
  expect(findings.map(({ template, line, rule, message }) => `${template}:${line} ${rule}: ${message}`)).toEqual([]);
  expect(templates).toHaveLength(paths.length);
}, 600_000);

test('who may do what with my resources is proven, noticed by a case, and what the auditor is told', async () => {
  const route = resolveForProof(topology, readFolders(generatedFolder, parameters));
  const proof = await proveRoute(route);
  const sound = proof.failed.length + proof.idle.length + proof.doubleGrants.length === 0;
  expect(sound ? '' : describeProof(proof)).toBe('');
  const score = await mutate(proof.policies, proof.cases, acceptedMutantsOf(topology));
  const noticed = score.stale.length === 0 && score.surviving.every(({ reason }) => reason !== undefined);
  expect(noticed ? '' : describeMutation(score)).toBe('');
  const told = readFileSync(join(generatedFolder, 'docs', 'access.md'), 'utf8');
  expect(told === proofMarkdown(proof, route) ? '' : 'stale: run `npm run prove-access -- --markdown`').toBe('');
}, 600_000);

test('no commit gets around my approvals, and the security reviewer is told so', async () => {
  const route = resolveForProof(topology, readFolders(generatedFolder, parameters));
  const verdicts = await proveApprovals(route, policiesOf(route));
  expect(allHold(verdicts) ? '' : describeVerdicts(verdicts)).toBe('');
  const told = readFileSync(join(generatedFolder, 'docs', 'approvals.md'), 'utf8');
  expect(told === approvalsMarkdown(verdicts, route) ? '' : 'stale: run `npm run prove-access -- --markdown`').toBe('');
}, 600_000);
