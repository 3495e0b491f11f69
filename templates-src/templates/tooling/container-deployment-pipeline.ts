import type { Topology } from '../../define-topology';
import { type Template, template } from '../../dsl/template';
import { artifactStore } from '../../patterns/artifacts';
import { namesOf, pipelineNamesOf } from '../../patterns/names';
import { declareAccountIds, declareRegion } from '../../patterns/parameters';
import { approve, blueGreen, declarePipeline, environmentStage, stage } from '../../patterns/pipeline';
import { commitId, imageDigest, imageFrom, sourceFrom } from '../../patterns/source';
import { startOnImage, tellOfFailures } from '../../patterns/triggers';

/**
 * ECS-Container-Deployment: on a commit, or when an image has been pushed as `latest`, deploys image and task
 * definition blue/green to one environment after the other. Either event takes the newest of both sources.
 */
export default function containerDeploymentPipeline(topology: Topology): Template {
  const names = namesOf(topology);
  const store = artifactStore(topology);
  const t = template(
    `Tooling account of ${topology.project}: pipeline ${pipelineNamesOf(topology).containerDeployment}`,
  );
  declareRegion(t);
  const accounts = declareAccountIds(t, topology);

  const source = sourceFrom(t, topology, 'containerDeployment', {
    description: 'appspec.yaml and one task definition for each environment',
    files: ['appspec.yaml', 'taskdef-*.json'],
  });
  const image = imageFrom(topology);

  const pipeline = declarePipeline(t, topology, store, {
    pipeline: 'containerDeployment',
    stages: [
      stage('Source', [[source.action, image]]),
      ...topology.environments.map((environment) =>
        environmentStage(topology, environment, [
          ...(environment.approval
            ? [
                approve(topology, names.topicArn(), {
                  name: 'Approve',
                  message: `Deploy image ${imageDigest} with the task definition of commit ${commitId} to ${environment.name}?`,
                  link: source.commitLink,
                }),
              ]
            : []),
          blueGreen(topology, {
            target: { environment, account: accounts(environment) },
            definitions: source.action.output,
            image: image.output,
          }),
        ]),
      ),
    ],
    ...(source.trigger ? { trigger: source.trigger } : {}),
  });
  source.start();
  startOnImage(t, topology, 'containerDeployment');
  tellOfFailures(t, topology, 'containerDeployment');

  t.outputs({ PipelineName: { Description: 'The pipeline', Value: pipeline } });
  return t;
}
