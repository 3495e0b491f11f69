import { AccountId, Partition, Region, sub, type Template, template, UrlSuffix } from '../../dsl';
import { namesOf, pipelineNamesOf } from '../../model/names';
import type { Topology } from '../../model/topology';
import { artifactStore } from '../../patterns/shared/artifacts';
import { declareRegion } from '../../patterns/shared/parameters';
import { buildWith } from '../../patterns/tooling/actions';
import { declareBuild } from '../../patterns/tooling/build-project';
import { declarePipeline, stage } from '../../patterns/tooling/pipeline';
import { sourceFrom } from '../../patterns/tooling/source';
import { notifyOfFailures } from '../../patterns/tooling/triggers';

/** ECS-Container-Build: on a commit, builds the image, tags it `latest` and the build's id, and pushes it to ECR. */
export default function containerBuildPipeline(topology: Topology): Template {
  const names = namesOf(topology);
  const store = artifactStore(topology);
  const t = template(`Tooling account of ${topology.project}: pipeline ${pipelineNamesOf(topology).containerBuild}`);
  declareRegion(t);

  const source = sourceFrom(t, topology, 'containerBuild', {
    description: 'Dockerfile, application and its tests; a commit builds an image',
    files: ['**'],
  });

  const build = declareBuild(t, topology, store, 'containerBuild', {
    name: names.imageBuild,
    description: 'Builds the container image and pushes it to ECR',
    docker: true,
    runsCommittedCode: true,
    timeoutInMinutes: 30,
    input: source.action.output,
    buildspec: { build: ['bash "$scripts/build-image.sh"'] },
    environment: {
      REPOSITORY_URI: sub`${AccountId}.dkr.ecr.${Region}.${UrlSuffix}/${names.imageRepository}`,
    },
    permissions: [
      { Sid: 'LogInToRegistry', Effect: 'Allow', Action: 'ecr:GetAuthorizationToken', Resource: '*' },
      {
        Sid: 'PushImages',
        Effect: 'Allow',
        Action: [
          'ecr:BatchCheckLayerAvailability',
          'ecr:BatchGetImage',
          'ecr:CompleteLayerUpload',
          'ecr:DescribeImages',
          'ecr:InitiateLayerUpload',
          'ecr:PutImage',
          'ecr:UploadLayerPart',
        ],
        Resource: sub`arn:${Partition}:ecr:${Region}:${AccountId}:repository/${names.imageRepository}`,
      },
    ],
  });

  const pipeline = declarePipeline(t, topology, store, {
    pipeline: 'containerBuild',
    stages: [
      stage('Source', [source.action]),
      stage('Build', [buildWith('Build', build)], topology.pipelines.onBuildFailure),
    ],
    ...(source.trigger ? { trigger: source.trigger } : {}),
  });
  source.start();
  notifyOfFailures(t, topology, 'containerBuild');

  t.outputs({ PipelineName: { Description: 'The pipeline', Value: pipeline } });
  return t;
}
