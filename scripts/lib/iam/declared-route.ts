import type {
  DeclaredAccount,
  DeclaredEnvironment,
  DeclaredResource,
  DeclaredRoute,
  DeclaredStack,
} from '../../../templates-src/access/case';
import { nearest } from '../../../templates-src/model/likely-cause';
import { toolingAccount } from '../../../templates-src/model/topology';
import type { ResolvedRoute } from '../resolve/resolve-route';
import type { ResolvedStack, Resource } from '../resolve/resolve-stack';

/** What cases are written about, made of the resolved stacks. */
export function declaredRouteOf({ topology, region, accounts, stacks }: ResolvedRoute): DeclaredRoute {
  const accountCalled = (name: string): DeclaredAccount => {
    const id = accounts.get(name)?.id;
    if (id === undefined) {
      throw new Error(unknown(`the topology has no account '${name}'`, name, [...accounts.keys()]));
    }
    const own = [...stacks.values()].filter(({ stack }) => stack.account === name);
    const templates = own.map(({ stack }) => stack.template.replace(/^.*\//, ''));
    return {
      name,
      id,
      has: (template) => templates.includes(template),
      stack: (template) => {
        const found = own[templates.indexOf(template)];
        if (found === undefined) {
          throw new Error(
            unknown(`the account ${name} has no stack of the template '${template}'`, template, templates),
          );
        }
        return declaredStack(found);
      },
    };
  };
  return {
    topology,
    region,
    tooling: accountCalled(toolingAccount),
    environments: topology.environments.map(
      (environment): DeclaredEnvironment => ({ ...accountCalled(environment.name), environment }),
    ),
  };
}

function declaredStack({ stack, resources, declined }: ResolvedStack): DeclaredStack {
  const declared = (logicalId: string): DeclaredResource => {
    const resource = resources.get(logicalId);
    if (resource === undefined) {
      throw new Error(
        unknown(`the stack ${stack.name} has no resource '${logicalId}'`, logicalId, [...resources.keys()]),
      );
    }
    return declaredResource(resource);
  };
  return {
    name: stack.name,
    template: stack.template,
    resources: [...resources.values()].map(declaredResource),
    declined: [...declined.values()].map(declaredResource),
    resource: declared,
    arn: (logicalId) => declared(logicalId).arn,
    role: (logicalId) => {
      const { type, arn } = declared(logicalId);
      if (type !== 'AWS::IAM::Role') {
        throw new Error(`${stack.name}: expected ${logicalId} to be a role, found an ${type}`);
      }
      return { kind: 'role', arn };
    },
  };
}

function declaredResource({ stack, logicalId, type, properties, ids }: Resource): DeclaredResource {
  return {
    logicalId,
    type,
    properties,
    get ref() {
      return ids.ref;
    },
    get arn() {
      if (ids.arn === undefined) {
        throw new Error(`${stack.name}: ${logicalId}: an ${type} has no ARN`);
      }
      return ids.arn;
    },
  };
}

function unknown(message: string, name: string, candidates: readonly string[]): string {
  const meant = nearest(name, candidates);
  return `${message}; it has ${candidates.join(', ') || 'none'}${meant === undefined ? '' : `. Did you mean '${meant}'?`}`;
}
