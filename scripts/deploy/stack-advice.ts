import '../lib/unread-output';

/** Commands of the AWS CLI, in order and ready to be pasted, and what they are for. */
export interface Remedy {
  readonly text: string;
  readonly commands: readonly string[];
}

/** What frees a stack from a state in which no deployment can succeed. */
export interface StackAdvice extends Remedy {
  /** For a stack that is in the same state afterwards. */
  readonly otherwise?: Remedy;
}

/**
 * What to do about a stack that cannot be deployed in its present state.
 *
 * @param options the options of its account as shell text: Region, profile, endpoint
 * @returns undefined where there is nothing to do
 */
export function stackAdvice(stack: string, status: string, options: string): StackAdvice | undefined {
  const command = (words: string, more = '') => `aws cloudformation ${words} --stack-name ${stack}${more} ${options}`;
  const wait = (state: string) => command(`wait ${state}`);
  const deletion = (text: string): Remedy => ({
    text,
    commands: [command('delete-stack'), wait('stack-delete-complete')],
  });
  // API Reference, "DeleteStack": both are for stacks in DELETE_FAILED alone.
  const giveUpResources: Remedy = {
    text:
      'If a resource still cannot be deleted, give it up: the stack goes, what it could not delete stays and is yours ' +
      'to delete. (--retain-resources LOGICAL_ID... in place of --deletion-mode gives up only those.)',
    commands: [command('delete-stack', ' --deletion-mode FORCE_DELETE_STACK'), wait('stack-delete-complete')],
  };
  switch (status) {
    // There is only a change set that was never executed: the AWS CLI starts afresh, and CodePipeline does.
    case 'REVIEW_IN_PROGRESS':
      return undefined;
    case 'CREATE_FAILED':
    case 'ROLLBACK_COMPLETE':
      return deletion('Such a stack can only be deleted. It was never in use: its first creation failed.');
    // Left by an import that was to make the stack, and by one into a stack that was there before and is in use.
    case 'IMPORT_ROLLBACK_COMPLETE':
      return {
        text: 'Its last import was undone. What it holds:',
        commands: [
          `${command('list-stack-resources')} --query 'StackResourceSummaries[].LogicalResourceId' --output text`,
        ],
        otherwise: deletion(
          'If that is nothing, the import was to make the stack. Delete it and start again; what it was to import is as ' +
            'it was:',
        ),
      };
    case 'IMPORT_ROLLBACK_FAILED':
      return deletion(
        'It could not adopt what was there, which is as it was. If that was to make the stack, delete it and start again:',
      );
    case 'ROLLBACK_FAILED':
      return {
        ...deletion(
          'Its first creation failed, and could not be undone. Remove the cause (see its events); such a stack can only ' +
            'be deleted:',
        ),
        otherwise: giveUpResources,
      };
    case 'DELETE_FAILED':
      return {
        ...deletion('Its deletion stopped half-way. Remove the cause (see its events), then delete it again:'),
        otherwise: giveUpResources,
      };
    case 'UPDATE_FAILED':
      return {
        text: 'Its last update failed and was told not to roll back. Undo it:',
        commands: [command('rollback-stack'), wait('stack-rollback-complete')],
      };
    case 'UPDATE_ROLLBACK_FAILED':
      return {
        text: 'Its last update could not be undone. Remove the cause (see its events), then:',
        commands: [command('continue-update-rollback'), wait('stack-rollback-complete')],
        // API Reference, "ContinueUpdateRollback": skips what is in UPDATE_FAILED because a rollback failed.
        otherwise: {
          text:
            'If it does not end otherwise, leave the resources that cannot be undone as they are. CloudFormation then ' +
            'takes them for undone: bring them in line with the template before the next update. (An AWS CLI that does ' +
            'not know --force-rollback takes --resources-to-skip LOGICAL_ID... in its place.)',
          commands: [command('continue-update-rollback', ' --force-rollback'), wait('stack-rollback-complete')],
        },
      };
    default:
      return status.endsWith('_IN_PROGRESS')
        ? {
            text: 'An operation is under way. Wait until it has ended, then run this again. Its state:',
            commands: [`${command('describe-stacks')} --query 'Stacks[0].StackStatus' --output text`],
          }
        : undefined;
  }
}

/** Advice as it is printed: a line of text, then its commands. */
export const adviceText = ({ text, commands, otherwise }: StackAdvice): string =>
  [text, ...commands, ...(otherwise === undefined ? [] : [otherwise.text, ...otherwise.commands])].join('\n');

if (require.main === module) {
  const [stack = '', status = '', options = ''] = process.argv.slice(2);
  const advice = stackAdvice(stack, status, options);
  process.stdout.write(advice === undefined ? '' : `${adviceText(advice)}\n`);
}
