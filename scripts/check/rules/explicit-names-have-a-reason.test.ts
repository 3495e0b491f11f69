import { expect, test } from 'vitest';
import { violationsOf } from '../rule.fixture';
import { explicitNamesHaveAReason as rule } from './explicit-names-have-a-reason';

const repository = (Properties: object, Metadata?: object) => ({
  Images: { Type: 'AWS::ECR::Repository', Properties, ...(Metadata && { Metadata }) },
});
const suppressing = (id: string) => ({
  cfn_nag: { rules_to_suppress: [{ id, reason: 'Scripts push to it by its name.' }] },
});

test('a name that CloudFormation gives needs no reason', async () => {
  expect(await violationsOf(rule, repository({ ImageTagMutability: 'IMMUTABLE' }))).toEqual([]);
});

test('a name without a reason is found, also one that is made of parameters', async () => {
  const message = 'Images: RepositoryName is given, without a reason';
  expect(await violationsOf(rule, repository({ RepositoryName: 'images' }))).toEqual([message]);
  expect(await violationsOf(rule, repository({ RepositoryName: { Ref: 'Name' } }))).toEqual([message]);
});

test('a name may be suppressed with the rule of cfn-nag, and with no other', async () => {
  expect(await violationsOf(rule, repository({ RepositoryName: 'images' }, suppressing('W28')))).toEqual([]);
  expect(await violationsOf(rule, repository({ RepositoryName: 'images' }, suppressing('W35')))).toHaveLength(1);
});

test('what cfn-nag does not look at may have a name', async () => {
  const topic = { Topic: { Type: 'AWS::SNS::Topic', Properties: { TopicName: 'topic' } } };
  expect(await violationsOf(rule, topic)).toEqual([]);
});
