import { pascalCase } from '../model/function-names';
import type { PipelineKey } from '../model/names';
import { type ActorCases, type Cases, casesOf, type DeclaredEnvironment, type DeclaredRoute, type Need } from './case';
import { arnIn, imagesOf, openKey, openObject, openRepository, openRole } from './elsewhere';
import {
  assumedByService,
  encryptedObjects,
  encryptsLogs,
  ifNoneMatch,
  neverDeletes,
  operatorsOwn,
  plainHttp,
} from './needs';
import { type ArtifactName, artifactOf, artifacts, packageIn, pipelineStack, scriptsIn } from './pipelines';

/** The CodeBuild projects: what the scripts in `scripts/codebuild` call, and what CodeBuild itself needs. */

interface Build {
  readonly pipeline: PipelineKey;
  /** Logical ids of project, role and log group begin with it. */
  readonly id: string;
  /** The artifacts that it works on. */
  readonly reads: readonly [ArtifactName, ...ArtifactName[]];
  /** The artifact that it leaves behind. */
  readonly writes?: ArtifactName;
  /** The one role of an environment that it assumes, by its logical id. */
  readonly assumes?: { readonly environment: DeclaredEnvironment; readonly role: string };
  readonly needs: (route: DeclaredRoute) => readonly Need[];
  /** Whether it may upload packages, push images, act in environments: what the others must not. */
  readonly may:
    | 'push images'
    | 'make zips'
    | 'upload packages'
    | 'act in an environment'
    | 'look into an environment'
    | 'verify deployments'
    | 'write reports';
}

const imageBuild: Build = {
  pipeline: 'containerBuild',
  id: 'BuildImage',
  reads: ['Source'],
  needs: pushesImages,
  may: 'push images',
};

/** The builds that make sure what is deployed to the container, and say what that changes. */
const containerBuilds = (environments: readonly DeclaredEnvironment[]): readonly Build[] => [
  {
    pipeline: 'containerDeployment',
    id: 'VerifyDeployment',
    reads: ['Source'],
    writes: 'Verified',
    needs: () => [],
    may: 'verify deployments',
  },
  ...environments
    .filter(({ environment }) => environment.approval)
    .map(
      (environment): Build => ({
        pipeline: 'containerDeployment',
        id: `ReviewContainer${pascalCase(environment.name)}`,
        reads: ['Verified', 'Image'],
        assumes: { environment, role: 'ContainerReviewRole' },
        needs: (route) => [assumes(route, environment, 'ContainerReviewRole', 'looks into'), ...looksUpImages(route)],
        may: 'look into an environment',
      }),
    ),
];

const builds = ({ environments, topology }: DeclaredRoute): readonly Build[] => [
  ...(topology.container === undefined ? [] : [imageBuild, ...containerBuilds(environments)]),
  {
    pipeline: 'infrastructureDeployment',
    id: 'PackageLambdas',
    reads: ['Source'],
    writes: 'Zips',
    needs: () => [],
    may: 'make zips',
  },
  {
    pipeline: 'infrastructureDeployment',
    id: 'PublishPackages',
    reads: ['Source', 'Zips'],
    writes: 'Package',
    needs: uploadsPackages,
    may: 'upload packages',
  },
  {
    pipeline: 'infrastructureDeployment',
    id: 'CheckTemplates',
    reads: ['Package'],
    needs: writesReports,
    may: 'write reports',
  },
  ...environments.map(
    (environment): Build => ({
      pipeline: 'infrastructureDeployment',
      id: `UpdateLambdas${pascalCase(environment.name)}`,
      reads: ['Package'],
      assumes: { environment, role: 'LambdaUpdateRole' },
      needs: (route) => [assumes(route, environment, 'LambdaUpdateRole', 'acts in')],
      may: 'act in an environment',
    }),
  ),
  ...environments
    .filter(({ environment }) => environment.approval)
    .map(
      (environment): Build => ({
        pipeline: 'infrastructureDeployment',
        id: `Review${pascalCase(environment.name)}`,
        reads: ['Package'],
        assumes: { environment, role: 'ReviewRole' },
        needs: (route) => [assumes(route, environment, 'ReviewRole', 'looks into')],
        may: 'look into an environment',
      }),
    ),
];

function buildCases(
  route: DeclaredRoute,
  { pipeline, id, reads, writes, assumes: own, needs, may }: Build,
): ActorCases {
  const { tooling, environments } = route;
  const stack = pipelineStack(route, pipeline);
  const role = stack.role(`${id}Role`);
  const store = tooling.stack('artifact-store');
  const bucket = store.arn('ArtifactBucket');
  const otherProject = builds(route).find((build) => build.id !== id) as Build;
  const otherStack = pipelineStack(route, otherProject.pipeline);
  const streamOf = (logGroup: string) => `${logGroup}:log-stream:0a1b2c3d-4e5f-6a7b-8c9d-0e1f2a3b4c5d`;
  const deploymentRoles = environments.flatMap((environment) => operatorsOwn(environment, 'AWS::IAM::Role'));
  return {
    group: `tooling/${stack.template.replace(/^.*\//, '')}/${id}`,
    actor: role,
    needs: [
      assumedByService(route, role, {
        service: 'codebuild.amazonaws.com',
        forOne: {
          noun: 'project',
          arn: stack.arn(`${id}Project`),
          otherArn: otherStack.arn(`${otherProject.id}Project`),
        },
        why: 'CodeBuild User Guide, "Allow CodeBuild to interact with other AWS services": trust policy',
      }),
      {
        does: 'writes its logs',
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        on: streamOf(stack.arn(`${id}Logs`)),
        why: 'CodeBuild User Guide, "Allow CodeBuild to interact with other AWS services": CloudWatchLogsPolicy',
        denied: [
          {
            that: 'those of another project',
            on: streamOf(otherStack.arn(`${otherProject.id}Logs`)),
            why: 'who can write the logs of others can hide in them',
          },
        ],
      },
      {
        does: 'fetches its scripts',
        actions: 's3:GetObject',
        on: scriptsIn(route),
        why: 'S3 API Reference, "GetObject"; what a build runs was put there by the operator',
        denied: [
          {
            that: 'writing them',
            actions: 's3:PutObject',
            context: ifNoneMatch,
            why: 'what checks a commit, and deploys it, must not come from a commit',
          },
          {
            that: 'deleting them, so that others could take their place',
            actions: ['s3:DeleteObject', 's3:DeleteObjectVersion'],
            why: 'what checks a commit, and deploys it, must not come from a commit',
          },
        ],
      },
      encryptsLogs(route, store.arn('ArtifactKey'), openKey(route, tooling, tooling), {
        writesArtifacts: writes !== undefined,
      }),
      ...encryptedObjects(route, tooling, 'artifacts', artifacts(route, pipeline, reads), {
        read: ['s3:GetObject', 's3:GetObjectVersion'],
        ...(writes === undefined ? {} : { writes: artifactOf(route, pipeline, writes) }),
        why: 'CodeBuild User Guide, "Allow CodeBuild to interact with other AWS services": S3GetObjectPolicy, S3PutObjectPolicy',
      }),
      ...needs(route),
    ],
    never: [
      ...neverDeletes('artifacts', artifactOf(route, pipeline, reads[0]), bucket),
      ...neverDeletes('packages', packageIn(route), store.arn('PackageBucket')),
      {
        that: 'replaces artifacts that it does not make',
        actions: 's3:PutObject',
        on: (['Source', 'Zips', 'Package', 'Image', 'Verified'] as const)
          .filter((artifact) => artifact !== writes)
          .map((artifact) => artifactOf(route, pipeline, artifact)),
        why: 'later actions read an artifact by its key: who can write it replaces what waits for approval',
      },
      ...(may === 'upload packages'
        ? []
        : [
            {
              that: 'uploads packages',
              actions: 's3:PutObject' as const,
              on: packageIn(route),
              context: ifNoneMatch,
              why: 'only PublishPackages does: packages are named by their content',
            },
          ]),
      ...(may === 'push images'
        ? []
        : [
            {
              that: 'pushes images',
              actions: ['ecr:PutImage', 'ecr:InitiateLayerUpload', 'ecr:BatchDeleteImage'] as const,
              on: imagesOf(route),
              why: 'only ECS-Container-Build makes images: a build of one pipeline must not act for another',
            },
          ]),
      {
        that: 'acts with roles that are not for it',
        actions: 'sts:AssumeRole',
        on: [
          ...deploymentRoles.filter((arn) => arn !== own?.environment.stack('deployment-roles').arn(own.role)),
          ...environments.map((environment) => openRole(environment, tooling)),
        ],
        why: 'deployments are for the pipelines, behind their approvals',
      },
      {
        that: 'starts or approves pipelines',
        actions: 'codepipeline:StartPipelineExecution',
        on: stack.arn('Pipeline'),
        why: 'a build runs code of a commit that nobody has approved yet',
      },
      {
        that: 'runs other builds',
        actions: 'codebuild:StartBuild',
        on: otherStack.arn(`${otherProject.id}Project`),
        why: 'a build acts with the role of its project',
      },
    ],
  };
}

function pushesImages(route: DeclaredRoute): readonly Need[] {
  const { tooling } = route;
  const repository = tooling.stack('artifact-store').arn('ImageRepository');
  const others = {
    that: "somebody else's images",
    on: openRepository(route, tooling, tooling),
    why: 'it builds one image',
  };
  return [
    {
      does: 'logs in to the registry',
      actions: 'ecr:GetAuthorizationToken',
      on: '*',
      why: 'ECR User Guide, "Private registry authentication": GetAuthorizationToken has no resource',
    },
    {
      does: 'pushes images',
      actions: [
        'ecr:BatchCheckLayerAvailability',
        'ecr:CompleteLayerUpload',
        'ecr:InitiateLayerUpload',
        'ecr:PutImage',
        'ecr:UploadLayerPart',
      ],
      on: repository,
      why: 'ECR User Guide, "IAM permissions for pushing an image"',
      denied: [others],
    },
    {
      does: 'finds out what has been pushed, and tags it',
      actions: ['ecr:BatchGetImage', 'ecr:DescribeImages'],
      on: repository,
      why: 'ECR User Guide, "Retagging an image": BatchGetImage, then PutImage; build-image.sh compares digests',
      denied: [
        others,
        {
          that: 'pulling layers',
          actions: 'ecr:GetDownloadUrlForLayer',
          why: 'an image that builds on what an earlier build pushed carries whatever a bad commit put there',
        },
        {
          that: 'deleting images or changing the repository',
          actions: [
            'ecr:BatchDeleteImage',
            'ecr:DeleteRepository',
            'ecr:SetRepositoryPolicy',
            'ecr:PutImageTagMutability',
          ],
          why: 'environments run images by digest; only the lifecycle policy deletes them',
        },
      ],
    },
  ];
}

function uploadsPackages(route: DeclaredRoute): readonly Need[] {
  const { tooling } = route;
  const store = tooling.stack('artifact-store');
  const bucket = store.arn('PackageBucket');
  const elsewhere = {
    that: "somebody else's bucket",
    on: openObject(tooling, tooling),
    why: 'it works with one bucket',
  };
  return [
    {
      does: 'uploads packages',
      actions: 's3:PutObject',
      on: packageIn(route),
      context: ifNoneMatch,
      why: 'S3 API Reference, "PutObject"; publish-packages.sh uploads what is new',
      denied: [
        elsewhere,
        {
          that: 'over plain HTTP',
          context: { ...ifNoneMatch, ...plainHttp },
          why: 'Security Hub S3.5: requests to buckets should use TLS',
        },
        {
          that: 'over what is there, nor in parts, nor as a copy',
          context: {},
          why: 'S3 User Guide, "Enforce conditional writes": none of them sends If-None-Match; a release may wait for it',
        },
        {
          that: 'encrypted with another key',
          context: {
            ...ifNoneMatch,
            's3:x-amz-server-side-encryption': 'aws:kms',
            's3:x-amz-server-side-encryption-aws-kms-key-id': arnIn(
              route,
              tooling,
              'kms',
              'key/9f8e7d6c-5b4a-3f2e-1d0c-9b8a7f6e5d4c',
            ),
          },
          why: 'environments could not read it',
        },
        {
          that: 'encrypted without KMS',
          context: { ...ifNoneMatch, 's3:x-amz-server-side-encryption': 'AES256' },
          why: 'S3 User Guide, "Requiring and restricting SSE-KMS"',
        },
      ],
    },
    {
      does: 'uploads packages, naming the key of the bucket',
      actions: 's3:PutObject',
      on: packageIn(route),
      context: {
        ...ifNoneMatch,
        's3:x-amz-server-side-encryption': 'aws:kms',
        's3:x-amz-server-side-encryption-aws-kms-key-id': store.arn('ArtifactKey'),
      },
      why: 'S3 User Guide, "Specifying server-side encryption with AWS KMS": the right key may be named',
    },
    {
      does: 'looks at packages that are there already',
      actions: 's3:GetObject',
      on: packageIn(route),
      why: 'S3 API Reference, "HeadObject": s3:GetObject; publish-packages.sh compares checksums',
      denied: [
        elsewhere,
        {
          that: 'listing them',
          actions: 's3:ListBucket',
          on: bucket,
          why: 'it knows their names: those are made of what it has packaged',
        },
      ],
    },
  ];
}

/** What tells an approver where an image comes from. */
function looksUpImages(route: DeclaredRoute): readonly Need[] {
  const { tooling } = route;
  const imageStack = pipelineStack(route, 'containerBuild');
  const buildOf = (project: string) => arnIn(route, tooling, 'codebuild', `project/${project}`);
  return [
    {
      does: 'looks up the build that made an image',
      actions: 'ecr:DescribeImages',
      on: tooling.stack('artifact-store').arn('ImageRepository'),
      why: 'ECR API Reference, "DescribeImages": the tag is the id of the build',
      denied: [
        {
          that: "among somebody else's images",
          on: openRepository(route, tooling, tooling),
          why: 'the route deploys one image',
        },
      ],
    },
    {
      does: 'looks up the commit of that build',
      actions: 'codebuild:BatchGetBuilds',
      on: imageStack.arn('BuildImageProject'),
      why: 'CodeBuild API Reference, "BatchGetBuilds": resolvedSourceVersion, which no commit can set',
      denied: [
        {
          that: 'of other projects',
          on: buildOf('somebody-elses-project'),
          why: 'variables and logs of other builds are theirs',
        },
      ],
    },
  ];
}

function writesReports(route: DeclaredRoute): readonly Need[] {
  const { tooling, topology } = route;
  const group = (name: string) => arnIn(route, tooling, 'codebuild', `report-group/${name}`);
  return [
    {
      does: 'writes its reports',
      actions: [
        'codebuild:BatchPutTestCases',
        'codebuild:CreateReport',
        'codebuild:CreateReportGroup',
        'codebuild:UpdateReport',
      ],
      // CodeBuild names the group after the project and the key in the buildspec.
      on: group(`${topology.project}-check-templates-checks`),
      why: 'CodeBuild User Guide, "Test report permissions": permissions to create reports',
      denied: [
        { that: "somebody else's", on: group('somebody-elses-reports'), why: 'reports belong to their project' },
      ],
    },
  ];
}

function assumes({ tooling }: DeclaredRoute, environment: DeclaredEnvironment, role: string, verb: string): Need {
  return {
    does: `${verb} ${environment.name}`,
    actions: 'sts:AssumeRole',
    on: environment.stack('deployment-roles').arn(role),
    why: 'IAM User Guide, "Cross-account access": sts:AssumeRole on the role, and its trust',
    denied: [
      {
        that: 'with a role that would let it in',
        on: openRole(environment, tooling),
        why: 'trust of others does not widen what a build may do',
      },
    ],
  };
}

/** The cases of the CodeBuild projects. */
export const codeBuild: Cases = (route) => builds(route).flatMap((build) => casesOf(buildCases(route, build)));
