import { expect, test } from 'vitest';
import type { Answer } from '../aws-cli';
import { AwsApi, type AwsError } from './aws-api';
import { unseen } from './check';

const says = (stdout: string, stderr = ''): Answer => ({ succeeded: stderr === '', stdout, stderr });

test('never more than eight runs of the AWS CLI at a time, also when calls come while others end', async () => {
  let running = 0;
  let most = 0;
  const api = new AwsApi(async () => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
    return says('{}');
  });
  const call = (number: number) => api.call('sts', 'get-caller-identity', { number }, []);

  await Promise.all(Array.from({ length: 40 }, (_, index) => call(index).then(() => call(100 + index))));

  expect(most).toBe(8);
});

test('an error of AWS is read with its code, with or without retries', async () => {
  const errorOf = (stderr: string) =>
    new AwsApi(async () => says('', stderr)).call('sns', 'list-topics', {}, []).catch((error: AwsError) => error);

  expect(
    await errorOf(
      'An error occurred (Throttling) when calling the ListTopics operation (reached max retries: 4): Rate exceeded',
    ),
  ).toMatchObject({ code: 'Throttling', message: 'Rate exceeded' });
  expect(
    await errorOf('An error occurred (AccessDenied) when calling the ListTopics operation: User: x is not'),
  ).toMatchObject({ code: 'AccessDenied', message: 'User: x is not', denied: true });
});

test('an answer that is not JSON, and a check that breaks off, are something that could not be seen', async () => {
  const error = await new AwsApi(async () => says('<html>')).call('sns', 'list-topics', {}, []).catch((it) => it);

  expect(unseen(error)).toMatchObject({ outcome: 'unseen', what: expect.stringContaining('is not JSON: <html>') });
  expect(unseen(new TypeError('no such property'))).toMatchObject({
    outcome: 'unseen',
    what: expect.stringContaining('the check itself failed: TypeError: no such property'),
  });
});
