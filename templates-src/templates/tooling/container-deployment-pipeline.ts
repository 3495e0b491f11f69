import { createHash } from 'node:crypto';
import { Partition, type Substitution, sub, type Template, template } from '../../dsl';
import { containerNames, containerOf } from '../../model/container';
import { pascalCase } from '../../model/function-names';
import { namesOf, pipelineNamesOf, regionalArn, roleArn } from '../../model/names';
import type { Environment, Topology } from '../../model/topology';
import { appspec } from '../../patterns/environment/ecs-deploy';
import { artifactStore } from '../../patterns/shared/artifacts';
import { declareAccountIds, declareRegion } from '../../patterns/shared/parameters';
import { approve, blueGreen, buildWith } from '../../patterns/tooling/actions';
import { declareBuild } from '../../patterns/tooling/build-project';
import { declarePipeline, environmentStage, stage } from '../../patterns/tooling/pipeline';
import { reviewLink } from '../../patterns/tooling/review';
import { commitId, imageDigest, imageFrom, sourceFrom } from '../../patterns/tooling/source';
import { notifyOfFailures, startOnImage } from '../../patterns/tooling/triggers';

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

  const verifying = declareBuild(t, topology, store, 'containerDeployment', {
    name: names.verifiedBuild,
    description: 'Refuses task definitions and appspecs that name other images, roles or networks than the route has',
    runsCommittedCode: false,
    timeoutInMinutes: 10,
    input: source.action.output,
    output: { name: 'Verified', folder: 'verified' },
    buildspec: { build: ['bash "$scripts/verify-deployment.sh" --output verified'] },
    environment: {
      EXPECTED: expectations(topology),
      ...Object.fromEntries(
        topology.environments.map((environment) => [`ACCOUNT_${environment.name}`, accounts(environment)]),
      ),
    },
    permissions: [],
  });
  const verified = buildWith('Verify', verifying);

  /** The build that says in words what an approval lets through. */
  const reviewing = (environment: Environment) => {
    const role = roleArn(accounts(environment), names.containerReviewRole(environment.name));
    const imageBuilds = names.buildProject(names.imageBuild);
    return declareBuild(t, topology, store, 'containerDeployment', {
      name: names.reviewContainerBuild(environment.name),
      description: `Says what a deployment of the container to ${environment.name} changes`,
      runsCommittedCode: false,
      timeoutInMinutes: 10,
      input: verified.output,
      besides: [image.output],
      buildspec: {
        build: ['bash "$scripts/review-deployment.sh" --image "$CODEBUILD_SRC_DIR_Image" --output review'],
        exports: { SUMMARY: 'review/summary', BUILD: 'review/build' },
      },
      environment: {
        ENVIRONMENT_NAME: environment.name,
        REVIEW_ROLE_ARN: role,
        CLUSTER: names.containerCluster(environment.name),
        SERVICE: names.containerApplication(environment.name),
        IMAGE_REPOSITORY: names.imageRepository,
        IMAGE_BUILDS: imageBuilds,
      },
      permissions: [
        { Sid: 'LookIntoEnvironment', Effect: 'Allow', Action: 'sts:AssumeRole', Resource: role },
        {
          Sid: 'LookUpImages',
          Effect: 'Allow',
          Action: 'ecr:DescribeImages',
          Resource: regionalArn('ecr', `repository/${names.imageRepository}`),
        },
        {
          Sid: 'LookUpBuilds',
          Effect: 'Allow',
          Action: 'codebuild:BatchGetBuilds',
          Resource: regionalArn('codebuild', `project/${imageBuilds}`),
        },
      ],
    });
  };

  /** What comes before a deployment that somebody has to approve. */
  const approvalOf = (environment: Environment) => {
    const namespace = `Review${pascalCase(environment.name)}`;
    return [
      buildWith('Review', reviewing(environment), { namespace }),
      approve(topology, names.topicArn(), {
        name: names.approval,
        message:
          `Deploy image ${imageDigest} with the task definition of commit ${commitId} to ${environment.name}? ` +
          `#{${namespace}.SUMMARY}`,
        link: reviewLink(names.buildProject(names.reviewContainerBuild(environment.name)), namespace),
      }),
    ];
  };

  const pipeline = declarePipeline(t, topology, store, {
    pipeline: 'containerDeployment',
    stages: [
      stage('Source', [[source.action, image]]),
      stage('Verify', [verified]),
      ...topology.environments.map((environment) =>
        environmentStage(topology, environment, [
          ...(environment.approval ? approvalOf(environment) : []),
          blueGreen(topology, {
            target: { environment, account: accounts(environment) },
            definitions: verified.output,
            image: image.output,
          }),
        ]),
      ),
    ],
    ...(source.trigger ? { trigger: source.trigger } : {}),
  });
  source.start();
  startOnImage(t, topology, 'containerDeployment');
  notifyOfFailures(t, topology, 'containerDeployment');

  t.outputs({ PipelineName: { Description: 'The pipeline', Value: pipeline } });
  return t;
}

/**
 * What deployments have to be like, as JSON for `scripts/codebuild/verify-deployment.sh`. Names of environments and
 * accounts are filled in there: one more of them changes no line of the template.
 */
function expectations(topology: Topology): Substitution {
  const container = containerOf(topology);
  const names = namesOf(topology);
  const { family, logGroup } = containerNames(topology, '{environment}');
  const role = (name: Substitution) => sub`arn:${Partition}:iam::{account}:role/${name}`;
  const digest = createHash('sha256').update(appspec(container)).digest('hex');
  return sub`{"appspec":"${digest}","container":"${container.name}","port":${String(container.port)},"family":"${family}","logGroup":"${logGroup}","taskRole":"${role(names.taskRole('{environment}'))}","executionRole":"${role(names.taskExecutionRole('{environment}'))}"}`;
}
