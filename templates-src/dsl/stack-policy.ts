import type { Template } from './template';

/** What a statement of a stack policy holds; its principal can only be `*`. */
interface StackPolicyStatement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: 'Update:*';
  readonly Principal: '*';
  readonly Resource: string | readonly string[];
}

/** A stack policy, as CloudFormation takes it. */
export interface StackPolicy {
  readonly Statement: readonly StackPolicyStatement[];
}

/**
 * The policy of a template's stacks: no update may touch what is frozen, everything else is free. Nothing for a template
 * without frozen resources.
 *
 * The denial stands last. The CloudFormation guide ("Prevent updates to stack resources") lets a Deny override every
 * Allow; a test that LocalStack recorded against AWS (test_update_with_overlapping_policies) found that of two
 * statements that contradict each other the last one counts. In this order both come to the same.
 */
export function stackPolicy({ frozenIds }: Template): StackPolicy | undefined {
  return frozenIds.length === 0 ? undefined : policyOf(frozenIds.map((id) => `LogicalResourceId/${id}`));
}

const policyOf = (frozen: readonly string[]): StackPolicy => ({
  Statement: [
    { Effect: 'Allow', Action: 'Update:*', Principal: '*', Resource: '*' },
    { Effect: 'Deny', Action: 'Update:*', Principal: '*', Resource: frozen },
  ],
});

/** The text of a policy's file. JSON has no place for a note of where it comes from. */
export const stackPolicyText = (policy: StackPolicy): string => `${JSON.stringify(policy, null, 2)}\n`;

/** Whether a text is one that `stackPolicyText` writes, whatever resources it names. */
export function isStackPolicyText(text: string): boolean {
  try {
    return text === stackPolicyText(policyOf(JSON.parse(text).Statement[1].Resource));
  } catch {
    return false;
  }
}

/** Where the policy of a template's stacks lies, below `generated`. */
export const stackPolicyFile = (template: string) => `${template}.stack-policy.json`;
