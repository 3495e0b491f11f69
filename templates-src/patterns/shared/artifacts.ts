import { type IdentityStatement, importValue, type StringValue, type Substitution, sub } from '../../dsl';
import { bucketArn, namesOf, type PipelineKey, pipelineNamesOf, pipelinesOf } from '../../model/names';
import type { Topology } from '../../model/topology';

/** Where the artifacts of pipelines lie, as templates of the tooling account name it. */
export interface ArtifactStore {
  readonly bucket: Substitution;
  readonly bucketArn: Substitution;
  /** Full ARN of the key, exported by artifact-store. */
  readonly keyArn: StringValue;
}

/** The artifact store of a project. */
export function artifactStore(topology: Topology): ArtifactStore {
  const bucket = namesOf(topology).artifactBucket();
  return {
    bucket,
    bucketArn: bucketArn(bucket),
    keyArn: importValue(`${topology.project}-artifact-store:ArtifactKeyArn`),
  };
}

/** How many characters of an artifact's name CodePipeline keeps in the name of its folder: `SourceArti`. */
const keptOfArtifact = 10;

/** What CodePipeline keeps of an artifact's name; two artifacts of a pipeline must differ in it. */
export const artifactFolder = (artifact: string) => artifact.slice(0, keptOfArtifact);

/**
 * Below which path CodePipeline puts the artifacts of a pipeline, or one of them: a folder named after the first 20
 * characters of the pipeline's name (CloudFormation User Guide, AWS::CodePipeline::Pipeline ArtifactStore), and in it
 * one named after the first 10 of the artifact's. So a role can be kept from what others work with.
 *
 * DANGER: later actions read an artifact by its key, not by its version. A caller that may write to its folder can replace
 * what waits for approval.
 */
export const artifactPath = (topology: Topology, pipeline: PipelineKey, artifact?: string) =>
  [
    pipelineNamesOf(topology)[pipeline].slice(0, 20),
    ...(artifact === undefined ? [] : [artifactFolder(artifact)]),
  ].join('/');

/** A role that writes artifacts, and the paths below which it does; nobody else may write there. */
export interface ArtifactWriter {
  readonly sid: string;
  readonly role: string;
  readonly paths: readonly string[];
}

/** Who writes which artifacts: what a source hands over, CodePipeline writes as the pipeline's role; a build, as its own. */
export function artifactWriters(topology: Topology): readonly ArtifactWriter[] {
  const { buildRole, packageBuild, pipelineRole, verifiedBuild, zipsBuild } = namesOf(topology);
  const sources = {
    containerBuild: ['Source'],
    infrastructureDeployment: ['Source'],
    containerDeployment: ['Source', 'Image'],
  };
  const built = (pipeline: PipelineKey, artifact: string, build: string) => ({
    sid: `DenyOther${artifact}`,
    role: buildRole(build),
    paths: [artifactPath(topology, pipeline, artifact)],
  });
  return [
    ...pipelinesOf(topology).map((pipeline) => ({
      sid: `DenyOtherSourcesOf${pipeline.charAt(0).toUpperCase()}${pipeline.slice(1)}`,
      role: pipelineRole(pipeline),
      paths: sources[pipeline].map((artifact) => artifactPath(topology, pipeline, artifact)),
    })),
    built('infrastructureDeployment', 'Zips', zipsBuild),
    built('infrastructureDeployment', 'Package', packageBuild),
    ...(topology.container === undefined ? [] : [built('containerDeployment', 'Verified', verifiedBuild)]),
  ];
}

/**
 * What a role of the tooling account needs to work with artifacts: bucket and key.
 *
 * @param reads paths that the role reads below, from `artifactPath`
 * @param writes paths that it writes below
 */
export function artifactAccess(
  { bucketArn: bucket, keyArn }: ArtifactStore,
  { reads, writes = [] }: { readonly reads: readonly string[]; readonly writes?: readonly string[] },
): readonly IdentityStatement[] {
  const below = (paths: readonly string[]) => paths.map((path) => sub`${bucket}/${path}/*`);
  return [
    {
      Sid: 'ReadArtifacts',
      Effect: 'Allow',
      Action: ['s3:GetObject', 's3:GetObjectVersion'],
      Resource: below(reads),
    },
    ...(writes.length > 0
      ? [
          {
            Sid: 'WriteArtifacts',
            Effect: 'Allow' as const,
            Action: 's3:PutObject' as const,
            Resource: below(writes),
          },
        ]
      : []),
    {
      Sid: 'UseArtifactKey',
      Effect: 'Allow',
      Action: writes.length > 0 ? ['kms:Decrypt', 'kms:GenerateDataKey'] : 'kms:Decrypt',
      Resource: keyArn,
    },
  ];
}
