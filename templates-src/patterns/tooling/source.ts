import { AccountId, Partition, Region, retained, type Substitution, sub, type Template } from '../../dsl';
import { bucketArn, namesOf, type PipelineKey, pipelineNamesOf } from '../../model/names';
import type { Topology } from '../../model/topology';
import { Repository } from '../../resources/codecommit';
import { artifactPath } from '../shared/artifacts';
import { type Producer, sourceAction } from './actions';
import type { PushTrigger } from './pipeline';
import { startOnCommit } from './triggers';

/** The source of a pipeline: what it checks out, and what starts it. */
export interface Source {
  readonly action: Producer;
  /** For a connection; a CodeCommit repository starts the pipeline with an event. */
  readonly trigger?: PushTrigger;
  /** Page that shows the commit of an execution. */
  readonly commitLink: Substitution;
  /** Page that compares two commits, with `{from}` and `{to}` in their places; a connection doesn't tell whose it is. */
  readonly comparison?: Substitution;
  /** To be called with the pipeline: declares what starts it. */
  start(): void;
}

/** Namespace of the variables of the source action; CodeCommit and connections both have CommitId. */
const namespace = 'Source';

/**
 * The commit of an execution, in messages for approvers. Not the author's message: it may be longer than the 1,000
 * characters that an action's configuration takes.
 */
export const commitId = `#{${namespace}.CommitId}`;

/** Namespace of the variables of the image source. */
const imageNamespace = 'Image';

/** The image of an execution, in messages for approvers. */
export const imageDigest = `#{${imageNamespace}.ImageDigest}`;

/** The image that is `latest` when an execution starts, as `imageDetail.json`, which names it by digest. */
export function imageFrom(topology: Topology): Producer {
  const repository = namesOf(topology).imageRepository;
  return sourceAction(
    'Image',
    {
      Name: 'Image',
      Namespace: imageNamespace,
      ActionTypeId: { Category: 'Source', Owner: 'AWS', Provider: 'ECR', Version: '1' },
      Configuration: { RepositoryName: repository, ImageTag: 'latest' },
    },
    [
      {
        Sid: 'FindImage',
        Effect: 'Allow',
        Action: 'ecr:DescribeImages',
        Resource: sub`arn:${Partition}:ecr:${Region}:${AccountId}:repository/${repository}`,
      },
    ],
  );
}

/**
 * Where a pipeline takes its source from, as the topology chooses: its own CodeCommit repository, which is kept when
 * the stack goes, or a repository of GitHub, GitLab or Bitbucket behind a connection.
 *
 * @param files what of a connected repository starts the pipeline
 */
export function sourceFrom(
  t: Template,
  topology: Topology,
  pipeline: PipelineKey,
  { description, files }: { readonly description: string; readonly files: readonly string[] },
): Source {
  const { branch, source } = topology.pipelines;
  const name = pipelineNamesOf(topology)[pipeline];

  if (source === 'connection') {
    const { ConnectionArn, RepositoryId } = t.parameters('Source', {
      ConnectionArn: {
        Type: 'String',
        Label: 'Connection',
        Description: 'ARN of the connection to GitHub, GitLab or Bitbucket; somebody has to have completed it',
        AllowedPattern:
          'arn:aws[a-z-]*:(codestar-connections|codeconnections):[a-z0-9-]+:[0-9]{12}:connection/[a-f0-9-]+',
        MaxLength: 256,
        ConstraintDescription: 'the ARN of a connection',
      },
      RepositoryId: {
        Type: 'String',
        Label: 'Repository',
        Description: `Repository with the source of ${name}: owner/name`,
        AllowedPattern: '[^/\\s]+(/[^/\\s]+)+',
        ConstraintDescription: 'owner/name, in GitLab with its groups',
      },
    });
    return {
      action: sourceAction(
        'Source',
        {
          Name: 'Source',
          Namespace: namespace,
          ActionTypeId: { Category: 'Source', Owner: 'AWS', Provider: 'CodeStarSourceConnection', Version: '1' },
          Configuration: {
            ConnectionArn,
            FullRepositoryId: RepositoryId,
            BranchName: branch,
            OutputArtifactFormat: 'CODE_ZIP',
            // The trigger, with its filters, is what starts the pipeline.
            DetectChanges: 'false',
          },
        },
        [
          {
            Sid: 'UseConnection',
            Effect: 'Allow',
            // The service was renamed; which name a request is checked against depends on the connection's ARN.
            Action: ['codeconnections:UseConnection', 'codestar-connections:UseConnection'],
            Resource: ConnectionArn,
          },
          // The connection's service puts the source into the bucket and sets the object's ACL while it does.
          {
            Sid: 'HandOverSource',
            Effect: 'Allow',
            Action: 's3:PutObjectAcl',
            Resource: sub`${bucketArn(namesOf(topology).artifactBucket())}/${artifactPath(topology, pipeline, 'Source')}/*`,
          },
        ],
      ),
      trigger: { sourceAction: 'Source', branch, files },
      commitLink: sub`https://${Region}.console.aws.amazon.com/codesuite/settings/connections/redirect?connectionArn=${ConnectionArn}&referenceType=COMMIT&FullRepositoryId=${RepositoryId}&Commit=${commitId}`,
      start: () => {},
    };
  }

  const { SourceRepository } = t.resources({
    SourceRepository: retained(Repository({ RepositoryName: name, RepositoryDescription: description })),
  });
  return {
    action: sourceAction(
      'Source',
      {
        Name: 'Source',
        Namespace: namespace,
        ActionTypeId: { Category: 'Source', Owner: 'AWS', Provider: 'CodeCommit', Version: '1' },
        Configuration: {
          RepositoryName: SourceRepository.Name,
          BranchName: branch,
          OutputArtifactFormat: 'CODE_ZIP',
          // CodePipeline polls unless it is told not to, and every commit would start two executions.
          PollForSourceChanges: 'false',
        },
      },
      [
        {
          Sid: 'CheckOutSource',
          Effect: 'Allow',
          Action: [
            'codecommit:CancelUploadArchive',
            'codecommit:GetBranch',
            'codecommit:GetCommit',
            'codecommit:GetUploadArchiveStatus',
            'codecommit:UploadArchive',
          ],
          Resource: SourceRepository.Arn,
        },
      ],
    ),
    commitLink: sub`https://${Region}.console.aws.amazon.com/codesuite/codecommit/repositories/${name}/commit/${commitId}`,
    comparison: sub`https://${Region}.console.aws.amazon.com/codesuite/codecommit/repositories/${name}/compare/{from}/.../{to}`,
    start: () => startOnCommit(t, topology, pipeline, SourceRepository),
  };
}
