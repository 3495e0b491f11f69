import { expect, test } from 'vitest';
import type { Answer } from './aws-cli';
import { obstaclesTo } from './destruction-obstacles';
import type { DestroyStep } from './destruction-plan';

const step: DestroyStep = {
  stack: {
    name: 'shop-live-service',
    template: 'environment/service',
    account: 'live',
    parameters: 'parameters/live/service.json',
    feeds: [],
    deployedBy: 'pipeline',
  },
  target: {
    account: 'live',
    accountId: '222222222222',
    accountIdSource: 'a file',
    profile: undefined,
    usualProfile: 'shop-live',
    options: [['--region', 'eu-west-1']],
  },
  retained: [],
  neededBy: [],
  deletion: [],
  wait: [],
};

/** What is found where the stack holds one resource, and looking at it gives an answer. */
async function found(
  type: string,
  answer: Partial<Answer>,
  isProtected = false,
  physicalId = 'the-id',
): Promise<string[]> {
  const doomed = [{ logicalId: 'Resource', type, physicalId }];
  const obstacles = await obstaclesTo([{ step, isProtected, doomed, retained: [] }], async () => ({
    succeeded: true,
    stdout: '',
    stderr: '',
    ...answer,
  }));
  return obstacles.map(({ what, remedy }) => `${what}: ${remedy}`);
}

test.each([
  [
    'AWS::ElasticLoadBalancingV2::LoadBalancer',
    'true\n',
    /Key=deletion_protection.enabled,Value=false --region eu-west-1$/,
  ],
  ['AWS::DynamoDB::Table', 'True\n', /--no-deletion-protection-enabled --region eu-west-1$/],
  ['AWS::ECR::Repository', 'sha256:0a1b\n', /delete-repository --repository-name the-id --force/],
  [
    'AWS::S3::Bucket',
    'orders.csv\tNone\n',
    /list-object-versions --bucket the-id .* delete-objects --bucket the-id .* --region eu-west-1 <<</,
  ],
  ['AWS::S3::Bucket', 'None\tNone of these\n', /delete-objects/],
])('%s that answers %j is in the way, and the command that lifts it is named', async (type, stdout, remedy) => {
  const [obstacle, ...others] = await found(type, { stdout });

  expect(obstacle).toMatch(remedy);
  expect(others).toEqual([]);
});

test.each([
  ['AWS::ElasticLoadBalancingV2::LoadBalancer', { stdout: 'false\n' }],
  ['AWS::DynamoDB::Table', { stdout: 'None\n' }],
  ['AWS::ECR::Repository', { stdout: 'None\n' }],
  ['AWS::S3::Bucket', { stdout: 'None\tNone\n' }],
  ['AWS::S3::Bucket', { stdout: 'None\n' }],
  ['AWS::S3::Bucket', { succeeded: false, stderr: 'An error occurred (NoSuchBucket) when calling' }],
  ['AWS::SNS::Topic', { stdout: 'true' }],
])('%s that answers %j is not', async (type, answer) => {
  expect(await found(type, answer)).toEqual([]);
});

test('the policy for those who do not approve is in the way while somebody has it, and no policy of a role is', async () => {
  const type = 'AWS::IAM::ManagedPolicy';
  const arn = 'arn:aws:iam::222222222222:policy/shop-not-approver';

  expect(await found(type, { stdout: 'role\tdeveloper\nuser\tanna\n' }, false, arn)).toEqual([
    expect.stringMatching(
      /is attached .*list-entities-for-policy .*shop-not-approver .* "detach-\$kind-policy" .*eu-west-1/,
    ),
  ]);
  expect(await found(type, { stdout: '' }, false, arn)).toEqual([]);
  expect(await found(type, { stdout: 'role\tshop-approver\n' }, false, arn.replace('not-', ''))).toEqual([]);
});

test('what cannot be seen stops everything', async () => {
  const denied = { succeeded: false, stderr: 'An error occurred (AccessDenied)' };

  await expect(found('AWS::S3::Bucket', denied)).rejects.toThrow(
    'cannot see what protects shop-live-service in live (222222222222). Nothing was deleted.',
  );
});

test('a protected stack is in the way', async () => {
  expect(await found('AWS::SNS::Topic', {}, true)).toEqual([
    'its termination protection is on: aws cloudformation update-termination-protection ' +
      '--no-enable-termination-protection --stack-name shop-live-service --region eu-west-1',
  ]);
});
