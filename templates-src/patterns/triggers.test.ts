import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compile } from '../dsl/compile';
import { Intrinsic, type Node } from '../dsl/document';
import containerDeploymentPipeline from '../templates/tooling/container-deployment-pipeline';
import { topology } from '../topology';

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

const execution = (detail: object = {}, detailType = 'CodePipeline Pipeline Execution State Change') => ({
  ...frame,
  'detail-type': detailType,
  source: 'aws.codepipeline',
  resources: ['arn:aws:codepipeline:eu-west-1:111111111111:ECS-Container-Deployment'],
  detail: {
    pipeline: 'ECS-Container-Deployment',
    version: 3.0,
    state: 'FAILED',
    'execution-id': '01234567-0123-0123-0123-012345678901',
    ...detail,
  },
});

const resources = compile(containerDeploymentPipeline(topology)).Resources as Readonly<Record<string, Node>>;

/** The pattern of a rule, with the repository's ARN as CloudFormation fills it in. */
function patternOf(rule: string): unknown {
  const { Properties } = resources[rule] as { Properties: { EventPattern: Node } };
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

function matches(rule: string, event: object): boolean {
  const { stdout, stderr } = spawnSync('python3', [join(__dirname, 'match_events.py')], {
    input: JSON.stringify({ pattern: patternOf(rule), events: [event] }),
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
  it('tells of a failed execution', () => {
    expect(matches('FailureRule', execution())).toBe(true);
  });

  it.each([
    ['an execution that succeeded', execution({ state: 'SUCCEEDED' })],
    ['an execution that a newer one superseded', execution({ state: 'SUPERSEDED' })],
    ['another pipeline', execution({ pipeline: 'ECS-Container-Build' })],
    ['a failed stage, of which the execution tells', execution({}, 'CodePipeline Stage Execution State Change')],
  ])('does nothing for %s', (_, event) => {
    expect(matches('FailureRule', event)).toBe(false);
  });
});
