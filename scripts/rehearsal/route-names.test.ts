import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkoutForTests } from '../lib/checkout.fixture';
import { checkStage, findAction, findPipeline, NameError, type PipelineNames, readPipelineNames } from './route-names';

const checkout = checkoutForTests();

const pipelines: readonly PipelineNames[] = [
  {
    pipeline: 'Build-Image',
    stages: [
      { name: 'Source', actions: ['Source'] },
      { name: 'Build', actions: ['Build'] },
    ],
  },
  {
    pipeline: 'Deploy-Image',
    stages: [
      { name: 'Source', actions: ['Source', 'Image'] },
      { name: 'Test', actions: ['Approve', 'Deploy'] },
      { name: 'Prod', actions: ['Approve', 'Deploy'] },
    ],
  },
];

test('the names of pipelines, stages and actions are read from the generated templates', () => {
  const names = readPipelineNames(join(checkout, 'generated'));

  expect(names.map(({ pipeline }) => pipeline).sort()).toEqual([
    'ECS-Container-Build',
    'ECS-Container-Deployment',
    'Infrastructure-Deployment',
  ]);
  expect(findAction(names, 'ECS-Container-Deployment.Source.Image').stage).toBe('Source');
});

describe('a name', () => {
  test('of a pipeline, a stage or an action is found', () => {
    expect(findPipeline(pipelines, 'Deploy-Image').stages).toHaveLength(3);
    expect(() => checkStage(pipelines, 'Prod')).not.toThrow();
    expect(findAction(pipelines, 'Image')).toEqual({ pipeline: 'Deploy-Image', stage: 'Source', action: 'Image' });
  });

  test('of an action may have as much before it as it takes to mean one', () => {
    const meant = { pipeline: 'Deploy-Image', stage: 'Prod', action: 'Approve' };
    expect(findAction(pipelines, 'Prod.Approve')).toEqual(meant);
    expect(findAction(pipelines, 'Deploy-Image.Prod.Approve')).toEqual(meant);
  });

  test.each([
    [
      () => findPipeline(pipelines, 'Deploy-Images'),
      'There is no pipeline Deploy-Images; did you mean Deploy-Image?\nThere are: Build-Image, Deploy-Image',
    ],
    [() => checkStage(pipelines, 'Staging'), 'There is no stage Staging\nThere are: Source, Build, Test, Prod'],
    [
      () => findAction(pipelines, 'Prod.Source'),
      'There is no action Prod.Source\nThere are: Build-Image.Source.Source, Build-Image.Build.Build, ' +
        'Deploy-Image.Source.Source, Deploy-Image.Source.Image, Deploy-Image.Test.Approve, Deploy-Image.Test.Deploy, ' +
        'Deploy-Image.Prod.Approve, Deploy-Image.Prod.Deploy',
    ],
    [
      () => findAction(pipelines, 'Approve'),
      'The name Approve can mean Deploy-Image.Test.Approve or Deploy-Image.Prod.Approve.',
    ],
  ])('that means nothing, or too much, is answered with those there are', (find, message) => {
    expect(find).toThrow(new NameError(message));
  });
});
