import type { Actor } from '../../../templates-src/access/case';
import { committedCodeTag } from '../../../templates-src/patterns/tooling/build-project';
import type { RoutePolicies } from '../../lib/iam/policies';
import type { ResolvedRoute } from '../../lib/resolve/resolve-route';
import type { ValueMap } from '../../lib/resolve/resolve-stack';
import { type Approved, actionsBefore, actionsOf, toolingResources } from './stages';

/** Somebody that committed code is, or can become, before an approval. */
export interface Principal {
  readonly actor: Actor;
  /** How it comes to that, in words, the commit first. */
  readonly path: readonly string[];
}

/**
 * What committed code is before an approval.
 *
 * In the tooling account that is the builds that run what a commit says. Of the environments before the approval no
 * more is assumed than that they are in the commit's hands altogether: its templates deploy there, its functions and
 * containers run there. So everybody in their accounts asks with every permission that their account can give, under the
 * name of each role there, which is what policies of other accounts know them by.
 */
export function principalsBefore(route: ResolvedRoute, policies: RoutePolicies, of: Approved): readonly Principal[] {
  return [...committedBuilds(route), ...ofEarlierAccounts(route, policies, of)];
}

/** The roles of builds that run what a commit says. */
export function committedBuilds(route: ResolvedRoute): readonly Principal[] {
  const actions = actionsOf(route);
  return toolingResources(route)
    .filter(({ type, properties }) => {
      const tags = (properties.Tags ?? []) as readonly ValueMap[];
      return type === 'AWS::CodeBuild::Project' && tags.some(({ Key }) => Key === committedCodeTag);
    })
    .map(({ properties }) => {
      const pipeline = actions.find(({ configuration }) => configuration.ProjectName === properties.Name)?.pipeline;
      return {
        actor: { kind: 'role', arn: String(properties.ServiceRole) },
        path: [`a commit to ${pipeline?.properties.Name}`, `the build ${properties.Name}, which runs what it says`],
      };
    });
}

/**
 * Who acts for a commit before the approval, in all pipelines, because their definitions say so: what a template that lost
 * its approval, or has it in the wrong place, would let through. A change set that is only prepared changes nothing.
 */
export function actingBefore(route: ResolvedRoute, policies: RoutePolicies, of: Approved): readonly Principal[] {
  const projects = toolingResources(route).filter(({ type }) => type === 'AWS::CodeBuild::Project');
  return actionsBefore(route, of)
    .filter(({ configuration }) => configuration.ActionMode !== 'CHANGE_SET_REPLACE')
    .flatMap(({ pipeline, stage, name, configuration, roleArn }) => {
      const project = projects.find(({ properties }) => properties.Name === configuration.ProjectName);
      return [configuration.RoleArn, project?.properties.ServiceRole, roleArn]
        .map(String)
        .filter((arn) => policies.roles.has(arn))
        .map(
          (arn): Principal => ({
            actor: { kind: 'role', arn },
            path: [
              `a commit to ${pipeline.properties.Name}`,
              `the action ${name} of the stage ${stage}, which nobody has approved, as ${arn.replace(/^.*:role\//, 'role ')}`,
            ],
          }),
        );
    });
}

function ofEarlierAccounts(
  route: ResolvedRoute,
  policies: RoutePolicies,
  { before, environment }: Approved,
): Principal[] {
  const own = route.accounts.get(environment.name)?.id;
  return before.flatMap(({ name }): Principal[] => {
    const account = route.accounts.get(name)?.id ?? '';
    // Environments that share an account are not kept apart by it; `sharesAccountWith` says so.
    if (account === own) {
      return [];
    }
    const path = ['a commit', `${name}, where it deploys before the approval`];
    const roles = [...policies.roles.keys()].filter((arn) => arn.split(':')[4] === account);
    // A name that no template has; and, because `*` in an ARN takes in `/`, names behind each role's as behind a path.
    const others = new Set([
      `arn:aws:iam::${account}:role/anybody`,
      ...[...roles, ...rolesKnownIn(policies, account)].flatMap((arn) => [arn, `${arn}/anybody`]),
    ]);
    for (const arn of roles) {
      others.delete(arn);
    }
    const people = [...roles, ...others].map(
      (arn): Principal => ({
        actor: { kind: 'administrator', arn },
        path: [...path, `${arn.replace(/^.*:role\//, 'role ')} of its account`],
      }),
    );
    const services = servicesIn(policies).map(
      ({ service, sourceArn }): Principal => ({
        actor: {
          kind: 'service',
          service,
          sourceAccount: account,
          ...(sourceArn === undefined
            ? {}
            : { sourceArn: sourceArn.replace(/^(arn:aws:[^:]*:[^:]*:)\d*/, `$1${account}`) }),
        },
        path: [...path, `${service}, which acts for what it makes there`],
      }),
    );
    return [...people, ...services];
  });
}

/** Roles of an account that conditions name, be there such a role or not: who has the account can make it. */
function rolesKnownIn({ all }: RoutePolicies, account: string): readonly string[] {
  const conditions = all.flatMap(({ document }) =>
    document.Statement.flatMap(({ Condition }) =>
      Object.values((Condition ?? {}) as Record<string, Record<string, string | string[]>>),
    ),
  );
  return conditions
    .flatMap((keys) => [keys['aws:PrincipalArn'] ?? []].flat())
    .map((pattern) => pattern.replace(/^arn:aws:iam::\*?:/, `arn:aws:iam::${account}:`).replaceAll('*', 'any'))
    .filter((arn) => arn.startsWith(`arn:aws:iam::${account}:role/`));
}

/** The services that policies let in, each without and with each resource that they have to act for. */
function servicesIn({ all }: RoutePolicies) {
  const found = new Map<string, { service: `${string}.amazonaws.com`; sourceArn: string | undefined }>();
  for (const { document } of all) {
    for (const { Principal: principal, Condition } of document.Statement) {
      const services = [(principal as ValueMap | undefined)?.Service ?? []].flat() as `${string}.amazonaws.com`[];
      const conditions = Object.values((Condition ?? {}) as Record<string, Record<string, string | string[]>>);
      const arns = conditions.flatMap((keys) => [keys['aws:SourceArn'] ?? []].flat());
      for (const service of services) {
        for (const sourceArn of [undefined, ...arns.map((arn) => arn.replaceAll('*', 'any'))]) {
          found.set(`${service} ${sourceArn}`, { service, sourceArn });
        }
      }
    }
  }
  return [...found.values()];
}
