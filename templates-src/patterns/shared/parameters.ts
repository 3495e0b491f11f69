import { equals, type Parameter, type Reference, Region, type Template } from '../../dsl';
import { regionInWords, regionPattern } from '../../model/region';
import { accountIdParameter, type Environment, type Topology } from '../../model/topology';

/** Parameters that more than one template has; constraints and texts are the same everywhere. */

/** An AWS account id. A string, because a number loses leading zeros. */
export const accountId = (account: string): Parameter => ({
  Type: 'String',
  Label: `${account} account id`,
  Description: `Id of the ${account} account`,
  AllowedPattern: '[0-9]{12}',
  ConstraintDescription: '12 digits, in quotes',
});

/** The Region of all accounts. */
export const region: Parameter = {
  Type: 'String',
  Label: 'Region',
  Description: 'Region of all accounts; the stack refuses to be deployed elsewhere',
  AllowedPattern: regionPattern,
  MaxLength: 20,
  ConstraintDescription: regionInWords,
};

/**
 * The Region of the whole route to live, and the rule that refuses the stack elsewhere: a profile with another default
 * Region would deploy it beside the buckets and keys that it needs (a Lambda package must lie in its function's Region).
 */
export function declareRegion(t: Template): void {
  const { Region: configured } = t.parameters('Route to live', { Region: region });
  t.rules({
    DeployedInItsRegion: {
      Assertions: [
        {
          Assert: equals(configured, Region),
          AssertDescription:
            'The parameter Region is not the Region of this deployment: pass --region, or use another profile',
        },
      ],
    },
  });
}

/**
 * The account ids of all environments, as parameters of a template of the tooling account.
 *
 * @returns the parameter that holds the account id of an environment
 */
export function declareAccountIds(t: Template, { environments }: Topology): (environment: Environment) => Reference {
  const parameters = t.parameters(
    'Accounts',
    Object.fromEntries(environments.map((it) => [accountIdParameter(it), accountId(it.name)])),
  );
  return (environment) => {
    const parameter = parameters[accountIdParameter(environment)];
    if (parameter === undefined) {
      throw new Error(`the topology has no environment '${environment.name}'`);
    }
    return parameter;
  };
}

/** Name of the environment that a stack belongs to. */
export const environmentName = ({ environments }: Topology): Parameter => ({
  Type: 'String',
  Label: 'Environment',
  Description: 'Environment that this account serves; part of the names of its roles',
  AllowedValues: environments.map(({ name }) => name),
});

/** ARN of the key of the tooling account. An alias would not do: it resolves in its owner's account only. */
export const artifactKeyArn: Parameter = {
  Type: 'String',
  Label: 'Artifact key',
  Description: 'ARN of the key that encrypts artifacts and packages; deploy.sh passes it on from artifact-store',
  AllowedPattern: 'arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+',
  MaxLength: 100,
  ConstraintDescription: 'the full ARN of a key, not its alias',
};
