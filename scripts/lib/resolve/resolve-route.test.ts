import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Stack } from '../../../templates-src/model/stacks';
import { stacksOf } from '../../../templates-src/model/stacks';
import { topologyWith } from '../../../templates-src/topology.fixture';
import { readFolders, resolveRoute } from './resolve-route';
import { ResolutionError } from './resolve-stack';

const topology = topologyWith({
  project: 'fixture',
  environments: [
    { name: 'dev', approval: false },
    { name: 'prod', approval: true },
  ],
});

const store = `
Parameters: {Region: {Type: String}, DevAccountId: {Type: String}, ProdAccountId: {Type: String}}
Resources:
  Key: {Type: AWS::KMS::Key, Properties: {Description: !Sub '\${DevAccountId} \${ProdAccountId} \${Region}'}}
Outputs: {ArtifactKeyArn: {Value: !GetAtt Key.Arn}}
`;
const roles = `
Parameters: {Region: {Type: String}, ToolingAccountId: {Type: String}, ArtifactKeyArn: {Type: String}}
Resources:
  Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: roles, KmsMasterKeyId: !Ref ArtifactKeyArn, DisplayName: !Ref ToolingAccountId}}
`;
const anything = 'Resources: {Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: anything}}}';

const standard = {
  template: (path: string) =>
    ({ 'tooling/artifact-store': store, 'environment/deployment-roles': roles })[path] ?? anything,
  parameters: ({ template }: { template: string }): Readonly<Record<string, string>> => {
    switch (template) {
      case 'tooling/artifact-store':
        return { Region: 'eu-west-1', DevAccountId: '222222222222', ProdAccountId: '444444444444' };
      case 'environment/deployment-roles':
        return { Region: 'eu-west-1', ToolingAccountId: '111111111111' };
      default:
        return { Region: 'eu-west-1' };
    }
  },
};

const messages = (source: Parameters<typeof resolveRoute>[1]) => {
  try {
    resolveRoute(topology, source);
  } catch (error) {
    if (error instanceof ResolutionError) {
      return error.problems.map(({ stack, path, message }) => `${stack}: ${path}: ${message}`);
    }
    throw error;
  }
  throw new Error('expected a ResolutionError');
};

const folder = mkdtempSync(join(tmpdir(), 'resolve-route-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('a route', () => {
  it('has every stack of the topology, in its account, fed by earlier stacks', () => {
    const { stacks, accounts, region } = resolveRoute(topology, standard);
    expect(region).toBe('eu-west-1');
    expect([...accounts.values()]).toEqual([
      { name: 'tooling', id: '111111111111' },
      { name: 'dev', id: '222222222222' },
      { name: 'prod', id: '444444444444' },
    ]);
    expect([...stacks.keys()]).toEqual(stacksOf(topology).map(({ name }) => name));
    const topic = stacks.get('fixture-prod-deployment-roles')?.resources.get('Topic');
    expect(topic?.ids.arn).toBe('arn:aws:sns:eu-west-1:444444444444:roles');
    expect(topic?.properties.KmsMasterKeyId).toMatch(/^arn:aws:kms:eu-west-1:111111111111:key\//);
  });

  it('is refused when the files disagree about an account or the Region, or do not know it', () => {
    const { parameters } = standard;
    expect(
      messages({
        ...standard,
        parameters: (stack) => ({ ...parameters(stack), ToolingAccountId: stack.name.slice(0, 12) }),
      })[0],
    ).toMatch(/^all stacks: Parameters.ToolingAccountId: found .*, expected one id in all files/);
    expect(messages({ ...standard, parameters: () => ({ Region: 'eu-west-1' }) })).toHaveLength(3);
    expect(
      messages({
        ...standard,
        parameters: (stack) => ({ ...parameters(stack), Region: `eu-west-${stack.name.length}` }),
      })[0],
    ).toContain('expected one Region in all files');
  });

  it('is refused when a stack is not fed', () => {
    const source = {
      ...standard,
      template: (path: string) => standard.template(path).replace('ArtifactKeyArn: {Value', 'Other: {Value'),
    };
    expect(messages(source)[0]).toBe(
      'fixture-dev-deployment-roles: Parameters.ArtifactKeyArn: expected the output ArtifactKeyArn of fixture-artifact-store, which must be deployed earlier; found none',
    );
  });

  it('reports a broken stack once, and not again in those that depend on it', () => {
    const source = {
      ...standard,
      template: (path: string) => standard.template(path).replace('!GetAtt Key.Arn', '!Ref Nothing'),
    };
    expect(messages(source)).toEqual([
      "fixture-artifact-store: Outputs.ArtifactKeyArn.Value: the template has no parameter or resource 'Nothing'",
    ]);
  });

  it('is read from a folder of templates and a folder of parameters', () => {
    const write = (path: string, text: string) => {
      mkdirSync(join(folder, path, '..'), { recursive: true });
      writeFileSync(join(folder, path), text);
    };
    write('generated/tooling/artifact-store.yaml', 'Resources: {}');
    write('parameters/tooling/artifact-store.json', '{"Parameters": {"Region": "eu-west-1"}}');
    write('parameters/dev/deployment-roles.json', '{"parameters": {}}');
    const source = readFolders(join(folder, 'generated'), join(folder, 'parameters'));
    const [artifactStore, devRoles, prodRoles] = [
      'fixture-artifact-store',
      'fixture-dev-deployment-roles',
      'fixture-prod-deployment-roles',
    ].map((name) => stacksOf(topology).find((stack) => stack.name === name)) as [Stack, Stack, Stack];
    expect(source.template('tooling/artifact-store')).toBe('Resources: {}');
    expect(source.parameters(artifactStore)).toEqual({ Region: 'eu-west-1' });
    expect(source.parameters(prodRoles)).toEqual({});
    expect(() => source.parameters(devRoles)).toThrow('expected {"Parameters": {...}}');
  });
});
