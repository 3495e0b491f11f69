import { expect, test } from 'vitest';
import { stackAdvice } from './stack-advice';

const adviceFor = (status: string) => stackAdvice('project-dev-infrastructure', status, '--region eu-west-1');

test.each(['CREATE_COMPLETE', 'UPDATE_COMPLETE', 'UPDATE_ROLLBACK_COMPLETE', 'REVIEW_IN_PROGRESS'])(
  'a stack in %s needs nothing',
  (status) => {
    expect(adviceFor(status)).toBeUndefined();
  },
);

test.each(['CREATE_FAILED', 'ROLLBACK_COMPLETE', 'ROLLBACK_FAILED', 'DELETE_FAILED'])(
  'a stack in %s is to be deleted',
  (status) => {
    expect(adviceFor(status)?.commands).toEqual([
      'aws cloudformation delete-stack --stack-name project-dev-infrastructure --region eu-west-1',
      'aws cloudformation wait stack-delete-complete --stack-name project-dev-infrastructure --region eu-west-1',
    ]);
  },
);

test('a stack whose rollback failed goes on with it', () => {
  expect(adviceFor('UPDATE_ROLLBACK_FAILED')?.commands[0]).toMatch('continue-update-rollback');
});

test.each(['CREATE_IN_PROGRESS', 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS'])('a stack in %s is waited for', (status) => {
  expect(adviceFor(status)?.text).toMatch('Wait until it has ended');
});
