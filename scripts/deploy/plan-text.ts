import type { Stack } from '../../templates-src/model/stacks';
import type { DeploymentPlan } from './deployment-plan';
import { accountLabel, type Target } from './deployment-target';
import type { DestructionPlan } from './destruction-plan';
import { type Command, shellLines, shellText } from './shell-text';

/** What `deploy.sh --dry-run` prints: a script that does what the plan says. */
export function deploymentScript({ linkedRoles, steps, protections }: DeploymentPlan): string {
  const creations = linkedRoles.map(
    ({ target, check, creation }) =>
      `# Service-linked role in ${accountLabel(target)}:\n${shellText(check)} >/dev/null 2>&1 ||\n  ${shellText(creation)}`,
  );
  const deployments = steps.map(({ stack, target, feeds, scripts, command, policy, protection }, index) =>
    [
      heading(stack, target, index, steps.length),
      ...(stack.deployedBy === 'pipeline' ? [`# ${pipelineNote(stack)}`] : []),
      ...feeds.map(
        ({ parameter, source, output, command: read }) =>
          `# The output ${output} of ${source.name}:\n${parameter}=$(${shellText(read)})`,
      ),
      ...(scripts === undefined
        ? []
        : [
            `# The scripts that its builds run:\n${shellText(scripts.check)} >/dev/null 2>&1 || {\n` +
              `  ${shellText(scripts.pack)}\n  ${shellText(scripts.upload)}\n}`,
          ]),
      shellLines(command),
      ...(policy === undefined ? [] : [shellText(policy)]),
      ...(protection === undefined ? [] : [shellText(protection)]),
    ].join('\n'),
  );
  // Not there before the pipeline has run for the first time.
  const later = protections.map(
    ({ stack, target, protection }) =>
      `# Protects ${stack.name} in ${accountLabel(target)}, where its pipeline has made it:\n` +
      `! ${shellText(describeStack(stack, target))} >/dev/null 2>&1 ||\n  ${shellText(protection)}`,
  );
  return `${[...creations, ...deployments, ...later].join('\n\n')}\n`;
}

const describeStack = ({ name }: Stack, { options }: Target): Command => [
  ['aws', 'cloudformation', 'describe-stacks'],
  ['--stack-name', name],
  ...options,
];

/** What `destroy.sh --dry-run` prints: a script that does what the plan says. */
export function destructionScript({ steps }: DestructionPlan): string {
  return `${steps
    .map(({ stack, target, retained, deletion, wait }, index) =>
      [
        heading(stack, target, index, steps.length),
        ...retained.map(
          ({ logicalId, type, reason }) => `# Kept, if this template is deployed: ${logicalId} (${type}): ${reason}.`,
        ),
        shellText(deletion),
        shellText(wait),
      ].join('\n'),
    )
    .join('\n\n')}\n`;
}

function heading(stack: Stack, target: Target, index: number, count: number): string {
  const { profile, usualProfile } = target;
  const credentials =
    profile === undefined
      ? `\n# No profile is called ${usualProfile}: the shell must have credentials of this account.`
      : '';
  return `# ${index + 1} of ${count}: ${stack.name} in ${accountLabel(target)}${credentials}`;
}

function pipelineNote({ name }: Stack): string {
  return `${name} is deployed by a pipeline: its next execution overwrites what is deployed by hand.`;
}

/**
 * The plan for `deploy.sh`: a record a line, its fields separated by tabs. Commands are shell text, the very text that
 * a dry run prints.
 */
export function deploymentRecords({ targets, linkedRoles, steps, protections }: DeploymentPlan): string {
  return records([
    ...targets.map(targetRecord),
    ...linkedRoles.map(({ target, role, check, creation }) => [
      'linked-role',
      target.account,
      role.name,
      shellText(check),
      shellText(creation),
    ]),
    ...steps.flatMap(({ stack, feeds, scripts, command, policy, protection }) => [
      ['stack', stack.name, stack.account, shellText(command)],
      ...(scripts === undefined
        ? []
        : [['scripts', stack.name, shellText(scripts.check), shellText(scripts.pack), shellText(scripts.upload)]]),
      ...(protection === undefined ? [] : [['protection', stack.name, stack.account, shellText(protection)]]),
      ...(stack.deployedBy === 'pipeline' ? [['note', stack.name, pipelineNote(stack)]] : []),
      ...(policy === undefined ? [] : [['policy', stack.name, shellText(policy)]]),
      ...feeds.map((feed) => [
        'feed',
        stack.name,
        feed.parameter,
        feed.source.name,
        feed.output,
        accountLabel(feed.target),
        shellText(feed.command),
      ]),
    ]),
    ...protections.map(({ stack, protection }) => ['protection', stack.name, stack.account, shellText(protection)]),
  ]);
}

/** The plan for `destroy.sh`, in the form of {@link deploymentRecords}. */
export function destructionRecords({ project, targets, steps }: DestructionPlan): string {
  return records([
    ['project', project],
    ...targets.map(targetRecord),
    ...steps.flatMap(({ stack, neededBy, deletion, wait }) => [
      ['stack', stack.name, stack.account, shellText(deletion), shellText(wait)],
      ...neededBy.map((dependent) => ['needed-by', stack.name, dependent.name]),
    ]),
  ]);
}

function targetRecord({ account, accountId, accountIdSource, profile, usualProfile, options }: Target): string[] {
  return ['account', account, accountId, accountIdSource, profile ?? '-', usualProfile, shellText(options)];
}

function records(fields: readonly (readonly string[])[]): string {
  return fields.map((record) => `${record.join('\t')}\n`).join('');
}
