/** What frees a stack from a state in which no deployment can succeed. */
export interface StackAdvice {
  readonly text: string;
  /** Commands of the AWS CLI, in order, ready to be pasted. */
  readonly commands: readonly string[];
}

/**
 * What to do about a stack that cannot be deployed in its present state.
 *
 * @param options the options of its account as shell text: Region, profile, endpoint
 * @returns undefined where there is nothing to do
 */
export function stackAdvice(stack: string, status: string, options: string): StackAdvice | undefined {
  const command = (words: string) => `aws cloudformation ${words} --stack-name ${stack} ${options}`;
  switch (status) {
    // There is only a change set that was never executed: the AWS CLI starts afresh.
    case 'REVIEW_IN_PROGRESS':
      return undefined;
    case 'CREATE_FAILED':
    case 'ROLLBACK_COMPLETE':
    case 'ROLLBACK_FAILED':
    case 'DELETE_FAILED':
      return {
        text: 'Such a stack can only be deleted. If it holds nothing you need:',
        commands: [command('delete-stack'), command('wait stack-delete-complete')],
      };
    case 'UPDATE_ROLLBACK_FAILED':
      return {
        text:
          'Its last update could not be undone. Remove the cause (see its events), then go on. As the last resort add ' +
          '--force-rollback, or --resources-to-skip with an older AWS CLI: what is skipped stays as it is.',
        commands: [command('continue-update-rollback'), command('wait stack-rollback-complete')],
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

if (require.main === module) {
  const [stack = '', status = '', options = ''] = process.argv.slice(2);
  const advice = stackAdvice(stack, status, options);
  process.stdout.write(advice === undefined ? '' : `${[advice.text, ...advice.commands].join('\n')}\n`);
}
