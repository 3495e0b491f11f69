import { stackAdvice } from '../../stack-advice';
import type { AccountView, ExpectedStack } from '../account-view';
import { type Check, type Finding, notApplicable, ofEach, ok, problem } from '../check';

export const stacks: Check = {
  name: 'stacks',
  asks: 'is a stack stuck, and what frees it?',
  run: async (view) => {
    const found = await ofEach(view.stacks, (expected) => look(view, expected));
    const existing = found.some(({ outcome }) => outcome === 'unseen') ? [] : await view.existing();
    if (found.length > 0) {
      return found;
    }
    return existing.length === 0
      ? [notApplicable('nothing is deployed yet')]
      : [ok(`${existing.length} of ${view.stacks.length} exist, and none is stuck`)];
  },
};

async function look(view: AccountView, expected: ExpectedStack): Promise<Finding[]> {
  const { name } = expected.stack;
  const deployed = await view.deployed(expected.stack);
  const advice = deployed && stackAdvice(name, deployed.StackStatus, view.options);
  if (deployed === undefined || advice === undefined) {
    return [];
  }
  const status = `${name} is in ${deployed.StackStatus}`;
  const reason = deployed.StackStatusReason === undefined ? '' : `: ${deployed.StackStatusReason}`;
  if (deployed.StackStatus.endsWith('_IN_PROGRESS')) {
    return [ok(`${status}: an operation is under way`)];
  }
  const remedies = [advice, ...(advice.otherwise === undefined ? [] : [advice.otherwise])];
  const toDo = remedies.map(({ text, commands }) => `${text} ${commands.join(' && ')}`).join('. ');
  return [problem(`${status}${reason}`, toDo, [name])];
}
