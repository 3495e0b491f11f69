import { expect, test } from 'vitest';
import { readDefinition } from './definition';

const store = { type: 'S3', location: 'artifacts', encryptionKey: { type: 'KMS', id: 'key' } };
const actionTypeId = { category: 'Source', owner: 'AWS', provider: 'CodeCommit', version: '1' };

test('what get-pipeline leaves out has the defaults of CodePipeline', () => {
  expect(
    readDefinition({
      name: 'A-Pipeline',
      roleArn: 'arn:aws:iam::111111111111:role/pipeline',
      artifactStore: store,
      version: 3,
      pipelineType: 'V2',
      stages: [{ name: 'Source', blockers: [], actions: [{ name: 'Get', actionTypeId }] }],
    }),
  ).toMatchObject({
    executionMode: 'SUPERSEDED',
    triggers: [],
    stages: [
      {
        name: 'Source',
        actions: [{ name: 'Get', runOrder: 1, configuration: {}, inputArtifacts: [], outputArtifacts: [] }],
      },
    ],
  });
});

test('what the rehearsal would have to leave undone is refused, all of it at once', () => {
  expect(() =>
    readDefinition({
      name: 'A-Pipeline',
      executionMode: 'PARALLEL',
      variables: [{ name: 'Size' }],
      triggers: [
        {
          providerType: 'CodeStarSourceConnection',
          gitConfiguration: { sourceActionName: 'Get', pullRequest: [{}], push: [{ tags: { includes: ['v*'] } }] },
        },
      ],
      artifactStores: { 'eu-west-1': store },
      stages: [
        {
          name: 'Dev',
          beforeEntry: { conditions: [{ result: 'FAIL' }] },
          onFailure: {
            result: 'SKIP',
            conditions: [{ result: 'ROLLBACK' }],
            retryConfiguration: { retryMode: 'ALL_ACTIONS' },
          },
          actions: [{ name: 'Deploy', actionTypeId, region: 'us-east-1', commands: ['true'] }],
        },
      ],
    }),
  ).toThrow(
    'The rehearsal does not know how CodePipeline treats A-Pipeline.variables, A-Pipeline.artifactStores, ' +
      'A-Pipeline.triggers.Get.pullRequest, A-Pipeline.triggers.Get.push.tags, ' +
      'A-Pipeline.Dev.beforeEntry, A-Pipeline.Dev.onFailure.conditions, A-Pipeline.Dev.onFailure.result SKIP, ' +
      'A-Pipeline.Dev.onFailure.retryConfiguration.retryMode ALL_ACTIONS, ' +
      'A-Pipeline.Dev.Deploy.region, A-Pipeline.Dev.Deploy.commands, A-Pipeline.executionMode PARALLEL.',
  );
});
