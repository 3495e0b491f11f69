import { expect, test } from 'vitest';
import { violationsOf } from '../rule.fixture';
import { pipelinesDoNotPoll as rule } from './pipelines-do-not-poll';

const pipelineWith = (Provider: string, Configuration: object, Category = 'Source') => ({
  Pipeline: {
    Type: 'AWS::CodePipeline::Pipeline',
    Properties: { Stages: [{ Actions: [{ Name: 'Fetch', ActionTypeId: { Category, Provider }, Configuration }] }] },
  },
});

test.each(['false', false])('a source may be told not to poll (%o)', async (PollForSourceChanges) => {
  expect(await violationsOf(rule, pipelineWith('CodeCommit', { PollForSourceChanges }))).toEqual([]);
});

test.each(['CodeCommit', 'S3', 'GitHub'])('%s polls by default, and when told to', async (provider) => {
  const message = `Pipeline: the source action Fetch polls ${provider}`;
  expect(await violationsOf(rule, pipelineWith(provider, {}))).toEqual([message]);
  expect(await violationsOf(rule, pipelineWith(provider, { PollForSourceChanges: 'true' }))).toEqual([message]);
});

test('what cannot poll, and what is no source, needs no setting', async () => {
  expect(await violationsOf(rule, pipelineWith('ECR', {}))).toEqual([]);
  expect(await violationsOf(rule, pipelineWith('CodeStarSourceConnection', {}))).toEqual([]);
  expect(await violationsOf(rule, pipelineWith('S3', {}, 'Deploy'))).toEqual([]);
});
