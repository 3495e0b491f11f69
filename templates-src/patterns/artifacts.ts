import type { Topology } from '../define-topology';
import { importValue, type StringValue, type Substitution, sub } from '../dsl/intrinsics';
import type { IdentityStatement } from '../dsl/policies';
import { bucketArn, namesOf, pipelineNames } from './names';

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

/**
 * Below which path the artifacts of a pipeline lie. CodePipeline puts them into a folder named after the first 20
 * characters of the pipeline's name, so that one pipeline can't read or replace what another works with.
 */
export const artifactPrefix = (pipeline: keyof typeof pipelineNames) => `${pipelineNames[pipeline].slice(0, 20)}*`;

/** What a role of the tooling account needs to work with the artifacts of a pipeline: bucket and key. */
export function artifactAccess(
  { bucketArn: bucket, keyArn }: ArtifactStore,
  pipeline: keyof typeof pipelineNames,
  access: 'read' | 'read and write',
): readonly IdentityStatement[] {
  const writes = access === 'read and write';
  return [
    {
      Sid: writes ? 'ReadAndWriteArtifacts' : 'ReadArtifacts',
      Effect: 'Allow',
      Action: writes
        ? ['s3:GetObject', 's3:GetObjectVersion', 's3:PutObject']
        : ['s3:GetObject', 's3:GetObjectVersion'],
      Resource: sub`${bucket}/${artifactPrefix(pipeline)}/*`,
    },
    {
      Sid: 'UseArtifactKey',
      Effect: 'Allow',
      Action: writes ? ['kms:Decrypt', 'kms:GenerateDataKey'] : 'kms:Decrypt',
      Resource: keyArn,
    },
  ];
}
