import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkoutForTests } from '../lib/checkout.fixture';
import { changeFunction, changeTemplates, type FunctionSource, findFunction } from './changes';

const checkout = checkoutForTests();

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'changes-test-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('roles, builds and functions get another description, and nothing else changes', async () => {
  const template = (description: string) => `Resources:
  Role:
    Type: AWS::IAM::Role
    DeletionPolicy: Retain
    Properties:
      RoleName: role
      Description: ${description}
      Policies:
        - Description: What the code may do
  Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      Description: It rings
`;
  await mkdir(join(folder, 'environment'));
  await writeFile(join(folder, 'environment', 'team.yaml'), template('What the code may do'));
  await writeFile(join(folder, 'other.yaml'), 'Resources: {}\n');

  expect(await changeTemplates(folder)).toEqual(['team']);
  expect(await readFile(join(folder, 'environment', 'team.yaml'), 'utf8')).toBe(template('Changed by the rehearsal'));
});

test('the templates of the route have what changes: those that deploy.sh deploys, and those of the pipelines', async () => {
  await cp(join(checkout, 'generated'), folder, { recursive: true });

  expect(await changeTemplates(folder)).toEqual(
    expect.arrayContaining(['deployment-roles', 'infrastructure', 'infrastructure-deployment-pipeline']),
  );
});

test('a function changes in its source, and in no test of it', async () => {
  await mkdir(join(folder, 'orders'));
  await writeFile(join(folder, 'orders', 'test_orders.py'), 'pass\n');
  await writeFile(join(folder, 'orders', 'orders.py'), 'pass\n');

  const found = await findFunction(folder);
  expect(found?.name).toBe('orders');
  await changeFunction(found as FunctionSource);
  expect(await readFile(join(folder, 'orders', 'orders.py'), 'utf8')).toContain('# Changed by the rehearsal.');
  expect(await readFile(join(folder, 'orders', 'test_orders.py'), 'utf8')).toBe('pass\n');
});

test('a route without functions has none that could change', async () => {
  await writeFile(join(folder, 'README.md'), 'No function yet');

  expect(await findFunction(folder)).toBeUndefined();
  expect(await findFunction(join(folder, 'lambda'))).toBeUndefined();
});
