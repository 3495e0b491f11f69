import type { Topology } from '../define-topology';
import { AccountId, type HandleTo, Partition, Region, type Substitution, sub } from '../dsl/intrinsics';
import type { Template } from '../dsl/template';
import type { Repository } from '../resources/codecommit';
import { Rule } from '../resources/events';
import { namesOf, pipelineNames } from './names';
import { declareRole } from './roles';
import { trustService } from './statements';

/**
 * What starts pipelines, and what tells of their failure: rules of EventBridge. The patterns are tested against the
 * events as AWS documents them.
 */

type PipelineKey = keyof typeof pipelineNames;

/** ARN of a pipeline; its name is fixed, so that rules and trusts can name it before it exists. */
export const pipelineArn = (pipeline: PipelineKey): Substitution =>
  sub`arn:${Partition}:codepipeline:${Region}:${AccountId}:${pipelineNames[pipeline]}`;

/** Starts a pipeline for every commit on the branch, also the first; not when the branch is deleted. */
export function startOnCommit(
  t: Template,
  topology: Topology,
  pipeline: PipelineKey,
  repository: HandleTo<typeof Repository>,
): void {
  startOn(t, topology, pipeline, 'Commit', {
    description: `Starts ${pipelineNames[pipeline]} for a commit on ${topology.pipelines.branch}`,
    pattern: {
      source: ['aws.codecommit'],
      'detail-type': ['CodeCommit Repository State Change'],
      resources: [repository.Arn],
      detail: {
        event: ['referenceCreated', 'referenceUpdated'],
        referenceType: ['branch'],
        referenceName: [topology.pipelines.branch],
      },
    },
  });
}

/**
 * Starts a pipeline when an image has been pushed as `latest`. Every build pushes the tag of its id, too; without the
 * filter that push would start a second execution.
 */
export function startOnImage(t: Template, topology: Topology, pipeline: PipelineKey): void {
  startOn(t, topology, pipeline, 'Image', {
    description: `Starts ${pipelineNames[pipeline]} for a new image`,
    pattern: {
      source: ['aws.ecr'],
      'detail-type': ['ECR Image Action'],
      detail: {
        'action-type': ['PUSH'],
        result: ['SUCCESS'],
        'repository-name': [namesOf(topology).imageRepository],
        'image-tag': ['latest'],
      },
    },
  });
}

function startOn(
  t: Template,
  topology: Topology,
  pipeline: PipelineKey,
  event: 'Commit' | 'Image',
  { description, pattern }: { readonly description: string; readonly pattern: object },
): void {
  const names = namesOf(topology);
  const ruleName = names.startRule(pipeline, event.toLowerCase());
  const role = declareRole(t, `${event}RuleRole`, {
    name: ruleName,
    description: `Role of the rule ${ruleName}`,
    trust: [trustService('events.amazonaws.com', sub`arn:${Partition}:events:${Region}:${AccountId}:rule/${ruleName}`)],
    permissions: {
      '': [
        {
          Sid: 'StartPipeline',
          Effect: 'Allow',
          Action: 'codepipeline:StartPipelineExecution',
          Resource: pipelineArn(pipeline),
        },
      ],
    },
  });
  t.resource(
    `${event}Rule`,
    Rule({
      Name: ruleName,
      Description: description,
      State: 'ENABLED',
      EventPattern: pattern,
      Targets: [{ Id: 'Pipeline', Arn: pipelineArn(pipeline), RoleArn: role.Arn }],
    }),
  );
}

/** Tells the topic when an execution of a pipeline has failed; a rejected approval is a failure, too. */
export function tellOfFailures(t: Template, topology: Topology, pipeline: PipelineKey): void {
  const names = namesOf(topology);
  t.resource(
    'FailureRule',
    Rule({
      Name: names.failureRule(pipeline),
      Description: `Tells of failed executions of ${pipelineNames[pipeline]}`,
      State: 'ENABLED',
      EventPattern: {
        source: ['aws.codepipeline'],
        'detail-type': ['CodePipeline Pipeline Execution State Change'],
        detail: { pipeline: [pipelineNames[pipeline]], state: ['FAILED'] },
      },
      Targets: [
        {
          Id: 'Topic',
          Arn: names.topicArn(),
          InputTransformer: {
            InputPathsMap: { pipeline: '$.detail.pipeline', execution: '$.detail.execution-id' },
            InputTemplate: sub`"<pipeline> failed: https://${Region}.console.aws.amazon.com/codesuite/codepipeline/pipelines/<pipeline>/executions/<execution>/timeline"`,
          },
        },
      ],
    }),
  );
}
