import { describe, expect, test } from 'vitest';
import { pipelineNames, pipelineNamesOf } from './names';

test('the pipelines of this repository have their plain names, and those of another project end in it', () => {
  expect(pipelineNamesOf({ project: 'route-to-live' })).toEqual(pipelineNames);
  expect(pipelineNamesOf({ project: 'shop' })).toEqual({
    containerBuild: 'ECS-Container-Build-shop',
    infrastructureDeployment: 'Infrastructure-Deployment-shop',
    containerDeployment: 'ECS-Container-Deployment-shop',
  });
});

// The shortest and the longest that a topology takes are among them: one has most, one least of it in the 20 characters.
describe.each(['route-to-live', 'shop', 'shop-eu', 'abc', 'a-project-of-16c', 'ecs-container-de', 'infrastructure-d'])(
  'the pipelines of the project %s',
  (project) => {
    const names = Object.values(pipelineNamesOf({ project }));

    test('have folders of their own for their artifacts, of which CodePipeline keeps 20 characters', () => {
      expect(new Set(names.map((name) => name.slice(0, 20))).size).toBe(names.length);
    });

    test('have names that CodePipeline and CodeCommit take', () => {
      expect(names.filter((name) => !/^[A-Za-z0-9.@_-]{1,100}$/.test(name))).toEqual([]);
    });
  },
);

test('no two projects share a pipeline', () => {
  const projects = ['route-to-live', 'shop', 'shop-eu', 'eu'];
  const names = projects.flatMap((project) => Object.values(pipelineNamesOf({ project })));
  expect(new Set(names).size).toBe(names.length);
});
