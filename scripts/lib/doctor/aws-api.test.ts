import { expect, test } from 'vitest';
import type { Answer, Aws } from '../aws-cli';
import { AwsApi, AwsError } from './aws-api';

const said = (stderr: string): Answer => ({ succeeded: false, stdout: '', stderr });
const options = ['--region', 'eu-west-1'];

test('parameters go as the API takes them, and the answer comes back', async () => {
  const commands: string[][] = [];
  const api = new AwsApi(async (command) => {
    commands.push(command.flat().map(String));
    return { succeeded: true, stdout: '{"Role": {}}', stderr: '' };
  });

  expect(await api.call('iam', 'get-role', { RoleName: 'a b' }, options)).toEqual({ Role: {} });
  expect(commands).toEqual([
    ['aws', 'iam', 'get-role', '--cli-input-json', '{"RoleName":"a b"}', '--output', 'json', '--region', 'eu-west-1'],
  ]);
});

test('an operation may have nothing to say', async () => {
  const api = new AwsApi(async () => ({ succeeded: true, stdout: '', stderr: '' }));

  expect(await api.call('s3api', 'head-bucket', { Bucket: 'b' }, options)).toEqual({});
});

test('the same call is made once, however many ask; others of an account are made eight at a time', async () => {
  let running = 0;
  let most = 0;
  let calls = 0;
  const aws: Aws = async () => {
    calls++;
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, 5));
    running--;
    return { succeeded: true, stdout: '{}', stderr: '' };
  };
  const api = new AwsApi(aws);
  const names = Array.from({ length: 30 }, (_, place) => `role-${place % 20}`);

  await Promise.all(names.map((RoleName) => api.call('iam', 'get-role', { RoleName }, options)));

  expect({ calls, most }).toEqual({ calls: 20, most: 8 });
});

test.each([
  [
    'An error occurred (AccessDenied) when calling the GetRole operation: User: x is not authorized',
    'AccessDenied',
    true,
  ],
  // AWS CLI 2
  [
    'aws: [ERROR]: An error occurred (UnauthorizedOperation) when calling the DescribeVpcs operation: No',
    'UnauthorizedOperation',
    true,
  ],
  ['An error occurred (403) when calling the HeadBucket operation: Forbidden', '403', true],
  [
    'An error occurred (Throttling) when calling the GetRole operation (reached max retries: 4): Rate exceeded',
    'Throttling',
    false,
  ],
  ['Could not connect to the endpoint URL: "https://codecommit.xx-west-1.amazonaws.com/"', undefined, false],
])('%s', async (stderr, code, denied) => {
  const api = new AwsApi(async () => said(stderr));

  const error = await api.call<AwsError>('iam', 'get-role', {}, options).catch((reason: AwsError) => reason);

  expect(error).toBeInstanceOf(AwsError);
  expect({ code: error.code, denied: error.denied, call: error.call }).toEqual({ code, denied, call: 'iam get-role' });
  expect(stderr).toContain(error.message);
});
