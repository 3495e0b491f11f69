// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of CloudFormation, not of TypeScript
import { expect, test } from 'vitest';
import { findingsOf } from '../rule';
import { templateOf, violationsOf } from '../rule.fixture';
import { templatesHoldNoAccountIds as rule } from './templates-hold-no-account-ids';

const topicNamed = (name: string, comment = '') =>
  `${comment}Resources:\n  Topic:\n    Type: AWS::SNS::Topic\n    Properties:\n      TopicName: ${name}\n`;

test.each([
  'plain',
  '!Sub topic-${AWS::AccountId}',
  "'[0-9]{12}'",
  'x12345678901234',
  '5f0c1c1e-0c1d-4a3e-9f6e-123456789012',
])('%s is no account id', async (name) => {
  expect(await violationsOf(rule, topicNamed(name))).toEqual([]);
});

test.each(["'111111111111'", 'arn:aws:iam::012345678901:root', 'bucket-222222222222-eu-west-1'])(
  '%s holds one',
  async (name) => {
    const violations = await violationsOf(rule, topicNamed(name));
    expect(violations).toEqual([expect.stringMatching(/^Topic: the template holds the account id \d{12}$/)]);
  },
);

test('a comment counts, and the line is that of the id', async () => {
  const template = templateOf(topicNamed('plain', '# for 111111111111\n'));
  expect(await findingsOf(rule, template)).toMatchObject([{ line: 1, severity: 'error' }]);
  const inResource = templateOf(topicNamed('t-111111111111'));
  expect(await findingsOf(rule, inResource)).toMatchObject([{ line: 5, logicalId: 'Topic' }]);
});
