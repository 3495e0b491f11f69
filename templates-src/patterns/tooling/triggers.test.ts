// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of CloudFormation, not of TypeScript
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compile, Intrinsic, type Node, type Template } from '../../dsl';
import { pascalCase } from '../../model/function-names';
import containerDeploymentPipeline from '../../templates/tooling/container-deployment-pipeline';
import infrastructureDeploymentPipeline from '../../templates/tooling/infrastructure-deployment-pipeline';
import { topology, topologyWith } from '../../topology.fixture';
import { runbook } from './triggers';

/**
 * Events as AWS documents them (CodeCommit user guide "Monitoring CodeCommit events", ECR user guide "Amazon ECR events
 * and EventBridge", CodePipeline user guide "Monitoring CodePipeline events"), with one thing changed in each near miss.
 */

const repository = 'arn:aws:codecommit:eu-west-1:111111111111:ECS-Container-Deployment';
const frame = {
  version: '0',
  id: '01234567-0123-0123-0123-012345678901',
  account: '111111111111',
  time: '2026-11-23T12:00:00Z',
  region: 'eu-west-1',
};

const commit = (detail: object = {}, resources: readonly string[] = [repository]) => ({
  ...frame,
  'detail-type': 'CodeCommit Repository State Change',
  source: 'aws.codecommit',
  resources,
  detail: {
    event: 'referenceUpdated',
    repositoryName: 'ECS-Container-Deployment',
    repositoryId: '11111111-2222-3333-4444-555555555555',
    referenceType: 'branch',
    referenceName: 'main',
    referenceFullName: 'refs/heads/main',
    commitId: '3e5983EXAMPLE',
    oldCommitId: '1f4a2cEXAMPLE',
    ...detail,
  },
});

const image = (detail: object = {}, detailType = 'ECR Image Action') => ({
  ...frame,
  'detail-type': detailType,
  source: 'aws.ecr',
  resources: [],
  detail: {
    result: 'SUCCESS',
    'repository-name': 'route-to-live-container',
    'image-digest': 'sha256:7f5b2640fe6fb4f46592dfd3410c4a79dac4f89e4782432e0378abcd1234',
    'action-type': 'PUSH',
    'image-tag': 'latest',
    ...detail,
  },
});

const actionExecution = (detail: object = {}, detailType = 'CodePipeline Action Execution State Change') => ({
  ...frame,
  'detail-type': detailType,
  source: 'aws.codepipeline',
  resources: ['arn:aws:codepipeline:eu-west-1:111111111111:ECS-Container-Deployment'],
  detail: {
    pipeline: 'ECS-Container-Deployment',
    'execution-id': '01234567-0123-0123-0123-012345678901',
    'execution-result': {
      'external-execution-summary': 'Deployment d-0123456789 failed',
      'external-execution-id': 'd-0123456789',
      'error-code': 'JobFailed',
    },
    stage: 'Prod',
    action: 'Deploy',
    state: 'FAILED',
    region: 'eu-west-1',
    type: { owner: 'AWS', provider: 'CodeDeployToECS', category: 'Deploy', version: '1' },
    version: 3.0,
    ...detail,
  },
});

const resourcesOf = (template: Template) => compile(template).Resources as Readonly<Record<string, Node>>;
const resources = resourcesOf(containerDeploymentPipeline(topology));
const environments = ['alpha', 'omega'];
const infrastructure = resourcesOf(
  infrastructureDeploymentPipeline(
    topologyWith({ project: 'team', environments: environments.map((name) => ({ name, approval: false })) }),
  ),
);

/** The pattern of a rule, with the repository's ARN as CloudFormation fills it in. */
function patternOf(rule: string, declared = resources): unknown {
  const { Properties } = declared[rule] as { Properties: { EventPattern: Node } };
  return JSON.parse(
    JSON.stringify(Properties.EventPattern, (_, value) => {
      if (value instanceof Intrinsic) {
        expect(value).toEqual(new Intrinsic('GetAtt', 'SourceRepository.Arn'));
        return repository;
      }
      return value;
    }),
  );
}

function matches(rule: string, event: object, declared = resources): boolean {
  const { stdout, stderr } = spawnSync('python3', [join(__dirname, 'match_events.py')], {
    input: JSON.stringify({ pattern: patternOf(rule, declared), events: [event] }),
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  return JSON.parse(stdout)[0];
}

describe('the rule for commits', () => {
  it.each([
    ['a commit on the branch', commit()],
    ['the first commit of the branch', commit({ event: 'referenceCreated', oldCommitId: undefined })],
  ])('starts the pipeline for %s', (_, event) => {
    expect(matches('CommitRule', event)).toBe(true);
  });

  it.each([
    ['another branch', commit({ referenceName: 'feature', referenceFullName: 'refs/heads/feature' })],
    ['a branch whose name only begins alike', commit({ referenceName: 'main-2' })],
    ['a tag of the same name', commit({ referenceType: 'tag', referenceFullName: 'refs/tags/main' })],
    ['a deleted branch', commit({ event: 'referenceDeleted' })],
    ['another repository', commit({}, ['arn:aws:codecommit:eu-west-1:111111111111:ECS-Container-Build'])],
    ['a comment on a commit', { ...commit(), 'detail-type': 'CodeCommit Comment on Commit' }],
    ['a pushed image', image()],
  ])('does nothing for %s', (_, event) => {
    expect(matches('CommitRule', event)).toBe(false);
  });
});

describe('the rule for images', () => {
  it('starts the pipeline when latest was pushed', () => {
    expect(matches('ImageRule', image())).toBe(true);
  });

  it.each([
    ["the tag of a build's id", image({ 'image-tag': '5f6d7b1c-9a2e-4f3b-8c1d-0e9f8a7b6c5d' })],
    ['a tag that only begins alike', image({ 'image-tag': 'latest-2' })],
    ['a push that failed', image({ result: 'FAILURE' })],
    ['an image that was deleted', image({ 'action-type': 'DELETE' })],
    ['another repository', image({ 'repository-name': 'route-to-live-container-2' })],
    ['the scan of an image', image({}, 'ECR Image Scan')],
    ['a push without a tag', image({ 'image-tag': undefined })],
  ])('does nothing for %s', (_, event) => {
    expect(matches('ImageRule', event)).toBe(false);
  });
});

describe('the rule for failures', () => {
  it('notifies of a failed action', () => {
    expect(matches('FailureRule', actionExecution())).toBe(true);
  });

  it.each([
    ['an action that succeeded', actionExecution({ state: 'SUCCEEDED' })],
    ['another pipeline', actionExecution({ pipeline: 'ECS-Container-Build' })],
    [
      'a failed execution, of which its action tells',
      actionExecution({}, 'CodePipeline Pipeline Execution State Change'),
    ],
    ['a failed stage, of which its action tells', actionExecution({}, 'CodePipeline Stage Execution State Change')],
  ])('does nothing for %s', (_, event) => {
    expect(matches('FailureRule', event)).toBe(false);
  });
});

describe('the rules for failed stacks', () => {
  const rules = ['FailureRule', 'AlphaFailureRule', 'OmegaFailureRule'];
  const told = (detail: object) =>
    rules.filter((rule) =>
      matches(rule, actionExecution({ pipeline: 'Infrastructure-Deployment-team', ...detail }), infrastructure),
    );
  const type = (provider: string) => ({ type: { owner: 'AWS', provider, category: 'Deploy', version: '1' } });

  it('tell of each failure once', () => {
    expect(told({ stage: 'Source', ...type('CodeCommit') })).toEqual(['FailureRule']);
    expect(told({ stage: 'Alpha', ...type('CodeBuild') })).toEqual(['FailureRule']);
    expect(told({ stage: 'Alpha', ...type('CloudFormation') })).toEqual(['AlphaFailureRule']);
    expect(told({ stage: 'Omega', ...type('CloudFormation') })).toEqual(['OmegaFailureRule']);
  });

  const lines = environments.map((environment) => {
    const { Properties } = infrastructure[`${pascalCase(environment)}FailureRule`] as {
      Properties: { Targets: readonly [{ InputTransformer: { InputTemplate: Intrinsic } }] };
    };
    return String(Properties.Targets[0].InputTransformer.InputTemplate.argument).split('\n');
  });

  it('name account, Region, stage, action and execution, the stacks, and the runbook, in lines between quotes', () => {
    const readme = readFileSync(join(__dirname, '..', '..', '..', 'README.md'), 'utf8');
    expect(readme).toContain(`\n## ${runbook}\n`);
    environments.forEach((environment, index) => {
      const text = lines[index] ?? [];
      expect(text.filter((line) => !/^"[^"]+"$/.test(line))).toEqual([]);
      expect(text[0]).toContain(`in account \${${pascalCase(environment)}AccountId}, \${AWS::Region}: stage <stage>, `);
      expect(text[0]).toContain('action <action>, execution <execution>: <reason>');
      expect(text[1]).toContain(`STACK is team-${environment}-infrastructure or team-${environment}-container-service`);
      expect(text.at(-1)).toContain(runbook);
    });
  });

  it('hold commands that the AWS CLI knows, with their options', () => {
    const commands = (lines[0] ?? []).flatMap((line) => /aws [a-z]+ [a-z-]+ .*(?=")/.exec(line)?.[0] ?? []);
    expect(commands.map((command) => command.split(' ')[2])).toEqual([
      'describe-events',
      'delete-stack',
      'continue-update-rollback',
      'retry-stage-execution',
    ]);
    for (const command of commands) {
      const words = command.replaceAll('${AWS::Region}', 'eu-west-1').replaceAll(/[<>]/g, '').split(' ').slice(1);
      const { status, stderr } = spawnSync('aws', [...words, '--generate-cli-skeleton', 'output'], {
        encoding: 'utf8',
        env: { ...process.env, AWS_ACCESS_KEY_ID: 'none', AWS_SECRET_ACCESS_KEY: 'none' },
      });
      expect(status, `${command}\n${stderr}`).toBe(0);
    }
  }, 30_000);
});
