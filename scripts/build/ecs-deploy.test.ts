import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { topology } from '../../templates-src/topology.fixture';
import { writeValues } from '../lib/values.fixture';
import { applyBuild } from './build';
import { planEcsDeploy } from './ecs-deploy';

let work = '';
beforeEach(async () => {
  work = mkdtempSync(join(tmpdir(), 'ecs-deploy-'));
  await writeValues(join(work, 'parameters'), topology);
});
afterEach(() => rmSync(work, { recursive: true, force: true }));

const plan = () => planEcsDeploy(topology, join(work, 'ecs-deploy'), join(work, 'parameters'));
const changes = () => plan().files.map(({ path, change }) => `${change} ${path.slice(work.length + 1)}`);
const parametersFile = (path: string) => join(work, 'parameters', path);

/** Sets a parameter in the copy of a file; undefined removes it. */
function set(path: string, key: string, value: unknown): void {
  const content = JSON.parse(readFileSync(parametersFile(path), 'utf8'));
  content.Parameters[key] = value;
  writeFileSync(parametersFile(path), JSON.stringify(content));
}

test('an appspec and a task definition for each environment are written once, then left alone', () => {
  expect(changes()).toEqual([
    'created ecs-deploy/appspec.yaml',
    'created ecs-deploy/taskdef-dev.json',
    'created ecs-deploy/taskdef-test.json',
    'created ecs-deploy/taskdef-prod.json',
  ]);
  applyBuild(plan());
  expect(changes().filter((change) => !change.startsWith('unchanged'))).toEqual([]);
});

test('another size or account changes the file of that environment and no other', () => {
  applyBuild(plan());
  set('test/container-service.json', 'TaskSize', 'xlarge');
  set('tooling/artifact-store.json', 'ProdAccountId', '000000000042');
  expect(changes().filter((change) => !change.startsWith('unchanged'))).toEqual([
    'changed ecs-deploy/taskdef-test.json',
    'changed ecs-deploy/taskdef-prod.json',
  ]);
  applyBuild(plan());
  expect(readFileSync(join(work, 'ecs-deploy', 'taskdef-prod.json'), 'utf8')).toContain('iam::000000000042:role/');
});

test('the task definition of an environment that is gone is removed; what others put there stays', () => {
  applyBuild(plan());
  const ofDev = readFileSync(join(work, 'ecs-deploy', 'taskdef-dev.json'), 'utf8');
  writeFileSync(join(work, 'ecs-deploy', 'taskdef-staging.json'), ofDev.replaceAll('dev-', 'staging-'));
  writeFileSync(join(work, 'ecs-deploy', 'taskdef-canary.json'), ofDev);
  writeFileSync(join(work, 'ecs-deploy', 'taskdef-mine.json'), '{}');
  writeFileSync(join(work, 'ecs-deploy', 'README.md'), 'Notes');
  expect(changes().slice(4)).toEqual([
    'unknown ecs-deploy/taskdef-canary.json',
    'unknown ecs-deploy/taskdef-mine.json',
    'removed ecs-deploy/taskdef-staging.json',
  ]);
  applyBuild(plan());
  expect(readdirSync(join(work, 'ecs-deploy')).sort()).toEqual([
    'README.md',
    'appspec.yaml',
    'taskdef-canary.json',
    'taskdef-dev.json',
    'taskdef-mine.json',
    'taskdef-prod.json',
    'taskdef-test.json',
  ]);
});

test('a parameter that is missing or unusable is named, with file, value and what to do', () => {
  set('dev/container-service.json', 'TaskSize', 'huge');
  set('test/container-service.json', 'Region', undefined);
  set('tooling/artifact-store.json', 'ProdAccountId', 444444444444);
  expect(plan().errors).toEqual([
    'parameters/dev/container-service.json: TaskSize: found "huge", expected small, medium, large, xlarge; ' +
      'ecs-deploy/taskdef-dev.json needs it. Run `npm run configure`, or correct the file.',
    'parameters/test/container-service.json: Region: found nothing, expected a Region, such as "eu-west-1"; ' +
      'ecs-deploy/taskdef-test.json needs it. Run `npm run configure`, or correct the file.',
    'parameters/tooling/artifact-store.json: ProdAccountId: found 444444444444, expected 12 digits in quotes; ' +
      'ecs-deploy/taskdef-prod.json needs it. Run `npm run configure`, or correct the file.',
  ]);
});

test('a file that is missing or no JSON is named', () => {
  rmSync(parametersFile('dev/container-service.json'));
  writeFileSync(parametersFile('test/container-service.json'), '{');
  const [missing, broken] = plan().errors;
  expect(missing).toMatch(/^parameters\/dev\/container-service\.json: Region: found no such file, expected/);
  expect(broken).toMatch(/^parameters\/test\/container-service\.json: Region: found a file that is no JSON \(/);
});

test('a route without container has none of these files; what others put there stays', () => {
  applyBuild(plan());
  writeFileSync(join(work, 'ecs-deploy', 'README.md'), 'Notes');
  const { container: _, ...alone } = topology;
  applyBuild(planEcsDeploy(alone, join(work, 'ecs-deploy'), join(work, 'parameters')));
  expect(readdirSync(join(work, 'ecs-deploy'))).toEqual(['README.md']);
});
