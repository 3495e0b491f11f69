import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { topologyWith } from '../templates-src/topology.fixture';
import { checkoutForTests } from './lib/checkout.fixture';

const root = checkoutForTests(
  topologyWith({
    project: 'route-to-live',
    environments: [
      { name: 'dev', approval: false },
      { name: 'prod', approval: true },
    ],
  }),
);
const folder = mkdtempSync(join(tmpdir(), 'prove-access-'));
afterAll(() => rmSync(folder, { recursive: true }));

const run = (...argv: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['-r', 'tsx/cjs', join(root, 'scripts', 'prove-access.ts'), ...argv],
    { cwd: root, encoding: 'utf8' },
  );
  return { status, stdout, stderr };
};

/** A copy of the generated templates, with one of them changed. */
const generatedWith = (name: string, template: string, change: (yaml: string) => string) => {
  const copy = join(folder, name);
  cpSync(join(root, 'generated'), copy, { recursive: true });
  const file = join(copy, `${template}.yaml`);
  writeFileSync(file, change(readFileSync(file, 'utf8')));
  return copy;
};

describe('prove-access', { timeout: 240_000 }, () => {
  it('tells how it is used', () => {
    expect(run('--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('Usage: npm run prove-access') });
    expect(run('--prove')).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringContaining("Unknown option '--prove'"),
    });
  });

  it('explains a case', () => {
    const { status, stdout } = run('--explain', 'dev/LambdaUpdateRole: decrypts packages');
    expect(status).toBe(0);
    expect(stdout).toContain('must be:  allowed');
    expect(stdout).toContain('tooling/artifact-store ArtifactKey.KeyPolicy PackageRolesDecrypt');
  });

  it('says what committed code can be before the approval of an environment', () => {
    const { status, stdout } = run('--explain', 'prod');
    expect(status).toBe(0);
    expect(stdout).toMatch(
      /^prod: nothing that committed code can be before the approval of prod can change what it runs/,
    );
    expect(stdout).toContain(
      '  a commit to ECS-Container-Build -> the build route-to-live-build-image, which runs what it says\n',
    );
    expect(stdout).toContain(
      '  a commit -> dev, where it deploys before the approval -> role anybody of its account\n',
    );
    expect(run('--explain', 'dev').stdout).toBe('dev: nobody has to approve what is deployed there\n');
  });

  it('fails where a commit gets around an approval, and says how', () => {
    const generated = generatedWith('around', 'tooling/container-build-pipeline', (yaml) =>
      yaml.replace(
        'Action: ecr:GetAuthorizationToken',
        "Action: ['ecr:GetAuthorizationToken', 'codepipeline:PutApprovalResult']",
      ),
    );
    const { status, stdout } = run('--generated', generated, '--explain', 'prod');
    expect(status).toBe(0);
    expect(stdout).toContain('ways around the approval of prod');
    expect(stdout).toMatch(
      /a commit to ECS-Container-Build -> the build route-to-live-build-image, which runs what it says -> codepipeline:PutApprovalResult on .*:Infrastructure-Deployment\/Prod\/Approve -> the action Approve of the stage Prod/,
    );
  });

  it('judges another tree, says what is idle there, and writes nothing about it', () => {
    const generated = generatedWith('idle', 'environment/deployment-roles', (yaml) =>
      yaml.replace(
        '- lambda:GetFunctionConfiguration',
        '- lambda:GetFunctionConfiguration\n              - lambda:ListVersionsByFunction',
      ),
    );
    const markdown = join(generated, 'docs', 'access.md');
    rmSync(markdown, { force: true });
    const { status, stdout } = run('--generated', generated, '--markdown');
    expect(status).toBe(1);
    expect(stdout).toMatch(
      /idle: generated\/environment\/deployment-roles .*: no case needs lambda:ListVersionsByFunction/,
    );
    expect(existsSync(markdown)).toBe(false);
  });

  it('names what can be resolved to nothing', () => {
    const generated = generatedWith('broken', 'tooling/artifact-store', (yaml) =>
      yaml.replace('!GetAtt ArtifactKey.Arn', '!GetAtt ArtifactKey.Colour'),
    );
    const { status, stderr } = run('--generated', generated);
    expect(status).toBe(1);
    expect(stderr).toContain("Fn::GetAtt: don't know Colour of an AWS::KMS::Key");
    expect(stderr).toContain('prove-access: nothing was proven.');
  });

  it('names a folder that has no templates', () => {
    expect(run('--generated', join(folder, 'nowhere'))).toMatchObject({
      status: 1,
      stderr: expect.stringContaining(join('nowhere', 'tooling', 'artifact-store.yaml')),
    });
  });
});
