import { isDeepStrictEqual } from 'node:util';
import { firstDifference, settled } from '../../deployed-stacks';
import type { AccountView, ExpectedStack } from '../account-view';
import { type Check, type Finding, notApplicable, ofEach, orOk, problem } from '../check';
import { isOfAnotherRoute } from './routes';

export const drift: Check = {
  name: 'drift',
  asks: 'do the deployed templates and parameters differ from this checkout?',
  run: async (view) => {
    const existing = await view.existing();
    if (existing.length === 0) {
      return [notApplicable('nothing is deployed yet')];
    }
    const found = await ofEach(existing, (expected) => look(view, expected));
    return orOk(found, `${existing.length} ${existing.length === 1 ? 'stack is' : 'stacks are'} as in this checkout`);
  },
};

async function look(view: AccountView, expected: ExpectedStack): Promise<Finding[]> {
  const { stack, template, parameters } = expected;
  const deployed = await view.deployed(stack);
  if (deployed === undefined || !settled.test(deployed.StackStatus) || isOfAnotherRoute(deployed, expected)) {
    return [];
  }
  const { TemplateBody } = await view.call<{ TemplateBody: string | object }>('cloudformation', 'get-template', {
    StackName: stack.name,
    TemplateStage: 'Original',
  });
  const there = {
    // The AWS CLI gives a template that is JSON as an object; JSON is YAML, too.
    template: typeof TemplateBody === 'string' ? TemplateBody : JSON.stringify(TemplateBody),
    parameters: Object.fromEntries((deployed.Parameters ?? []).map((one) => [one.ParameterKey, one.ParameterValue])),
  };
  const here = { template, parameters: { ...there.parameters, ...parameters } };
  if (isDeepStrictEqual(there, here)) {
    return [];
  }
  const difference = firstDifference({ stack, target: view.target }, there, here);
  if (difference === undefined) {
    return [];
  }
  const values = Object.keys(parameters)
    .filter((key) => there.parameters[key] !== undefined && there.parameters[key] !== parameters[key])
    .map((key) => `, ${key} is '${there.parameters[key]}' there and '${parameters[key]}' here`);
  return [
    problem(
      `${stack.name} is not as in this checkout: ${difference}${values.join('')}`,
      stack.deployedBy === 'deploy.sh'
        ? `scripts/deploy.sh ${stack.name}`
        : 'commit, and scripts/publish-repositories.sh Infrastructure-Deployment; approve what waits',
    ),
  ];
}
