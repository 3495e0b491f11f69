import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Bench, role, withFault } from '../action-context.fixture';

let bench: Bench;
let stacks = 0;
beforeAll(async () => {
  bench = await Bench.start();
  await bench.makeRole('dev', 'team-action');
  await bench.makeRole('dev', 'team-execution');
});
afterAll(() => bench.stop());

const template = `
Parameters:
  Name: {Type: String}
  Purpose: {Type: String, Default: rehearsal}
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties: {QueueName: !Ref Name, Tags: [{Key: Purpose, Value: !Ref Purpose}]}
Outputs:
  QueueArn: {Value: !GetAtt Queue.Arn}
`;

/** A template, its configuration and more files, in the artifact Package. */
const packaged = (body: string, parameters: object, more: Record<string, string> = {}) =>
  bench.artifact('Package', {
    'templates/queue.yaml': body,
    'configuration/dev.json': JSON.stringify({ Parameters: parameters }),
    ...more,
  });

/** A stack of a test's own: its name, and how to do an action with it. */
function stack() {
  stacks += 1;
  const StackName = `team-stack-${stacks}`;
  return {
    name: StackName,
    act: async (
      ActionMode: string,
      {
        body = template,
        parameters = { Name: StackName },
        files = {},
        configuration = {},
        ...more
      }: {
        body?: string;
        parameters?: object;
        files?: Record<string, string>;
        configuration?: Record<string, string>;
      } & Parameters<Bench['perform']>[2] = {},
    ) =>
      bench.perform(
        'CloudFormation',
        {
          ActionMode,
          StackName,
          ...(ActionMode.startsWith('CHANGE_SET') ? { ChangeSetName: 'pipeline' } : {}),
          ...(ActionMode === 'CHANGE_SET_EXECUTE'
            ? {}
            : {
                TemplatePath: 'Package::templates/queue.yaml',
                TemplateConfiguration: 'Package::configuration/dev.json',
                Capabilities: 'CAPABILITY_IAM,CAPABILITY_NAMED_IAM',
                RoleArn: role('dev', 'team-execution'),
              }),
          ...configuration,
        },
        { roleArn: role('dev', 'team-action'), inputs: [await packaged(body, parameters, files)], ...more },
      ),
    describe: async () => {
      const { Stacks } = await bench.dev<{ Stacks: { StackStatus: string; RoleARN: string; Parameters: object[] }[] }>(
        'cloudformation',
        'DescribeStacks',
        { StackName },
      );
      return Stacks[0];
    },
  };
}

describe('a deployment', () => {
  test('creates the stack in the account of the action, with the execution role and the configuration', async () => {
    const { name, act, describe: found } = stack();

    const { summary, variables } = await act('CREATE_UPDATE');

    expect(summary).toBe(`${name} in dev: CREATE_COMPLETE`);
    expect(variables).toEqual({ QueueArn: `arn:aws:sqs:eu-west-1:222222222222:${name}` });
    expect(await found()).toMatchObject({
      StackStatus: 'CREATE_COMPLETE',
      RoleARN: role('dev', 'team-execution'),
      Parameters: [
        { ParameterKey: 'Name', ParameterValue: name },
        { ParameterKey: 'Purpose', ParameterValue: 'rehearsal' },
      ],
    });
  });

  test('updates a stack that exists, and takes one without changes for done', async () => {
    const { name, act } = stack();
    await act('CREATE_UPDATE');

    expect((await act('CREATE_UPDATE')).summary).toBe(`${name} in dev: no changes`);
    const parameters = { Name: name, Purpose: 'another' };
    expect((await act('CREATE_UPDATE', { parameters })).summary).toBe(`${name} in dev: UPDATE_COMPLETE`);
  });

  test('gives the stack the policy of the configuration, which later updates have to obey', async () => {
    const { name, act } = stack();
    const StackPolicy = {
      Statement: [{ Effect: 'Deny', Action: 'Update:*', Principal: '*', Resource: 'LogicalResourceId/Queue' }],
    };
    const withPolicy = (Purpose: string) => ({
      files: { 'configuration/dev.json': JSON.stringify({ Parameters: { Name: name, Purpose }, StackPolicy }) },
    });
    await act('CREATE_UPDATE', withPolicy('first'));
    expect(await bench.dev('cloudformation', 'GetStackPolicy', { StackName: name })).toMatchObject({
      StackPolicyBody: JSON.stringify(StackPolicy),
    });

    expect((await act('CREATE_UPDATE', withPolicy('first'))).summary).toBe(`${name} in dev: no changes`);
    await expect(act('CREATE_UPDATE', withPolicy('second'))).rejects.toThrow(
      `The stack ${name} is in UPDATE_ROLLBACK_COMPLETE.\nUPDATE_FAILED Queue (AWS::SQS::Queue): Action denied by ` +
        'stack policy: Statement [#1] does not allow [Update:*] for resource [LogicalResourceId/Queue];',
    );
    await expect(act('CHANGE_SET_REPLACE', withPolicy('second'))).rejects.toThrow(
      'The rehearsal does not know what CodePipeline does with a stack policy and a change set.',
    );
  });

  test('says which file or artifact is missing', async () => {
    const { act } = stack();
    await expect(act('CREATE_UPDATE', { configuration: { TemplatePath: 'Package::other.yaml' } })).rejects.toThrow(
      'File [other.yaml] does not exist in artifact [Package].',
    );
    await expect(act('CREATE_UPDATE', { configuration: { TemplatePath: 'Source::other.yaml' } })).rejects.toThrow(
      'It names the artifact Source, which is not among its inputs: Package.',
    );
  });

  test('refuses a parameter that the template does not declare', async () => {
    const { act } = stack();
    await expect(act('CREATE_UPDATE', { parameters: { Name: 'a', Nome: 'b' } })).rejects.toThrow('Nome');
  });

  test('that fails says what failed, and leaves a stack that the next one refuses', async () => {
    const { name, act } = stack();
    await expect(act('CREATE_UPDATE', { context: withFault })).rejects.toThrow(
      new RegExp(
        `^The stack ${name} is in ROLLBACK_COMPLETE\\.\\nCREATE_FAILED FaultByFailAt \\(AWS::S3::Bucket\\): .+`,
      ),
    );
    await expect(act('CREATE_UPDATE')).rejects.toThrow(
      `Stack ${name} is in ROLLBACK_COMPLETE. It can only be deleted; then run the pipeline again.`,
    );
  });

  test('that fails in an update reports this update alone, and leaves the stack as it was', async () => {
    const { name, act, describe: found } = stack();
    await act('CREATE_UPDATE');
    await expect(act('CREATE_UPDATE', { context: withFault })).rejects.toThrow(
      new RegExp(`^The stack ${name} is in UPDATE_ROLLBACK_COMPLETE\\.\\nCREATE_FAILED FaultByFailAt`),
    );
    await expect(act('CREATE_UPDATE', { parameters: { Name: name, Purpose: 'new' } })).resolves.toBeDefined();
    expect((await found())?.StackStatus).toBe('UPDATE_COMPLETE');
  });

  test('needs its role in the target account', async () => {
    const { act } = stack();
    await expect(act('CREATE_UPDATE', { roleArn: role('dev', 'gone') })).rejects.toThrow(
      `AccessDenied: ${role('tooling', 'fixture-pipeline')} is not authorized to perform sts:AssumeRole on ` +
        `${role('dev', 'gone')}: there is no such role.`,
    );
    await expect(act('CREATE_UPDATE', { roleArn: 'arn:aws:iam::999999999999:role/team-action' })).rejects.toThrow(
      'it is in none of the accounts 111111111111, 222222222222.',
    );
  });
});

describe('a change set', () => {
  test('is prepared without changing anything, then executed', async () => {
    const { name, act, describe: found } = stack();

    expect((await act('CHANGE_SET_REPLACE')).summary).toBe(`${name} in dev: change set pipeline, 1 to add`);
    expect((await found())?.StackStatus).toBe('REVIEW_IN_PROGRESS');

    const { summary, variables } = await act('CHANGE_SET_EXECUTE');
    expect(summary).toBe(`${name} in dev: CREATE_COMPLETE`);
    expect(variables).toHaveProperty('QueueArn');
  });

  test('takes the place of one that was never executed', async () => {
    const { name, act, describe: found } = stack();
    await act('CHANGE_SET_REPLACE');
    await act('CHANGE_SET_REPLACE', { parameters: { Name: name, Purpose: 'newer' } });
    await act('CHANGE_SET_EXECUTE');

    expect((await found())?.Parameters).toContainEqual({ ParameterKey: 'Purpose', ParameterValue: 'newer' });
  });

  test('without changes is prepared and executed for nothing', async () => {
    const { name, act } = stack();
    await act('CREATE_UPDATE');

    expect((await act('CHANGE_SET_REPLACE')).summary).toBe(`${name} in dev: change set pipeline, nothing to change`);
    expect((await act('CHANGE_SET_EXECUTE')).summary).toBe(`${name} in dev: no changes`);
  });

  test('says what it changes, replaces and removes', async () => {
    const { name, act } = stack();
    await act('CREATE_UPDATE', { body: `${template.replace('Outputs', '  Topic: {Type: AWS::SNS::Topic}\nOutputs')}` });

    const { summary } = await act('CHANGE_SET_REPLACE', { parameters: { Name: `${name}-renamed` } });

    expect(summary).toBe(`${name} in dev: change set pipeline, 1 to change, 1 of them to replace, 1 to remove`);
  });

  test('with a fault cannot be prepared, or is gone when it is to be executed', async () => {
    const { act } = stack();
    await expect(act('CHANGE_SET_REPLACE', { context: withFault })).rejects.toThrow('is invalid or cannot be assumed');
    await act('CHANGE_SET_REPLACE');
    await expect(act('CHANGE_SET_EXECUTE', { context: withFault })).rejects.toThrow('ChangeSetNotFound');
  });
});

test('an action mode that the rehearsal does not know is refused', async () => {
  await expect(stack().act('DELETE_ONLY')).rejects.toThrow('The rehearsal does not know the action mode DELETE_ONLY');
});
