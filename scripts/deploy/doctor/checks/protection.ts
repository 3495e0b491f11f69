import { type Check, notApplicable, ofEach, orOk, problem } from '../check';

export const protection: Check = {
  name: 'protection',
  asks: 'are the stacks of tooling and of production protected against deletion?',
  run: async (view) => {
    const existing = (await view.existing()).filter(({ isProtected }) => isProtected);
    if (existing.length === 0) {
      return [notApplicable('no stack that is to be protected exists here')];
    }
    const found = await ofEach(existing, async (expected) => {
      const deployed = await view.deployed(expected.stack);
      const { name } = expected.stack;
      const enable = ['update-termination-protection', '--enable-termination-protection', '--stack-name', name];
      return deployed?.EnableTerminationProtection
        ? []
        : [problem(`${name} has no termination protection`, view.command('cloudformation', ...enable))];
    });
    return orOk(found, `${existing.length} stacks are protected`);
  },
};
