import { expect, test } from 'vitest';
import { checkActions } from './actions';
import { readDefinition } from './definition';

const pipelineWith = (provider: string, configuration: Record<string, string>) =>
  readDefinition({
    name: 'A-Pipeline',
    stages: [{ name: 'Dev', actions: [{ name: 'Deploy', actionTypeId: { provider }, configuration }] }],
  });

test('an action is refused by its provider or by what its configuration holds', () => {
  expect(() => checkActions(pipelineWith('S3', {}))).toThrow(
    'The rehearsal cannot do these actions of A-Pipeline: Dev.Deploy (S3). It knows the providers CodeCommit,',
  );
  const overridden = { StackName: 'a', ParameterOverrides: '{}', OutputFileName: 'outputs.json' };
  expect(() => checkActions(pipelineWith('CloudFormation', overridden))).toThrow(
    'Dev.Deploy (CloudFormation with ParameterOverrides, OutputFileName).',
  );
  expect(() => checkActions(pipelineWith('CodeDeployToECS', { Image2ArtifactName: 'Sidecar' }))).toThrow(
    'Dev.Deploy (CodeDeployToECS with Image2ArtifactName).',
  );
  expect(() => checkActions(pipelineWith('CloudFormation', { StackName: 'a' }))).not.toThrow();
});
