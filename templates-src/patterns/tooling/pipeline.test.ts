import { expect, test } from 'vitest';
import { template } from '../../dsl';
import { topologyWith } from '../../topology.fixture';
import { artifactStore } from '../shared/artifacts';
import { sourceAction } from './actions';
import { declarePipeline, stage } from './pipeline';

const topology = topologyWith({ project: 'any', environments: [{ name: 'one', approval: false }] });

const source = (output: string) =>
  sourceAction(
    output,
    {
      Name: output,
      ActionTypeId: { Category: 'Source', Owner: 'AWS', Provider: 'ECR', Version: '1' },
      Configuration: {},
    },
    [],
  );

const declare = (...outputs: string[]) =>
  declarePipeline(template('A pipeline'), topology, artifactStore(topology), {
    pipeline: 'containerBuild',
    stages: [stage('Source', [outputs.map(source)])],
  });

test('two artifacts whose names begin with the same 10 characters would share a folder, and are refused', () => {
  expect(() => declare('Definition', 'DefinitionOfTasks')).toThrow(
    'ECS-Container-Build-any: the artifacts Definition and DefinitionOfTasks begin with the same characters, and ' +
      'CodePipeline would put both into the folder Definition; rename one',
  );
  expect(() => declare('Definitio', 'DefinitionOfTasks')).not.toThrow();
});
