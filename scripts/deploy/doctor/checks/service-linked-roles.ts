import {
  serviceLinkedRoles as needed,
  type ServiceLinkedRole,
} from '../../../../templates-src/patterns/environment/service-linked-roles';
import { type AccountView, expectedResources } from '../account-view';
import { AwsError } from '../aws-api';
import { type Check, type Finding, notApplicable, ofEach, orOk, problem } from '../check';

export const serviceLinkedRoles: Check = {
  name: 'service-linked-roles',
  asks: 'are the roles there that services make for themselves, too late for their first use?',
  run: async (view) => {
    const roles = Object.entries(needed)
      .filter(([type]) => view.stacks.some((expected) => expectedResources(expected, type).length > 0))
      .map(([, role]) => role);
    if (roles.length === 0) {
      return [notApplicable('no stack needs one')];
    }
    if ((await view.existing()).length === 0) {
      return [notApplicable('nothing is deployed yet; scripts/deploy.sh makes them')];
    }
    return orOk(await ofEach(roles, (role) => look(view, role)), `${roles.length} roles are there`);
  },
};

async function look(view: AccountView, { name, service }: ServiceLinkedRole): Promise<Finding[]> {
  try {
    await view.call('iam', 'get-role', { RoleName: name });
    return [];
  } catch (error) {
    if (error instanceof AwsError && error.code === 'NoSuchEntity') {
      const toDo = view.command('iam', 'create-service-linked-role', '--aws-service-name', service);
      return [problem(`there is no ${name}`, toDo)];
    }
    throw error;
  }
}
