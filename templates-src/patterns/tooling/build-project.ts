import { basename } from 'node:path';
import { dump } from 'js-yaml';
import {
  AccountId,
  type IdentityStatement,
  Partition,
  Region,
  retained,
  type StringValue,
  sub,
  suppressed,
  type Template,
} from '../../dsl';
import { buildScripts, buildScriptsFolder, buildScriptsKey, buildScriptsList } from '../../model/build-scripts';
import { pascalCase } from '../../model/function-names';
import { bucketArn, namesOf, type PipelineKey } from '../../model/names';
import type { Topology } from '../../model/topology';
import { Project } from '../../resources/codebuild';
import { LogGroup } from '../../resources/logs';
import { type ArtifactStore, artifactAccess, artifactPath } from '../shared/artifacts';
import { viaServices } from '../shared/key-statements';
import { declareRole } from '../shared/roles';
import { trustService } from '../shared/statements';
import { keyOfAnotherStack } from '../shared/suppressions';
import type { Artifact, Build } from './actions';

/** The image of all builds. */
const image = 'aws/codebuild/amazonlinux-x86_64-standard:5.0';

/**
 * Runtimes that the image offers and that are still maintained; another one fails the build before its first command
 * ("Available runtimes"; aws/aws-codebuild-docker-images, al/x86_64/standard/5.0/runtimes.yml).
 */
export interface ImageRuntimes {
  readonly nodejs?: 22 | 24;
  readonly python?: 3.12 | 3.13 | 3.14;
  readonly ruby?: 3.3 | 3.4;
}

/** Marks the projects whose builds run what a commit says. */
export const committedCodeTag = 'RunsCommittedCode';

/** What CodeBuild does, in the order of its phases. */
export interface Buildspec {
  readonly install?: { readonly 'runtime-versions': ImageRuntimes };
  /** Commands, which find the scripts that the pipeline was deployed with in the folder `$scripts`. */
  readonly build: readonly string[];
  /** Variables for later actions of the pipeline, by the file whose only line is the value. */
  readonly exports?: Readonly<Record<string, string>>;
  /** Test reports by name. */
  readonly reports?: Readonly<
    Record<
      string,
      { readonly files: readonly string[]; readonly 'base-directory': string; readonly 'file-format': 'JUNITXML' }
    >
  >;
}

/** A CodeBuild project of a pipeline. */
export interface BuildDefinition {
  /** In lower case with hyphens; names the project, its role and its log group. */
  readonly name: string;
  readonly description: string;
  readonly buildspec: Buildspec;
  /** What its builds work on; they can read no other artifact. */
  readonly input: Artifact;
  /** Further artifacts, which a build finds in the folders `$CODEBUILD_SRC_DIR_<name>`. */
  readonly besides?: readonly Artifact[];
  /**
   * Whether a commit can say what runs in its builds, because they build an image or install what functions depend on.
   * Nobody has approved the commit by then, so such a build may do nothing that gets past an approval; `npm run
   * prove-access` holds it to that.
   */
  readonly runsCommittedCode: boolean;
  /** The artifact that its builds leave behind, and may write: all files below a folder. */
  readonly output?: { readonly name: string; readonly folder: string };
  /** Plain variables of all its builds; never secrets. */
  readonly environment?: Readonly<Record<string, StringValue>>;
  /** What its role may do beside writing logs and using the artifacts of its pipeline. */
  readonly permissions: readonly IdentityStatement[];
  readonly timeoutInMinutes: number;
  /** Whether the build runs docker, which needs a privileged container. */
  readonly docker?: boolean;
}

/**
 * Declares a project with a role and a log group of its own. The role's policy allows what the definition says, and
 * to write its logs, to read the artifacts it is given and to write the one it makes.
 *
 * @throws Error when it would run something else than scripts of `scripts/codebuild/`
 */
export function declareBuild<Definition extends BuildDefinition>(
  t: Template,
  topology: Topology,
  store: ArtifactStore,
  pipeline: PipelineKey,
  definition: Definition,
): Build<Definition['output'] extends { readonly name: string } ? string : undefined>;
export function declareBuild(
  t: Template,
  topology: Topology,
  store: ArtifactStore,
  pipeline: PipelineKey,
  definition: BuildDefinition,
): Build {
  const { name, description, buildspec, input, output, permissions, timeoutInMinutes } = definition;
  const { environment = {}, docker = false, besides = [], runsCommittedCode } = definition;
  const names = namesOf(topology);
  const projectName = names.buildProject(name);
  const id = pascalCase(name);
  const foreign = buildspec.build.find((command) => !command.startsWith('bash "$scripts/'));
  if (foreign !== undefined) {
    throw new Error(
      `the build ${name} runs '${foreign}', which may come from the commit; expected 'bash "$scripts/..."', a script of ` +
        'scripts/codebuild/, which runs as the operator deployed it',
    );
  }
  const scripts = sub`s3://${names.packageBucket()}/${buildScriptsKey(scriptsVersion())}`;

  const logGroup = t.resource(
    `${id}Logs`,
    suppressed(
      retained(
        LogGroup({ LogGroupName: `/aws/codebuild/${projectName}`, RetentionInDays: 365, KmsKeyId: store.keyArn }),
      ),
      keyOfAnotherStack,
    ),
  );
  const role = declareRole(t, `${id}Role`, {
    name: names.buildRole(name),
    description: `Role of the CodeBuild project ${projectName}`,
    trust: [
      trustService(
        'codebuild.amazonaws.com',
        sub`arn:${Partition}:codebuild:${Region}:${AccountId}:project/${projectName}`,
      ),
    ],
    permissions: {
      '': [
        {
          Sid: 'WriteLogs',
          Effect: 'Allow',
          Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
          Resource: logGroup.Arn,
        },
        ...artifactAccess(store, {
          reads: [input, ...besides].map((artifact) => artifactPath(topology, pipeline, artifact.name)),
          ...(output ? { writes: [artifactPath(topology, pipeline, output.name)] } : {}),
        }),
        // Who writes artifacts may make data keys anyway, and everybody here may decrypt.
        ...(output
          ? []
          : [
              {
                Sid: 'EncryptLogs',
                Effect: 'Allow' as const,
                Action: 'kms:GenerateDataKey' as const,
                Resource: store.keyArn,
                Condition: viaServices('logs'),
              },
            ]),
        ...(buildspec.reports
          ? [
              {
                Sid: 'WriteReports',
                Effect: 'Allow' as const,
                Action: [
                  'codebuild:BatchPutTestCases',
                  'codebuild:CreateReport',
                  'codebuild:CreateReportGroup',
                  'codebuild:UpdateReport',
                ] as const,
                Resource: sub`arn:${Partition}:codebuild:${Region}:${AccountId}:report-group/${projectName}-*`,
              },
            ]
          : []),
        {
          Sid: 'ReadScripts',
          Effect: 'Allow',
          Action: 's3:GetObject',
          Resource: bucketArn(sub`${names.packageBucket()}/${buildScriptsFolder}/*`),
        },
        ...permissions,
      ],
    },
    wildcards: 'Artifacts, packages and reports are named when they are made; a login to ECR has no resource at all.',
  });
  const project = Project({
    Name: projectName,
    Description: description,
    ServiceRole: role.Arn,
    EncryptionKey: store.keyArn,
    TimeoutInMinutes: timeoutInMinutes,
    QueuedTimeoutInMinutes: 60,
    Artifacts: { Type: 'CODEPIPELINE' },
    Source: { Type: 'CODEPIPELINE', BuildSpec: buildspecText(buildspec, output?.folder) },
    Environment: {
      Type: 'LINUX_CONTAINER',
      ComputeType: 'BUILD_GENERAL1_SMALL',
      Image: image,
      PrivilegedMode: docker,
      EnvironmentVariables: Object.entries({ SCRIPTS: scripts, ...environment }).map(([Name, Value]) => ({
        Name,
        Type: 'PLAINTEXT',
        Value,
      })),
    },
    Cache: { Type: 'NO_CACHE' },
    LogsConfig: { CloudWatchLogs: { Status: 'ENABLED', GroupName: logGroup } },
    ...(runsCommittedCode ? { Tags: [{ Key: committedCodeTag, Value: 'yes' }] } : {}),
  });
  const handle = t.resource(
    `${id}Project`,
    docker
      ? suppressed(project, {
          reason: 'Docker runs in privileged containers only, and this project builds images.',
          guard: ['CT.CODEBUILD.PR.4'],
        })
      : project,
  );
  return { project: handle, inputs: [input, ...besides], output: output?.name };
}

/** Of the scripts of this repository; templates are made more often than they change. */
let readVersion: string | undefined;
const scriptsVersion = () => {
  readVersion ??= buildScripts().version;
  return readVersion;
};

/**
 * Fetches the scripts that the operator deployed the pipeline with, and makes sure that they are these: the archive is
 * named after the hash of their list. What is in the input comes from a commit that nobody may have approved, so it never
 * says what is run.
 */
const list = basename(buildScriptsList);
const fetchScripts = [
  'scripts=$(mktemp -d)',
  'aws s3 cp --only-show-errors "$SCRIPTS" - | tar -xzf - -C "$scripts"',
  `(cd "$scripts" && echo "$(basename "$SCRIPTS" .tar.gz)  ${list}" | sha256sum --check && sha256sum --check --quiet ${list})`,
];

/** The buildspec as YAML; bash, because the scripts are, and the first command that fails ends the build. */
function buildspecText({ install, build, exports = {}, reports }: Buildspec, outputFolder?: string): string {
  const exported = Object.entries(exports).map(([name, file]) => `export ${name}="$(cat ${file})"`);
  return dump(
    {
      version: 0.2,
      env: { shell: 'bash', ...(exported.length > 0 ? { 'exported-variables': Object.keys(exports) } : {}) },
      phases: { ...(install ? { install } : {}), build: { commands: [...fetchScripts, ...build, ...exported] } },
      ...(reports ? { reports } : {}),
      ...(outputFolder === undefined ? {} : { artifacts: { 'base-directory': outputFolder, files: ['**/*'] } }),
    },
    { lineWidth: -1, noRefs: true },
  );
}
