// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of CloudFormation, not of TypeScript
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readTemplate } from './document';

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

test('values are what they say, or text where their text could not be told from them', async () => {
  const { Parameters } = await templateOf(
    'Parameters:\n  Id: {Default: 012345678901}\n  Size: {Default: 1.0}\n  On: {Default: yes}\n  Off: {Default: False}\n' +
      '  Octal: {Default: 0o17}\n  Long: {Default: 12345678901234567890}\n  Count: {Default: 12}\n  Small: {Default: -0.5}\n' +
      '  Is: {Default: true}\n  Quoted: {Default: "12"}\n  None: {Type: String}\nResources: {}\n',
  );

  expect(Parameters).toEqual({
    Id: { Default: '012345678901' },
    Size: { Default: '1.0' },
    On: { Default: 'yes' },
    Off: { Default: 'False' },
    Octal: { Default: '0o17' },
    Long: { Default: '12345678901234567890' },
    Count: { Default: 12 },
    Small: { Default: -0.5 },
    Is: { Default: true },
    Quoted: { Default: '12' },
    None: { Type: 'String' },
  });
});

test('short forms of functions become long ones whether they hold a text, a list or a map', async () => {
  const { Resources } = await templateOf(`
Resources:
  Key:
    Type: AWS::KMS::Key
    DeletionPolicy: Retain
    Properties:
      Description: !Sub '\${Region} \${AWS::AccountId}'
      Tags: !If [Tagged, !Ref Tags, !Ref AWS::NoValue]
      Policy: !Transform {Name: AWS::Include, Parameters: {Location: !Ref Location}}
`);

  expect(Resources.Key).toEqual({
    Type: 'AWS::KMS::Key',
    DeletionPolicy: 'Retain',
    Properties: {
      Description: { 'Fn::Sub': '${Region} ${AWS::AccountId}' },
      Tags: { 'Fn::If': ['Tagged', { Ref: 'Tags' }, { Ref: 'AWS::NoValue' }] },
      Policy: { 'Fn::Transform': { Name: 'AWS::Include', Parameters: { Location: { Ref: 'Location' } } } },
    },
  });
});

test('a section that is left out is empty', async () => {
  expect(await templateOf('Resources: {}\n')).toEqual({
    Parameters: {},
    Mappings: {},
    Conditions: {},
    Resources: {},
    Outputs: {},
  });
});

test('what is no template is refused with the name of its file', async () => {
  await expect(templateOf('Resources: [')).rejects.toThrow('template.yaml');
  await expect(templateOf('Parameters: {}')).rejects.toThrow(/template.yaml: expected a .* template with Resources/);
});
