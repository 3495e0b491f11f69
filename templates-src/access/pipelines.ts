import { buildScriptsKey } from '../model/build-scripts';
import { type PipelineKey, pipelineNames, pipelineNamesOf, pipelinesOf } from '../model/names';
import { type ActorCases, type Cases, casesOf, type DeclaredRoute, type DeclaredStack, type Need } from './case';
import { administratorOf, arnIn, imagesOf, openRepository, openRole } from './elsewhere';
import {
  assumedByService,
  type EncryptedObjects,
  encryptedObjects,
  executionRolesOf,
  ifNoneMatch,
  neverDeletes,
} from './needs';

/** The pipelines: what their roles do, what starts them, and whom they tell. */

const stackOf: Readonly<Record<PipelineKey, string>> = {
  containerBuild: 'container-build-pipeline',
  infrastructureDeployment: 'infrastructure-deployment-pipeline',
  containerDeployment: 'container-deployment-pipeline',
};

const keys = Object.keys(pipelineNames) as readonly PipelineKey[];

/** The stack of a pipeline. */
export const pipelineStack = ({ tooling }: DeclaredRoute, pipeline: PipelineKey): DeclaredStack =>
  tooling.stack(stackOf[pipeline]);

/** Another pipeline than this one; a route need not have it. */
const another = (pipeline: PipelineKey): PipelineKey => keys[(keys.indexOf(pipeline) + 1) % keys.length] as PipelineKey;

/** ARNs of what another pipeline of the route has; where it has no other, of what somebody else has. */
const ofAnother = (route: DeclaredRoute, pipeline: PipelineKey) => {
  const { tooling, topology } = route;
  const key = pipelinesOf(topology).find((other) => other === another(pipeline));
  const stack = key === undefined ? undefined : pipelineStack(route, key);
  return {
    pipeline: stack?.arn('Pipeline') ?? arnIn(route, tooling, 'codepipeline', 'somebody-elses-pipeline'),
    /** Only asked for where pipelines have repositories. */
    repository: () =>
      stack?.arn('SourceRepository') ?? arnIn(route, tooling, 'codecommit', 'somebody-elses-repository'),
    projects: (stack?.resources ?? []).filter(({ type }) => type === 'AWS::CodeBuild::Project').map(({ arn }) => arn),
  };
};

/**
 * An artifact of a pipeline. CodePipeline names folders after the first 20 characters of the pipeline and the first 10
 * of the artifact.
 */
export function artifactOf(
  { tooling, topology }: DeclaredRoute,
  pipeline: PipelineKey,
  artifact: ArtifactName,
): string {
  const folders = `${pipelineNamesOf(topology)[pipeline].slice(0, 20)}/${artifact.slice(0, 10)}`;
  return `${tooling.stack('artifact-store').arn('ArtifactBucket')}/${folders}/AbCdEfG`;
}

/** The artifacts that the pipelines have between them. */
export type ArtifactName = 'Source' | 'Zips' | 'Package' | 'Image' | 'Verified';

/**
 * Artifacts of a pipeline, for those who may use them and no others.
 *
 * @param whole whether the actor may use all artifacts of the pipeline
 */
export function artifacts(
  route: DeclaredRoute,
  pipeline: PipelineKey,
  artifact: ArtifactName | readonly [ArtifactName, ...ArtifactName[]],
  { whole = false }: { readonly whole?: boolean } = {},
): EncryptedObjects {
  const store = route.tooling.stack('artifact-store');
  return {
    bucket: store.arn('ArtifactBucket'),
    objects: [artifact].flat().map((name) => artifactOf(route, pipeline, name)),
    key: store.arn('ArtifactKey'),
    bucketOwner: route.tooling,
    others: [
      {
        that: `an artifact of ${pipelineNames[another(pipeline)]}`,
        on: artifactOf(route, another(pipeline), [artifact].flat()[0] as ArtifactName),
        why: 'one pipeline must not read or replace what another deploys',
      },
      ...(whole
        ? []
        : [
            {
              that: 'an artifact that is not for it',
              on: `${store.arn('ArtifactBucket')}/${pipelineNamesOf(route.topology)[pipeline].slice(0, 20)}/Unknown/AbCdEfG`,
              why: 'later actions read artifacts by key: who can write one replaces what waits for approval',
            },
          ]),
    ],
  };
}

/**
 * Packages of functions, for those who may use them.
 *
 * @param whyNoArtifacts why the actor reads no artifacts beside them
 */
export function packages(route: DeclaredRoute, whyNoArtifacts: string): EncryptedObjects {
  const store = route.tooling.stack('artifact-store');
  return {
    bucket: store.arn('PackageBucket'),
    objects: packageIn(route),
    key: store.arn('ArtifactKey'),
    bucketOwner: route.tooling,
    others: [
      { that: 'artifacts', on: artifactOf(route, 'infrastructureDeployment', 'Package'), why: whyNoArtifacts },
      { that: 'scripts of builds', on: scriptsIn(route), why: 'packages are all that functions are made of' },
    ],
  };
}

/** A package of a Lambda function. */
export const packageIn = ({ tooling }: DeclaredRoute) =>
  `${tooling.stack('artifact-store').arn('PackageBucket')}/any-function/${'0'.repeat(64)}.zip`;

/** The scripts of builds, which the operator puts beside the packages. */
export const scriptsIn = ({ tooling }: DeclaredRoute) =>
  `${tooling.stack('artifact-store').arn('PackageBucket')}/${buildScriptsKey('0'.repeat(64))}`;

/** The cases of a pipeline: its role, and the rules that start it and tell of failures. */
function pipelineCases(route: DeclaredRoute, pipeline: PipelineKey): readonly ActorCases[] {
  const { tooling, topology } = route;
  const stack = pipelineStack(route, pipeline);
  const role = stack.role('PipelineRole');
  const group = `tooling/${stackOf[pipeline]}`;
  const store = tooling.stack('artifact-store');
  const bucket = store.arn('ArtifactBucket');
  const others = ofAnother(route, pipeline);

  const needs: readonly Need[] = [
    assumedByService(route, role, {
      service: 'codepipeline.amazonaws.com',
      forOne: { noun: 'pipeline', arn: stack.arn('Pipeline'), otherArn: others.pipeline },
      why: 'CodePipeline User Guide, "Manage the CodePipeline service role": trust policy',
    }),
    ...(topology.pipelines.source === 'codecommit'
      ? [checksOutCodeCommit(stack, others.repository())]
      : [usesConnection(route, stack), writesAccessListOfConnection(route, pipeline)]),
    ...(pipeline === 'containerDeployment' ? [findsImage(route)] : []),
    ...runsBuilds(route, stack, others.projects),
    ...actsInEnvironments(route, pipeline),
    ...(pipeline !== 'containerBuild' && topology.environments.some(({ approval }) => approval)
      ? asksForApproval(route)
      : []),
    ...encryptedObjects(route, tooling, 'artifacts', artifacts(route, pipeline, 'Source', { whole: true }), {
      read: ['s3:GetObject', 's3:GetObjectVersion'],
      writes: artifactOf(route, pipeline, 'Source'),
      describesKey: 'CodePipeline User Guide, "Create a pipeline that uses resources from another AWS account"',
      why: 'CodePipeline User Guide, "Manage the CodePipeline service role": artifacts in S3',
    }),
    {
      does: 'locates the artifact bucket',
      actions: ['s3:GetBucketLocation', 's3:GetBucketVersioning'],
      on: bucket,
      why: 'CodePipeline User Guide, "Manage the CodePipeline service role": AllowS3BucketAccess',
      denied: [
        {
          that: 'the package bucket',
          on: store.arn('PackageBucket'),
          why: 'the pipeline has no business outside of its bucket',
        },
      ],
    },
  ];
  return [
    {
      group: `${group}/pipeline`,
      actor: role,
      needs,
      never: [
        ...neverDeletes('artifacts', artifactOf(route, pipeline, 'Source'), bucket),
        ...neverDeletes('packages', packageIn(route), store.arn('PackageBucket')),
        {
          that: 'deletes or replaces images',
          actions: ['ecr:BatchDeleteImage', 'ecr:PutImage', 'ecr:DeleteRepository', 'ecr:PutLifecyclePolicy'],
          on: imagesOf(route),
          why: 'only the build pushes images, and only the lifecycle policy deletes them',
        },
        {
          that: 'uploads packages',
          actions: 's3:PutObject',
          on: packageIn(route),
          context: ifNoneMatch,
          why: 'only the build of packages does, in a container of its own',
        },
        {
          that: 'changes or starts pipelines',
          actions: ['codepipeline:UpdatePipeline', 'codepipeline:StartPipelineExecution'],
          on: pipelinesOf(topology).map((key) => pipelineStack(route, key).arn('Pipeline')),
          why: 'pipelines are changed by their templates, and started by events',
        },
        {
          that: 'approves',
          actions: 'codepipeline:PutApprovalResult',
          on: `${stack.arn('Pipeline')}/Prod/Approve`,
          why: 'a pipeline that approves itself would need nobody',
        },
        {
          that: 'assumes the roles that CloudFormation and CodeBuild use',
          actions: 'sts:AssumeRole',
          on: route.environments.flatMap((environment) => [
            ...executionRolesOf(route, environment).map(({ arn }) => arn),
            environment.stack('deployment-roles').arn('LambdaUpdateRole'),
          ]),
          why: 'it deploys through the action roles, which hand the execution role to CloudFormation',
        },
        {
          that: 'passes roles',
          actions: 'iam:PassRole',
          on: role.arn,
          context: { 'iam:PassedToService': 'codebuild.amazonaws.com' },
          why: 'nothing that a pipeline starts takes a role from it in this account',
        },
      ],
    },
    ...rules(route, pipeline),
  ];
}

function checksOutCodeCommit(stack: DeclaredStack, otherRepository: string): Need {
  return {
    does: 'checks out the source',
    actions: [
      'codecommit:CancelUploadArchive',
      'codecommit:GetBranch',
      'codecommit:GetCommit',
      'codecommit:GetUploadArchiveStatus',
      'codecommit:UploadArchive',
    ],
    on: stack.arn('SourceRepository'),
    why: 'CodePipeline User Guide, "Amazon CodeCommit source action reference": service role permissions',
    denied: [
      {
        that: 'the source of another pipeline',
        on: otherRepository,
        why: 'each pipeline has a repository of its own',
      },
      {
        that: 'changing it',
        actions: [
          'codecommit:GitPush',
          'codecommit:CreateCommit',
          'codecommit:DeleteBranch',
          'codecommit:DeleteRepository',
        ],
        why: 'only people commit',
      },
    ],
  };
}

function usesConnection({ tooling, ...route }: DeclaredRoute, stack: DeclaredStack): Need {
  const { Configuration } = firstAction(stack);
  const connection = String(Configuration.ConnectionArn);
  const service = connection.split(':')[2] as 'codeconnections' | 'codestar-connections';
  return {
    does: 'uses the connection',
    actions: `${service}:UseConnection`,
    on: connection,
    why: 'CodePipeline User Guide, "CodeStarSourceConnection action reference": UseConnection',
    denied: [
      {
        that: 'another connection',
        on: arnIn({ tooling, ...route }, tooling, service, 'connection/9f8e7d6c-5b4a-3f2e-1d0c-9b8a7f6e5d4c'),
        why: 'a connection reaches every repository that its owner gave it',
      },
    ],
  };
}

function writesAccessListOfConnection(route: DeclaredRoute, pipeline: PipelineKey): Need {
  return {
    does: 'gives the source to the owner of the bucket',
    actions: 's3:PutObjectAcl',
    on: artifactOf(route, pipeline, 'Source'),
    why: 'CodePipeline User Guide, "Manage the CodePipeline service role": AllowS3ObjectAccess; a connection fails without (aws-cdk 13557)',
    denied: [
      {
        that: 'an artifact of another pipeline',
        on: artifactOf(route, another(pipeline), 'Source'),
        why: 'one pipeline must not touch what another deploys',
      },
    ],
  };
}

/** The source action of a pipeline, as its template declares it. */
function firstAction(stack: DeclaredStack): { readonly Configuration: Readonly<Record<string, unknown>> } {
  const [stage] = stack.resource('Pipeline').properties.Stages as readonly {
    readonly Actions: readonly { readonly Configuration: Readonly<Record<string, unknown>> }[];
  }[];
  const [action] = stage?.Actions ?? [];
  if (action === undefined) {
    throw new Error(`${stack.name}: the pipeline has no source action`);
  }
  return action;
}

function findsImage(route: DeclaredRoute): Need {
  const { tooling } = route;
  return {
    does: 'finds the image that is latest',
    actions: 'ecr:DescribeImages',
    on: tooling.stack('artifact-store').arn('ImageRepository'),
    why: 'CodePipeline User Guide, "Amazon ECR source action reference": ecr:DescribeImages',
    denied: [
      {
        that: "somebody else's images",
        on: openRepository(route, tooling, tooling),
        why: 'the pipeline deploys images of one repository',
      },
    ],
  };
}

function runsBuilds(route: DeclaredRoute, stack: DeclaredStack, otherProjects: readonly string[]): readonly Need[] {
  const own = stack.resources.filter(({ type }) => type === 'AWS::CodeBuild::Project').map(({ arn }) => arn);
  const somebodyElses = arnIn(route, route.tooling, 'codebuild', 'project/somebody-elses-project');
  return own.length === 0
    ? []
    : [
        {
          does: 'runs its builds',
          actions: ['codebuild:BatchGetBuilds', 'codebuild:StartBuild'],
          on: own,
          why: 'CodePipeline User Guide, "AWS CodeBuild build and test action reference": service role permissions',
          denied: [
            {
              that: 'builds of others',
              on: [...otherProjects, somebodyElses],
              why: 'a build acts with the role of its project',
            },
            {
              that: 'changing them',
              actions: ['codebuild:UpdateProject', 'codebuild:DeleteProject'],
              why: 'a project is changed by its template alone',
            },
          ],
        },
      ];
}

/** The roles of environments that a pipeline assumes, and those that it must not. */
function actsInEnvironments(route: DeclaredRoute, pipeline: PipelineKey): readonly Need[] {
  const { environments, tooling } = route;
  const actionRole = {
    infrastructureDeployment: 'CloudFormationActionRole',
    containerDeployment: 'CodeDeployActionRole',
  };
  if (pipeline === 'containerBuild') {
    return [];
  }
  const others = pipeline === 'infrastructureDeployment' ? 'CodeDeployActionRole' : 'CloudFormationActionRole';
  return environments.map((environment): Need => {
    const roles = environment.stack('deployment-roles');
    return {
      does: `acts in ${environment.name}`,
      actions: 'sts:AssumeRole',
      on: roles.arn(actionRole[pipeline]),
      why: 'CodePipeline User Guide, "Create a pipeline that uses resources from another AWS account": sts:AssumeRole and trust',
      denied: [
        ...(route.topology.container === undefined
          ? []
          : [
              {
                that: 'with the role of another pipeline',
                on: roles.arn(others),
                why: 'the other pipeline has approvals of its own',
              },
            ]),
        {
          that: 'with a role that would let it in',
          on: openRole(environment, tooling),
          why: 'trust of others does not widen what a pipeline may do',
        },
        {
          that: 'as somebody of the tooling account',
          actor: administratorOf(tooling),
          why: 'only the pipeline, behind its approvals, deploys; administrators of the tooling account do not',
        },
      ],
    };
  });
}

function asksForApproval(route: DeclaredRoute): readonly Need[] {
  const { region, tooling } = route;
  const store = tooling.stack('artifact-store');
  return [
    {
      does: 'asks for approval',
      actions: 'sns:Publish',
      on: store.arn('NotificationTopic'),
      why: 'CodePipeline User Guide, "Grant Amazon SNS permissions to a CodePipeline service role": sns:Publish',
      denied: [
        {
          that: "with somebody else's topic",
          on: arnIn(route, tooling, 'sns', 'somebody-elses-topic'),
          why: 'approvals go to one topic',
        },
        {
          that: 'over plain HTTP',
          context: { 'aws:SecureTransport': 'false' },
          why: 'Security Hub SNS.4 and the SNS Developer Guide, "Enforce encryption of data in transit"',
        },
      ],
    },
    {
      does: 'encrypts what it asks',
      actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
      on: store.arn('ArtifactKey'),
      context: { 'kms:ViaService': `sns.${region}.amazonaws.com` },
      why: 'SNS Developer Guide, "Managing Amazon SNS encryption keys": publishers need kms:GenerateDataKey* and kms:Decrypt',
    },
  ];
}

/** Rules of EventBridge that start a pipeline, each with a role, and the one that notifies of failures. */
function rules(route: DeclaredRoute, pipeline: PipelineKey): readonly ActorCases[] {
  const { tooling } = route;
  const stack = pipelineStack(route, pipeline);
  const starting = stack.resources.filter(({ logicalId }) => /^(Commit|Image)Rule$/.test(logicalId));
  return starting.map(({ logicalId, arn }): ActorCases => {
    const role = stack.role(`${logicalId}Role`);
    return {
      group: `tooling/${stackOf[pipeline]}/${logicalId}`,
      actor: role,
      needs: [
        assumedByService(route, role, {
          service: 'events.amazonaws.com',
          forOne: { noun: 'rule', arn: arn, otherArn: stack.arn('FailureRule') },
          why: 'EventBridge User Guide, "Using IAM roles to allow Amazon EventBridge to access resources"',
        }),
        {
          does: 'starts the pipeline',
          actions: 'codepipeline:StartPipelineExecution',
          on: stack.arn('Pipeline'),
          why: 'EventBridge User Guide, "Amazon EventBridge targets": CodePipeline needs codepipeline:StartPipelineExecution',
          denied: [
            {
              that: 'another pipeline',
              on: ofAnother(route, pipeline).pipeline,
              why: 'a rule starts one pipeline',
            },
            {
              that: 'changing or stopping it',
              actions: ['codepipeline:UpdatePipeline', 'codepipeline:StopPipelineExecution'],
              why: 'a rule starts a pipeline and does nothing else',
            },
          ],
        },
      ],
      never: [
        {
          that: 'acts in environments',
          actions: 'sts:AssumeRole',
          on: route.environments.map((environment) => openRole(environment, tooling)),
          why: 'a rule starts a pipeline and does nothing else',
        },
      ],
    };
  });
}

/** The cases of the pipelines. */
export const pipelines: Cases = (route) =>
  pipelinesOf(route.topology).flatMap((pipeline) => pipelineCases(route, pipeline).flatMap(casesOf));
