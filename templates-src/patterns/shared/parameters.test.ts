import { expect, test } from 'vitest';
import { compile, Intrinsic, template } from '../../dsl';
import { Topic } from '../../resources/sns';
import { topologyWith } from '../../topology.fixture';
import { accountId, artifactKeyArn, declareAccountIds, declareRegion, environmentName } from './parameters';

const topology = topologyWith({
  project: 'parameters',
  environments: [
    { name: 'dev', approval: false },
    { name: 'preprod', approval: true },
  ],
});

/** Whether a value matches a parameter's pattern as CloudFormation does: as a whole. */
const accepts = ({ AllowedPattern = '' }: { readonly AllowedPattern?: string }, value: string) =>
  new RegExp(`^(?:${AllowedPattern})$`).test(value);

test.each([
  ['012345678901', true],
  ['12345678901', false],
  ['1234567890123', false],
  ['1234-5678-9012', false],
])('%s is an account id: %s', (value, expected) => {
  expect(accepts(accountId('dev'), value)).toBe(expected);
});

test.each([
  ['arn:aws:kms:eu-west-1:111111111111:key/0a1b2c3d-0000-4000-8000-000000000000', true],
  ['arn:aws-us-gov:kms:us-gov-west-1:111111111111:key/mrk-0a1b2c3d000040008000000000000000', true],
  ['arn:aws:kms:eu-west-1:111111111111:alias/route-to-live-artifacts', false],
  ['alias/route-to-live-artifacts', false],
])('%s is the ARN of a key: %s', (value, expected) => {
  expect(accepts(artifactKeyArn, value)).toBe(expected);
});

test('every environment has a parameter of its own for its account, and no other has any', () => {
  const t = template('Accounts');
  const accounts = declareAccountIds(t, topology);
  expect(topology.environments.map((environment) => accounts(environment).logicalId)).toEqual([
    'DevAccountId',
    'PreprodAccountId',
  ]);
  expect(() => accounts({ name: 'prod', approval: true })).toThrow("the topology has no environment 'prod'");
});

test('the name of an environment is one of the topology', () => {
  expect(environmentName(topology).AllowedValues).toEqual(['dev', 'preprod']);
});

test('a template with a Region refuses to be deployed elsewhere', () => {
  const t = template('Region');
  declareRegion(t);
  t.resources({ Topic: Topic({}) });
  const { Parameters, Rules } = compile(t);
  expect(accepts((Parameters as { Region: { AllowedPattern: string } }).Region, 'ap-southeast-2')).toBe(true);
  expect(accepts((Parameters as { Region: { AllowedPattern: string } }).Region, 'us-gov-west-1')).toBe(true);
  expect(accepts((Parameters as { Region: { AllowedPattern: string } }).Region, 'eu-west-1a')).toBe(false);
  expect(accepts((Parameters as { Region: { AllowedPattern: string } }).Region, 'cn-north-1')).toBe(false);
  expect(Rules).toMatchObject({
    DeployedInItsRegion: {
      Assertions: [
        { Assert: new Intrinsic('Equals', [new Intrinsic('Ref', 'Region'), new Intrinsic('Ref', 'AWS::Region')]) },
      ],
    },
  });
});
