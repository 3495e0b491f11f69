import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { installedPython } from '../lib/python-tools';
import { stackAdvice } from './stack-advice';

const stack = 'project-dev-infrastructure';
const adviceFor = (status: string) => stackAdvice(stack, status, '--region eu-west-1');
const named = `--stack-name ${stack}`;
const region = '--region eu-west-1';

/** Asks botocore's model of CloudFormation. */
function inModel(expression: string): unknown {
  const program = [
    'import json, botocore.session',
    'model = botocore.session.Session().get_service_model("cloudformation")',
    `print(json.dumps(${expression}))`,
  ].join('\n');
  const { stdout, stderr } = spawnSync(installedPython(join(__dirname, '..', '..')) ?? 'python3', ['-c', program], {
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

const statuses = inModel('model.shape_for("StackStatus").enum') as string[];

test.each(['CREATE_COMPLETE', 'UPDATE_COMPLETE', 'UPDATE_ROLLBACK_COMPLETE', 'IMPORT_COMPLETE', 'REVIEW_IN_PROGRESS'])(
  'a stack in %s needs nothing',
  (status) => {
    expect(adviceFor(status)).toBeUndefined();
  },
);

test.each(['CREATE_FAILED', 'ROLLBACK_COMPLETE', 'ROLLBACK_FAILED', 'DELETE_FAILED', 'IMPORT_ROLLBACK_FAILED'])(
  'a stack in %s is to be deleted',
  (status) => {
    expect(adviceFor(status)?.commands).toEqual([
      `aws cloudformation delete-stack ${named} ${region}`,
      `aws cloudformation wait stack-delete-complete ${named} ${region}`,
    ]);
  },
);

test('what a deletion stumbles over can be given up, but not where nothing is left to stumble over', () => {
  const force = `aws cloudformation delete-stack ${named} --deletion-mode FORCE_DELETE_STACK ${region}`;

  expect(adviceFor('DELETE_FAILED')?.otherwise?.commands[0]).toBe(force);
  expect(adviceFor('ROLLBACK_FAILED')?.otherwise?.commands[0]).toBe(force);
  expect(adviceFor('ROLLBACK_COMPLETE')?.otherwise).toBeUndefined();
});

test('a stack whose import was undone is to be deleted, but only once it was seen to hold nothing', () => {
  const advice = adviceFor('IMPORT_ROLLBACK_COMPLETE');

  expect(advice?.commands).toEqual([
    `aws cloudformation list-stack-resources ${named} ${region} --query 'StackResourceSummaries[].LogicalResourceId' --output text`,
  ]);
  expect(advice?.otherwise?.text).toMatch(/^If that is nothing, /);
  expect(advice?.otherwise?.commands[0]).toBe(`aws cloudformation delete-stack ${named} ${region}`);
});

test('a stack whose rollback failed goes on with it, and leaves out what cannot be undone only when nothing else helps', () => {
  const advice = adviceFor('UPDATE_ROLLBACK_FAILED');

  expect(advice?.commands).toEqual([
    `aws cloudformation continue-update-rollback ${named} ${region}`,
    `aws cloudformation wait stack-rollback-complete ${named} ${region}`,
  ]);
  expect(advice?.otherwise?.commands[0]).toBe(
    `aws cloudformation continue-update-rollback ${named} --force-rollback ${region}`,
  );
});

test.each(['CREATE_IN_PROGRESS', 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS'])('a stack in %s is waited for', (status) => {
  expect(adviceFor(status)?.text).toMatch('Wait until it has ended');
});

describe("in botocore's model of CloudFormation, which is that of the AWS CLI's next version", () => {
  test('every state in which a stack is stuck has advice', () => {
    const stuck = statuses.filter((status) => status.endsWith('_FAILED'));

    expect(stuck).toContain('UPDATE_ROLLBACK_FAILED');
    expect(stuck.filter((status) => adviceFor(status) === undefined)).toEqual([]);
  });

  test('every command that is advised exists, with its options', () => {
    const advised = statuses.flatMap((status) => {
      const { commands = [], otherwise } = adviceFor(status) ?? {};
      return [...commands, ...(otherwise?.commands ?? [])];
    });
    const pascal = (words: string) => words.replaceAll(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());
    const operations = [...new Set(advised)].map(
      (command) => /^aws cloudformation (wait \S+|\S+)/.exec(command)?.[1] ?? '',
    );

    for (const operation of operations.filter((name) => !name.startsWith('wait '))) {
      expect(inModel(`${JSON.stringify(pascal(operation))} in model.operation_names`), operation).toBe(true);
    }
    expect(inModel('list(model.operation_model("ContinueUpdateRollback").input_shape.members)')).toContain(
      'ForceRollback',
    );
    expect(inModel('model.operation_model("DeleteStack").input_shape.members["DeletionMode"].enum')).toContain(
      'FORCE_DELETE_STACK',
    );
    const waiters = inModel('botocore.session.Session().get_waiter_model("cloudformation").waiter_names') as string[];
    for (const operation of operations.filter((name) => name.startsWith('wait '))) {
      expect(waiters).toContain(pascal(operation.replace('wait ', '')));
    }
  });
});
