import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readTemplate } from './template-file';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'template-file-'));
});
afterAll(() => rm(directory, { recursive: true }));

async function templateOf(yaml: string) {
  const path = join(directory, 'template.yaml');
  await writeFile(path, yaml);
  return readTemplate(path);
}

test('defaults are text as it is written, also those that look like numbers or truth values', async () => {
  const { parameters } = await templateOf(
    'Parameters:\n  Id: {Default: 012345678901}\n  Size: {Default: 1.0}\n  On: {Default: yes}\n  None: {Type: String}\n',
  );

  expect(parameters).toEqual({
    Id: { Default: '012345678901' },
    Size: { Default: '1.0' },
    On: { Default: 'yes' },
    None: { Type: 'String' },
  });
});

test('short forms of functions are read whether they hold a text, a list or a map', async () => {
  const { resources } = await templateOf(`
Resources:
  Key:
    Type: AWS::KMS::Key
    DeletionPolicy: Retain
    Properties:
      Description: !Sub '\${Region} \${AWS::AccountId}'
      Tags: !If [Tagged, !Ref Tags, !Ref AWS::NoValue]
      Policy: !Transform {Name: AWS::Include, Parameters: {Location: !Ref Location}}
`);

  expect(resources.Key).toMatchObject({ Type: 'AWS::KMS::Key', DeletionPolicy: 'Retain' });
});

test('a template without parameters has none', async () => {
  expect(await templateOf('Resources: {}\n')).toEqual({ parameters: {}, resources: {} });
});

test('a file that is no YAML is refused with its name', async () => {
  await expect(templateOf('Resources: [')).rejects.toThrow('template.yaml');
});
