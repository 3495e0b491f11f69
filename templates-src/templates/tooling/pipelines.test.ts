import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { compile, type Document, Intrinsic, type Node } from '../../dsl';
import type { Topology } from '../../model/topology';
import { topologyWith } from '../../topology.fixture';
import artifactStore from './artifact-store';
import containerBuildPipeline from './container-build-pipeline';
import containerDeploymentPipeline from './container-deployment-pipeline';
import infrastructureDeploymentPipeline from './infrastructure-deployment-pipeline';

type Tree = Readonly<Record<string, Node>>;

const templates = { containerBuildPipeline, infrastructureDeploymentPipeline, containerDeploymentPipeline };

const topologies = [1, 3, 10].flatMap((count) =>
  (['codecommit', 'connection'] as const).map((source) => ({
    title: `${count} environments, source ${source}`,
    topology: topologyWith({
      project: 'route-to-live',
      environments: Array.from({ length: count }, (_, index) => ({ name: `env${index}`, approval: index > 0 })),
      pipelines: { source },
    }),
  })),
);

/** Variables that actions have, by provider (CodePipeline user guide, "Variables reference"). */
const variablesOf: Readonly<Record<string, readonly string[]>> = {
  CodeCommit: ['AuthorDate', 'BranchName', 'CommitId', 'CommitMessage', 'CommitterDate', 'RepositoryName'],
  CodeStarSourceConnection: [
    'AuthorDate',
    'BranchName',
    'CommitId',
    'CommitMessage',
    'ConnectionArn',
    'FullRepositoryName',
  ],
  ECR: ['ImageDigest', 'ImageTag', 'ImageURI', 'RegistryId', 'RepositoryName'],
};

const tree = (node: Node | undefined): Tree => node as Tree;
const list = (node: Node | undefined): readonly Tree[] => (node ?? []) as readonly Tree[];
const text = (node: Node | undefined): string =>
  node instanceof Intrinsic ? `!${node.functionName} ${JSON.stringify(node.argument)}` : String(node);

function pipelineOf(document: Document): Tree {
  const pipelines = Object.values(tree(document.Resources)).filter(
    (it) => tree(it).Type === 'AWS::CodePipeline::Pipeline',
  );
  expect(pipelines).toHaveLength(1);
  return tree(tree(pipelines[0]).Properties);
}

interface PlacedAction {
  readonly stage: string;
  readonly position: number;
  readonly action: Tree;
  readonly provider: string;
  readonly configuration: Tree;
}

function actionsOf(document: Document): readonly PlacedAction[] {
  return list(pipelineOf(document).Stages).flatMap((stage, index) =>
    list(stage.Actions).map((action) => ({
      stage: String(stage.Name),
      position: index * 100 + Number(action.RunOrder),
      action,
      provider: String(tree(action.ActionTypeId).Provider),
      configuration: tree(action.Configuration),
    })),
  );
}

/** The variables that the build of an action exports. */
function exportedBy(resources: Document, { configuration }: PlacedAction): readonly string[] {
  const project = tree(resources[String((configuration.ProjectName as Intrinsic).argument)]);
  const buildspec = load(String(tree(tree(project.Properties).Source).BuildSpec)) as {
    env: { 'exported-variables'?: readonly string[] };
  };
  return buildspec.env['exported-variables'] ?? [];
}

/** The id of the account that a role's ARN names: `DevAccountId` of `!Sub arn:...:iam::${DevAccountId}:role/...`. */
const accountOf = (arn: Node | undefined) => /:iam::\$\{(\w+)\}:role\//.exec(text(arn))?.[1];

const every = topologies.flatMap(({ title, topology }) =>
  Object.entries(templates).map(([name, make]) => ({
    title: `${name}, ${title}`,
    topology,
    document: compile(make(topology)),
  })),
);

describe.each(every)('$title', ({ topology, document }) => {
  const actions = actionsOf(document);
  const resources = tree(document.Resources);

  it('uses only artifacts that an earlier action has produced', () => {
    const consumers = actions.flatMap((placed) =>
      list(placed.action.InputArtifacts).map(({ Name }) => ({ ...placed, artifact: Name })),
    );
    expect(consumers.length).toBeGreaterThan(0);
    for (const { position, artifact, action } of consumers) {
      const producers = actions.filter(({ action: it }) =>
        list(it.OutputArtifacts).some(({ Name }) => Name === artifact),
      );
      expect(producers, `${action.Name} uses ${artifact}`).toHaveLength(1);
      expect(producers[0]?.position, `${action.Name} uses ${artifact}`).toBeLessThan(position);
    }
  });

  it('names only files of artifacts that the action takes in', () => {
    for (const { action, configuration } of actions) {
      for (const path of ['TemplatePath', 'TemplateConfiguration']) {
        if (configuration[path] !== undefined) {
          const [artifact] = text(configuration[path]).split('::');
          expect(list(action.InputArtifacts).map(({ Name }) => Name)).toContain(artifact);
        }
      }
      for (const key of ['AppSpecTemplateArtifact', 'TaskDefinitionTemplateArtifact', 'Image1ArtifactName']) {
        if (configuration[key] !== undefined) {
          expect(list(action.InputArtifacts).map(({ Name }) => Name)).toContain(configuration[key]);
        }
      }
    }
  });

  it('acts and creates in the same account, of the environment that the stage is named after', () => {
    for (const { stage, action, configuration } of actions.filter(({ action: it }) => it.RoleArn !== undefined)) {
      const account = accountOf(action.RoleArn);
      expect(account).toBe(`${stage}AccountId`);
      if (configuration.RoleArn !== undefined) {
        expect(accountOf(configuration.RoleArn)).toBe(account);
      }
    }
  });

  it('may assume exactly the roles of its actions', () => {
    const policy = tree(tree(tree(resources.PipelineRolePolicy).Properties).PolicyDocument);
    const assume = list(policy.Statement).find(({ Sid }) => Sid === 'ActInEnvironments');
    const allowed = [assume?.Resource ?? []].flat().map((it) => text(it as Node));
    const needed = actions.flatMap(({ action }) => (action.RoleArn === undefined ? [] : [text(action.RoleArn)]));
    expect(new Set(allowed)).toEqual(new Set(needed));
  });

  it('names only build projects, repositories and topics that exist', () => {
    const store = tree(compile(artifactStore(topology)).Resources);
    const topicName = tree(tree(store.NotificationTopic).Properties).TopicName;
    const imageRepository = tree(tree(store.ImageRepository).Properties).RepositoryName;
    for (const { provider, configuration } of actions) {
      switch (provider) {
        case 'CodeBuild': {
          const project = configuration.ProjectName;
          expect(project).toBeInstanceOf(Intrinsic);
          expect(tree(resources[String((project as Intrinsic).argument)]).Type).toBe('AWS::CodeBuild::Project');
          break;
        }
        case 'CodeCommit': {
          const [id] = String((configuration.RepositoryName as Intrinsic).argument).split('.');
          expect(tree(resources[String(id)]).Type).toBe('AWS::CodeCommit::Repository');
          break;
        }
        case 'ECR':
          expect(configuration.RepositoryName).toBe(imageRepository);
          break;
        case 'Manual':
          expect(text(configuration.NotificationArn)).toContain(`:\${AWS::AccountId}:${topicName}`);
          break;
        default:
          expect(['CloudFormation', 'CodeDeployToECS', 'CodeStarSourceConnection']).toContain(provider);
      }
    }
  });

  it('uses only variables that an earlier action has', () => {
    const namespaces = new Map(
      actions.flatMap((placed) =>
        placed.action.Namespace === undefined
          ? []
          : [
              [
                String(placed.action.Namespace),
                { position: placed.position, variables: variablesOf[placed.provider] ?? exportedBy(resources, placed) },
              ] as const,
            ],
      ),
    );
    for (const { configuration, position } of actions) {
      for (const [, namespace, variable] of JSON.stringify(configuration).matchAll(/#\{([^.}]+)\.([^}]+)\}/g)) {
        const found = namespaces.get(String(namespace));
        expect(found, `#{${namespace}.${variable}}`).toBeDefined();
        expect(found?.variables, `#{${namespace}.${variable}}`).toContain(variable);
        expect(found?.position).toBeLessThan(position);
      }
    }
  });

  it('asks for approval in the stage of the environment, before anything is changed there', () => {
    for (const { name, approval } of topology.environments) {
      const inStage = actions.filter(({ stage }) => stage.toLowerCase() === name);
      const changes = inStage.filter(
        ({ provider, action, configuration }) =>
          provider !== 'Manual' && configuration.ActionMode !== 'CHANGE_SET_REPLACE' && action.Name !== 'Review',
      );
      const approvals = inStage.filter(({ provider }) => provider === 'Manual');
      expect(approvals).toHaveLength(approval && inStage.length > 0 ? 1 : 0);
      for (const { position, action, configuration } of approvals) {
        expect(Math.min(...changes.map((it) => it.position))).toBeGreaterThan(position);
        expect(configuration.CustomData).toContain('#{Source.CommitId}');
        expect(action.TimeoutInMinutes).toBe(topology.pipelines.approvalTimeoutInMinutes);
      }
    }
  });

  it('does not poll, is of type V2, and encrypts its artifacts with the key', () => {
    const pipeline = pipelineOf(document);
    expect(pipeline.PipelineType).toBe('V2');
    expect(tree(tree(pipeline.ArtifactStore).EncryptionKey)).toEqual({
      Type: 'KMS',
      Id: new Intrinsic('ImportValue', 'route-to-live-artifact-store:ArtifactKeyArn'),
    });
    const sources = actions.filter(({ action }) => tree(action.ActionTypeId).Category === 'Source');
    for (const { provider, configuration } of sources.filter((it) => it.provider !== 'ECR')) {
      expect(configuration[provider === 'CodeCommit' ? 'PollForSourceChanges' : 'DetectChanges']).toBe('false');
    }
  });

  it('is started by an event where it has a repository, and by a filtered trigger where it has a connection', () => {
    const { source } = topology.pipelines;
    const triggers = list(pipelineOf(document).Triggers);
    expect(resources.CommitRule === undefined).toBe(source === 'connection');
    expect(resources.SourceRepository === undefined).toBe(source === 'connection');
    expect(triggers).toHaveLength(source === 'connection' ? 1 : 0);
    for (const trigger of triggers) {
      const git = tree(trigger.GitConfiguration);
      expect(actions.map(({ action }) => action.Name)).toContain(git.SourceActionName);
      const [push] = list(git.Push);
      expect(tree(push?.Branches).Includes).toEqual(['main']);
      expect(list(tree(push?.FilePaths).Includes).length).toBeGreaterThan(0);
    }
  });

  it('gives each build project a role of its own, a log group with retention, the key and a time-out', () => {
    const projects = Object.values(resources).filter((it) => tree(it).Type === 'AWS::CodeBuild::Project');
    const roles = projects.map((project) => {
      const properties = tree(tree(project).Properties);
      const group = tree(
        resources[String((tree(tree(properties.LogsConfig).CloudWatchLogs).GroupName as Intrinsic).argument)],
      );
      expect(Number(tree(group.Properties).RetentionInDays)).toBeGreaterThan(0);
      expect(tree(group.Properties).KmsKeyId).toBeInstanceOf(Intrinsic);
      expect(text(properties.EncryptionKey)).toContain('ArtifactKeyArn');
      expect(Number(properties.TimeoutInMinutes)).toBeLessThanOrEqual(60);
      return text(properties.ServiceRole);
    });
    expect(new Set(roles).size).toBe(projects.length);
  });

  it('lets the role of a build read the artifact that its actions are given, and write the one they make', () => {
    const resources = tree(document.Resources);
    const project = (action: Tree) => String((tree(action.Configuration).ProjectName as Intrinsic).argument);
    const folders = (names: Node | undefined) => list(names).map(({ Name }) => String(Name).slice(0, 10));
    for (const { action } of actionsOf(document).filter(({ provider }) => provider === 'CodeBuild')) {
      const policy = tree(tree(resources[project(action).replace(/Project$/, 'RolePolicy')]).Properties).PolicyDocument;
      const pathsOf = (sid: string) =>
        list(tree(policy).Statement)
          .filter(({ Sid }) => Sid === sid)
          .flatMap(({ Resource }) => (Resource as readonly Node[]).map(text))
          .map((arn) => /\/([^/]+)\/([^/]+)\/\*"$/.exec(arn)?.slice(1));
      const pipeline = String(pipelineOf(document).Name).slice(0, 20);
      expect(pathsOf('ReadArtifacts')).toEqual(folders(action.InputArtifacts).map((name) => [pipeline, name]));
      expect(pathsOf('WriteArtifacts')).toEqual(folders(action.OutputArtifacts).map((name) => [pipeline, name]));
    }
  });
});

describe('Infrastructure-Deployment', () => {
  const stageOf = (topology: Topology, name: string) =>
    actionsOf(compile(infrastructureDeploymentPipeline(topology)))
      .filter(({ stage }) => stage === name)
      .map(({ action }) => action.Name);
  const topology = topologyWith({
    project: 'route-to-live',
    environments: [
      { name: 'dev', approval: false },
      { name: 'prod', approval: true },
    ],
  });

  it('deploys at once where nobody has to approve', () => {
    expect(stageOf(topology, 'Dev')).toEqual(['Deploy-infrastructure', 'Deploy-container-service', 'Update-functions']);
  });

  it('prepares, waits and executes where somebody has to approve', () => {
    expect(stageOf(topology, 'Prod')).toEqual([
      'Prepare-infrastructure',
      'Review',
      'Approve',
      'Execute-infrastructure',
      'Deploy-container-service',
      'Update-functions',
    ]);
  });

  it('gives each environment builds of its own, whose roles act in that environment alone', () => {
    const document = compile(infrastructureDeploymentPipeline(topology));
    const assumed = Object.entries(tree(document.Resources)).flatMap(([id, resource]) =>
      list(tree(tree(tree(resource).Properties).PolicyDocument)?.Statement)
        .filter(({ Action }) => Action === 'sts:AssumeRole')
        .map(({ Resource }) => [id, [Resource].flat().map((arn) => text(arn ?? ''))] as const),
    );
    const roles = Object.fromEntries(assumed);
    expect(roles.UpdateLambdasDevRolePolicy).toEqual([expect.stringContaining('route-to-live-dev-lambda-update')]);
    expect(roles.UpdateLambdasProdRolePolicy).toEqual([expect.stringContaining('route-to-live-prod-lambda-update')]);
    expect(roles.ReviewProdRolePolicy).toEqual([expect.stringContaining('route-to-live-prod-review')]);
    expect(Object.keys(roles)).toEqual([
      'UpdateLambdasDevRolePolicy',
      'ReviewProdRolePolicy',
      'UpdateLambdasProdRolePolicy',
      'PipelineRolePolicy',
    ]);
  });

  it('deploys nothing but what its own package stage has left behind', () => {
    const deployments = actionsOf(compile(infrastructureDeploymentPipeline(topology))).filter(
      ({ stage, provider }) => ['Dev', 'Prod'].includes(stage) && provider !== 'Manual',
    );
    const inputs = deployments.flatMap(({ action }) => list(action.InputArtifacts).map(({ Name }) => Name));
    expect(new Set(inputs)).toEqual(new Set(['Package']));
  });

  it('tries builds again but not checks, and rolls back only where no approval can fail the stage', () => {
    const onFailure = (choices: Topology['pipelines']) =>
      Object.fromEntries(
        list(pipelineOf(compile(infrastructureDeploymentPipeline({ ...topology, pipelines: choices }))).Stages).map(
          (stage) => [stage.Name, tree(stage.OnFailure)?.Result],
        ),
      );
    expect(onFailure(topology.pipelines)).toEqual({
      Source: undefined,
      Package: 'RETRY',
      Check: undefined,
      Dev: undefined,
      Prod: undefined,
    });
    expect(onFailure({ ...topology.pipelines, onBuildFailure: 'fail', onDeploymentFailure: 'rollback' })).toEqual({
      Source: undefined,
      Package: undefined,
      Check: undefined,
      Dev: 'ROLLBACK',
      Prod: undefined,
    });
  });
});
