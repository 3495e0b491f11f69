import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkoutForTests } from '../../lib/checkout.fixture';
import { Report } from '../report';
import { type Policies, SmallRoute, sound, without } from './route.fixture';

// The summary compares with the cases of the proof, which are about generated templates.
const checkout = checkoutForTests();

let route: SmallRoute;
beforeAll(async () => {
  route = await SmallRoute.start(sound);
}, 60_000);
afterAll(() => route.stop());

const work = async () => {
  await route.store();
  const deployed = await route.deployQueue();
  await route.updateFunction();
  return deployed;
};

/** What is told when the route works with other policies: the error that AWS answers, and what is missing. */
async function faultOf(policies: Policies): Promise<{ error: string; told: string }> {
  await route.deploy(policies);
  const before = route.witness.denials.length;
  const error = await work().catch((reason: Error) => reason.message);
  return {
    error,
    told: route.witness.denials
      .slice(before)
      .flatMap(({ caller, action, resource, reasons }) => [`${caller} ${action} ${resource}`, ...reasons])
      .join('\n'),
  };
}

const role = (account: string, name: string) => `arn:aws:iam::${account}:role/${name}`;

const trustOfAnother = () => ({
  ...sound.actionTrust,
  Statement: sound.actionTrust.Statement.map((statement) => ({
    ...statement,
    Condition: { ArnEquals: { 'aws:PrincipalArn': role('111111111111', 'another') } },
  })),
});

test('a route whose policies are sound works, and nothing is denied', async () => {
  await route.deploy(sound);

  expect(await work()).toMatch(/^CREATE_COMPLETE/);
  expect(route.witness.denials).toEqual([]);
  expect(route.witness.differences.filter((text) => text.includes('was not evaluated'))).toEqual([]);
});

describe('AWS would deny, and says which policy would have to allow it', () => {
  test('an execution role without an action that a handler of CloudFormation calls', async () => {
    const { error, told } = await faultOf(without('execution', 'sqs:CreateQueue'));

    expect(error).toMatch(
      /^ROLLBACK_COMPLETE .*AccessDenied.* arn:aws:sts::222222222222:assumed-role\/execution\/AWSCloudFormation is not authorized to perform: sqs:CreateQueue on resource: arn:aws:sqs:eu-west-1:222222222222:queue because no identity-based policy allows the sqs:CreateQueue action/,
    );
    expect(told).toBe(
      `${role('222222222222', 'execution')} sqs:CreateQueue arn:aws:sqs:eu-west-1:222222222222:queue\n` +
        'a policy of the role would have to allow it: Execution.Policies.own.PolicyDocument in generated/dev.yaml',
    );
  });

  test('an update role without lambda:UpdateFunctionCode', async () => {
    const { error, told } = await faultOf(without('update', 'lambda:UpdateFunctionCode'));

    expect(error).toContain(
      'lambda UpdateFunctionCode: AccessDeniedException: User: arn:aws:sts::222222222222:assumed-role/update/execution is not authorized to perform: lambda:UpdateFunctionCode',
    );
    expect(told).toContain('Update.Policies.own.PolicyDocument in generated/dev.yaml');
  });

  test('an artifact bucket that does not let the role of the action in', async () => {
    const { error, told } = await faultOf(without('artifactBucket', 's3:GetObject'));

    expect(error).toContain('because no resource-based policy allows the s3:GetObject action');
    expect(told).toBe(
      `${role('222222222222', 'action')} s3:GetObject arn:aws:s3:::artifacts/Pipeline/Source/zip\n` +
        'the resource-based policy would have to allow it: BucketPolicy.PolicyDocument in generated/tooling.yaml',
    );
  });

  test('an upload without If-None-Match, where the bucket denies what could replace an object', async () => {
    const denyOverwriting = {
      Sid: 'DenyOverwriting',
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:PutObject',
      Condition: { Null: { 's3:if-none-match': true } },
    };
    const { Statement, ...policy } = sound.artifactBucket;
    const { error } = await faultOf({
      ...sound,
      artifactBucket: { ...policy, Statement: [...Statement, denyOverwriting] },
    });

    expect(error).toContain('is not authorized to perform: s3:PutObject');
    expect(error).toContain('with an explicit deny in a resource-based policy');
    await route.storeOnce();
    await expect(route.storeOnce()).rejects.toThrow('PreconditionFailed');
  });

  test('a key that does not let them decrypt what the bucket encrypts with it', async () => {
    const { told } = await faultOf(without('artifactKey', 'kms:Decrypt'));

    expect(told).toMatch(
      /^arn:aws:iam::222222222222:role\/action kms:Decrypt arn:aws:kms:eu-west-1:111111111111:key\/\S+$/m,
    );
    expect(told).toContain('the resource-based policy would have to allow it: Key.KeyPolicy in generated/tooling.yaml');
  });

  test('a role whose policy does not let it decrypt, although the key does', async () => {
    const { told } = await faultOf(without('update', 'kms:Decrypt'));

    expect(told).toMatch(/^arn:aws:iam::222222222222:role\/update kms:Decrypt /m);
    expect(told).toContain('Update.Policies.own.PolicyDocument');
  });

  test('a trust policy without the role of the pipeline', async () => {
    const { error, told } = await faultOf({ ...sound, actionTrust: trustOfAnother() });

    expect(error).toContain(
      'is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::222222222222:role/action because no role trust policy allows the sts:AssumeRole action',
    );
    expect(told).toContain(
      'the role trust policy would have to allow it: Action.AssumeRolePolicyDocument in generated/dev.yaml',
    );
  });

  test('a role that must not be passed to CloudFormation', async () => {
    const { told } = await faultOf(without('action', 'iam:PassRole'));

    expect(told).toContain(`${role('222222222222', 'action')} iam:PassRole ${role('222222222222', 'execution')}`);
  });
});

test('the summary names what is missing, and what no case of the proof knows', async () => {
  await faultOf(without('update', 'lambda:UpdateFunctionCode'));
  let text = '';
  const report = new Report({
    write: (part) => {
      text += part;
    },
    log: () => {},
    live: false,
    colours: false,
    columns: () => 120,
  });

  await route.witness.tell(report, checkout);

  expect(text).toMatch(
    /^ {2}Denied: arn:aws:iam::222222222222:role\/update must not lambda:UpdateFunctionCode on arn:aws:lambda:eu-west-1:222222222222:function:function$/m,
  );
  expect(text).toMatch(
    /^ {4}arn:aws:iam::222222222222:role\/action +cloudformation:CreateStack, cloudformation:DescribeStacks$/m,
  );
});
