import {
  AccountId,
  type HandleTo,
  Partition,
  type Reference,
  Region,
  type Substitution,
  sub,
  type Template,
} from '../../dsl';
import { pascalCase } from '../../model/function-names';
import { namesOf, type PipelineKey, pipelineNamesOf } from '../../model/names';
import type { Topology } from '../../model/topology';
import type { Repository } from '../../resources/codecommit';
import { Rule } from '../../resources/events';
import { declareRole } from '../shared/roles';
import { trustService } from '../shared/statements';
import type { DeploymentTarget } from './actions';

/**
 * What starts pipelines, and what notifies of their failure: rules of EventBridge. The patterns are tested against the
 * events as AWS documents them.
 */

/** ARN of a pipeline; its name is fixed, so that rules and trusts can name it before it exists. */
export const pipelineArn = (topology: Topology, pipeline: PipelineKey): Substitution =>
  sub`arn:${Partition}:codepipeline:${Region}:${AccountId}:${pipelineNamesOf(topology)[pipeline]}`;

/** Starts a pipeline for every commit on the branch, also the first; not when the branch is deleted. */
export function startOnCommit(
  t: Template,
  topology: Topology,
  pipeline: PipelineKey,
  repository: HandleTo<typeof Repository>,
): void {
  startOn(t, topology, pipeline, 'Commit', {
    description: `Starts ${pipelineNamesOf(topology)[pipeline]} for a commit on ${topology.pipelines.branch}`,
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
    description: `Starts ${pipelineNamesOf(topology)[pipeline]} for a new image`,
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
          Resource: pipelineArn(topology, pipeline),
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
      Targets: [{ Id: 'Pipeline', Arn: pipelineArn(topology, pipeline), RoleArn: role.Arn }],
    }),
  );
}

/** The heading of README.md below which it says what to do about each failure. */
export const runbook = 'When something is stuck';

/**
 * Notifies the topic of every action of a pipeline that has failed; a rejected approval is a failure, too. Actions, not
 * executions: the event of an execution says neither where it failed nor why. Where CloudFormation failed in an
 * environment, the message has the commands that free the stack: no pipeline can deploy to one whose first creation
 * failed.
 *
 * @param targets the environments in which the pipeline deploys stacks
 * @param templates the templates of these stacks
 */
export function notifyOfFailures(
  t: Template,
  topology: Topology,
  pipeline: PipelineKey,
  { targets, templates }: { readonly targets: readonly DeploymentTarget[]; readonly templates: readonly string[] } = {
    targets: [],
    templates: [],
  },
): void {
  const names = namesOf(topology);
  const name = pipelineNamesOf(topology)[pipeline];
  const notify = (id: string, ruleName: string, where: string, detail: object, lines: readonly Substitution[]) =>
    t.resource(
      id,
      Rule({
        Name: ruleName,
        Description: `Notifies of failures in ${where}`,
        State: 'ENABLED',
        EventPattern: {
          source: ['aws.codepipeline'],
          'detail-type': ['CodePipeline Action Execution State Change'],
          detail: { pipeline: [name], state: ['FAILED'], ...detail },
        },
        Targets: [
          {
            Id: 'Topic',
            Arn: names.topicArn(),
            InputTransformer: {
              InputPathsMap: {
                stage: '$.detail.stage',
                action: '$.detail.action',
                execution: '$.detail.execution-id',
                reason: '$.detail.execution-result.external-execution-summary',
              },
              InputTemplate: quoted([
                ...lines,
                sub`More: ${`README.md, "${runbook}"`.replaceAll('"', "'")}. The execution: https://${Region}.console.aws.amazon.com/codesuite/codepipeline/pipelines/${name}/executions/<execution>/timeline`,
              ]),
            },
          },
        ],
      }),
    );
  const what = (account: Reference) =>
    sub`${name} failed in account ${account}, ${Region}: stage <stage>, action <action>, execution <execution>: <reason>`;

  const elsewhere = targets.length === 0 ? {} : { type: { provider: [{ 'anything-but': 'CloudFormation' }] } };
  notify('FailureRule', names.failureRule(pipeline), name, elsewhere, [what(AccountId)]);
  for (const { environment, account } of targets) {
    const stacks = templates.map((template) => `${topology.project}-${environment.name}-${template}`).join(' or ');
    const here = sub`--stack-name STACK --region ${Region}`;
    notify(
      `${pascalCase(environment.name)}FailureRule`,
      names.stackFailureRule(pipeline, environment.name),
      `stacks of ${environment.name}`,
      { stage: [pascalCase(environment.name)], type: { provider: ['CloudFormation'] } },
      [
        what(account),
        sub`STACK is ${stacks}, as the action says. With credentials of account ${account}:`,
        sub`Why: aws cloudformation describe-events --filters FailedEvents=true ${here}`,
        sub`If its creation failed (ROLLBACK_COMPLETE, ROLLBACK_FAILED): aws cloudformation delete-stack ${here}`,
        sub`If it is in UPDATE_ROLLBACK_FAILED, and the cause is gone: aws cloudformation continue-update-rollback ${here}`,
        sub`Then, in account ${AccountId}: aws codepipeline retry-stage-execution --pipeline-name ${name} --stage-name <stage> --pipeline-execution-id <execution> --retry-mode ALL_ACTIONS --region ${Region}`,
      ],
    );
  }
}

/** A template of text: each line between quotes (EventBridge User Guide, "Input transformation": common issues). */
const quoted = (lines: readonly Substitution[]): Substitution =>
  lines.map((line) => sub`"${line}"`).reduce((text, line) => sub`${text}\n${line}`);
