import { sub, type Template, template } from '../../dsl';
import { pascalCase } from '../../model/function-names';
import {
  bucketArn,
  namesOf,
  pipelineNamesOf,
  roleArn,
  type WorkloadTemplate,
  workloadTemplates,
} from '../../model/names';
import type { Environment, Topology } from '../../model/topology';
import { artifactStore } from '../../patterns/shared/artifacts';
import { declareAccountIds, declareRegion } from '../../patterns/shared/parameters';
import { type Action, approve, buildWith, changeSetName, deployStack } from '../../patterns/tooling/actions';
import { declareApprovers } from '../../patterns/tooling/approvers';
import { declareBuild } from '../../patterns/tooling/build-project';
import { declarePipeline, environmentStage, stage } from '../../patterns/tooling/pipeline';
import { reviewLink } from '../../patterns/tooling/review';
import { commitId, sourceFrom } from '../../patterns/tooling/source';
import { notifyOfFailures } from '../../patterns/tooling/triggers';

/**
 * Infrastructure-Deployment: on a commit, packages the Lambda functions, checks the templates, and deploys both to one
 * environment after the other. What the package stage leaves behind (packages by content, template configurations, the
 * templates themselves) is all that later stages use: an approval that waits a week ships what was tested, not what
 * has been committed since.
 */
export default function infrastructureDeploymentPipeline(topology: Topology): Template {
  const names = namesOf(topology);
  const store = artifactStore(topology);
  const t = template(
    `Tooling account of ${topology.project}: pipeline ${pipelineNamesOf(topology).infrastructureDeployment}`,
  );
  declareRegion(t);
  const accounts = declareAccountIds(t, topology);

  const source = sourceFrom(t, topology, 'infrastructureDeployment', {
    description: 'Templates of environments, parameters and Lambda functions',
    files: ['generated/environment/**', 'lambda/**', 'parameters/**'],
  });

  const packaging = declareBuild(t, topology, store, 'infrastructureDeployment', {
    name: names.zipsBuild,
    description: 'Installs what functions depend on, and makes a zip of each',
    // npm and pip read what a commit tells them.
    runsCommittedCode: true,
    timeoutInMinutes: 30,
    input: source.action.output,
    output: { name: 'Zips', folder: 'zips' },
    buildspec: {
      // Whichever run npm and pip: they install for the runtime of each function.
      install: { 'runtime-versions': { nodejs: 24, python: 3.14 } },
      build: ['bash "$scripts/package-lambdas.sh" --output zips'],
    },
    permissions: [],
  });
  const packaged = buildWith('Package', packaging);

  const publishing = declareBuild(t, topology, store, 'infrastructureDeployment', {
    name: names.packageBuild,
    description: 'Uploads the packages that are new, and fixes what all environments get',
    runsCommittedCode: false,
    timeoutInMinutes: 30,
    // Templates and parameters straight from the commit: the build before could have changed its copy of them.
    input: source.action.output,
    besides: [packaged.output],
    output: { name: 'Package', folder: 'package' },
    buildspec: {
      install: { 'runtime-versions': { python: 3.14 } },
      build: ['bash "$scripts/publish-packages.sh" --zips "$CODEBUILD_SRC_DIR_Zips" --output package'],
    },
    environment: { PACKAGE_BUCKET: names.packageBucket() },
    permissions: [
      {
        Sid: 'UploadPackages',
        Effect: 'Allow',
        Action: ['s3:GetObject', 's3:PutObject'],
        Resource: bucketArn(sub`${names.packageBucket()}/*.zip`),
      },
    ],
  });
  const published = buildWith('Publish', publishing);

  const checking = declareBuild(t, topology, store, 'infrastructureDeployment', {
    name: 'check-templates',
    description: 'Checks the templates with cfn-lint and cfn-nag, and their parameters',
    runsCommittedCode: false,
    timeoutInMinutes: 20,
    input: published.output,
    buildspec: {
      // cfn-nag is not maintained since 2022. The GitHub workflow runs it with the same Ruby.
      install: { 'runtime-versions': { python: 3.13, ruby: 3.3 } },
      build: ['bash "$scripts/check-templates.sh" --install --report reports/checks.xml generated/environment/*.yaml'],
      reports: { checks: { files: ['checks.xml'], 'base-directory': 'reports', 'file-format': 'JUNITXML' } },
    },
    permissions: [],
  });

  const checked = buildWith('Check', checking);

  /**
   * The build that updates the functions of one environment. A build that reached them all would reach production before
   * anybody has approved.
   */
  const updating = (environment: Environment) => {
    const role = roleArn(accounts(environment), names.lambdaUpdateRole(environment.name));
    return declareBuild(t, topology, store, 'infrastructureDeployment', {
      name: names.updateLambdasBuild(environment.name),
      description: `Assumes a role in ${environment.name} and makes its functions run the packaged code`,
      runsCommittedCode: false,
      timeoutInMinutes: 30,
      input: published.output,
      buildspec: { build: ['bash "$scripts/update-lambdas.sh" --manifest manifest.json'] },
      environment: {
        ENVIRONMENT_NAME: environment.name,
        FUNCTION_PREFIX: names.environmentPrefix(environment.name),
        LAMBDA_UPDATE_ROLE_ARN: role,
        COMMIT_RECORD: names.commitRecord(environment.name),
      },
      permissions: [{ Sid: 'ActInEnvironment', Effect: 'Allow', Action: 'sts:AssumeRole', Resource: role }],
    });
  };

  /**
   * The build that says in words what an approval lets through. Of the stacks after the first, no change set can be
   * prepared: they import from it, and a new account doesn't have that by then. What is deployed there is fixed all the
   * same, by the artifact, which nothing of a commit can write.
   */
  const reviewing = (environment: Environment) => {
    const role = roleArn(accounts(environment), names.reviewRole(environment.name));
    const [prepared = '', ...previewed] = workloadTemplates(topology);
    return declareBuild(t, topology, store, 'infrastructureDeployment', {
      name: names.reviewBuild(environment.name),
      description: `Says what a deployment to ${environment.name} replaces, removes and allows`,
      runsCommittedCode: false,
      timeoutInMinutes: 20,
      input: published.output,
      buildspec: {
        build: ['bash "$scripts/review-changes.sh" --output review'],
        exports: { SUMMARY: 'review/summary', RUNNING: 'review/running', BUILD: 'review/build' },
      },
      environment: {
        ENVIRONMENT_NAME: environment.name,
        STACK_PREFIX: names.environmentPrefix(environment.name),
        REVIEW_ROLE_ARN: role,
        PREPARED: prepared,
        CHANGE_SET: changeSetName,
        ...(previewed.length === 0 ? {} : { PREVIEWED: previewed.join(' ') }),
        COMMIT_RECORD: names.commitRecord(environment.name),
        ...(source.comparison === undefined ? {} : { COMPARE_URL: source.comparison }),
      },
      permissions: [{ Sid: 'LookIntoEnvironment', Effect: 'Allow', Action: 'sts:AssumeRole', Resource: role }],
    });
  };

  /** What deploys to an environment, in order; what the approval lets through is there for the approver to look at. */
  const deployTo = (environment: Environment): readonly Action[] => {
    const target = { environment, account: accounts(environment) };
    const stackOf = (name: WorkloadTemplate) => ({ target, template: name, source: published.output });
    const namespace = `Review${pascalCase(environment.name)}`;
    const infrastructure = environment.approval
      ? [
          deployStack(topology, 'CHANGE_SET_REPLACE', stackOf('infrastructure')),
          buildWith('Review', reviewing(environment), { environment: { COMMIT: commitId }, namespace }),
          approve(topology, names.topicArn(), {
            name: names.approval,
            message:
              `Deploy commit ${commitId} to ${environment.name}, which runs #{${namespace}.RUNNING}? ` +
              `#{${namespace}.SUMMARY}`,
            link: reviewLink(names.buildProject(names.reviewBuild(environment.name)), namespace),
          }),
          deployStack(topology, 'CHANGE_SET_EXECUTE', stackOf('infrastructure')),
        ]
      : [deployStack(topology, 'CREATE_UPDATE', stackOf('infrastructure'))];
    return [
      ...infrastructure,
      ...(topology.container === undefined
        ? []
        : [deployStack(topology, 'CREATE_UPDATE', stackOf('container-service'))]),
      // CloudFormation updates functions whose package changed; this brings those back that something else changed.
      buildWith('Update-functions', updating(environment), { environment: { COMMIT: commitId } }),
    ];
  };

  const pipeline = declarePipeline(t, topology, store, {
    pipeline: 'infrastructureDeployment',
    stages: [
      stage('Source', [source.action]),
      stage('Package', [packaged, published], topology.pipelines.onBuildFailure),
      stage('Check', [checked]),
      ...topology.environments.map((environment) => environmentStage(topology, environment, deployTo(environment))),
    ],
    ...(source.trigger ? { trigger: source.trigger } : {}),
  });
  source.start();
  // Here, because every route has this pipeline, and the store has no room for what grows with environments.
  if (topology.environments.some(({ approval }) => approval)) {
    declareApprovers(t, topology, store.keyArn, accounts);
  }
  notifyOfFailures(t, topology, 'infrastructureDeployment', {
    targets: topology.environments.map((environment) => ({ environment, account: accounts(environment) })),
    templates: workloadTemplates(topology),
  });

  t.outputs({ PipelineName: { Description: 'The pipeline', Value: pipeline } });
  return t;
}
