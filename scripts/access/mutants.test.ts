import { describe, expect, it } from 'vitest';
import type { Case } from '../../templates-src/access/case';
import { caseOf, policiesOfStack } from './access.fixture';
import { mutantsOf, mutate } from './mutants';
import { prove } from './proof';

const stack = (statements: string) => `
Resources:
  Things: {Type: AWS::S3::Bucket, Properties: {BucketName: things}}
  Others: {Type: AWS::S3::Bucket, Properties: {BucketName: others}}
  Reader:
    Type: AWS::IAM::Role
    Properties:
      RoleName: reader
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement: [{Sid: Trust, Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}]
      Policies:
        - PolicyName: read
          PolicyDocument: {Version: '2012-10-17', Statement: [${statements}]}
`;
const read = "{Sid: Read, Effect: Allow, Action: 's3:GetObject', Resource: 'arn:aws:s3:::things/*'}";
const trusted = caseOf({
  id: 'fixture: is assumed',
  actor: { kind: 'service', service: 'lambda.amazonaws.com', sourceAccount: '222222222222' },
  requests: [{ actions: 'sts:AssumeRole', on: 'arn:aws:iam::222222222222:role/reader' }],
});
const reads = caseOf({ id: 'fixture: reads', requests: [{ actions: 's3:GetObject', on: 'arn:aws:s3:::things/a' }] });
const notOthers = caseOf({
  id: 'fixture: not others',
  expect: 'denied',
  requests: [{ actions: 's3:GetObject', on: 'arn:aws:s3:::others/a' }],
});

const scoreOf = async (statements: string, cases: readonly Case[], expected: Parameters<typeof mutate>[2] = []) => {
  const policies = policiesOfStack(stack(statements));
  const { cases: proven, failed } = await prove(policies, [trusted, ...cases]);
  expect(failed).toEqual([]);
  return mutate(policies, proven, expected);
};

describe('the changes of a statement', () => {
  it('delete it, drop each of its parts, and widen its resources', () => {
    const policies = policiesOfStack(
      stack(
        "{Sid: Many, Effect: Allow, Action: ['s3:GetObject', 's3:PutObject'], Resource: ['arn:aws:s3:::things/a', 'arn:aws:s3:::things/b'], " +
          "Condition: {StringEquals: {'aws:PrincipalAccount': ['1', '2'], 'aws:PrincipalType': User}, Bool: {'aws:SecureTransport': true}}}",
      ),
    );
    const prefix = 'environment/things Reader.Policies.read.PolicyDocument Many: ';
    expect(mutantsOf(policies).flatMap(({ id }) => (id.startsWith(prefix) ? [id.slice(prefix.length)] : []))).toEqual([
      'delete statement',
      'drop action s3:GetObject',
      'drop action s3:PutObject',
      'drop resource arn:aws:s3:::things/a',
      'drop resource arn:aws:s3:::things/b',
      'drop condition StringEquals aws:PrincipalAccount',
      'drop value StringEquals aws:PrincipalAccount 1',
      'drop value StringEquals aws:PrincipalAccount 2',
      'drop condition StringEquals aws:PrincipalType',
      'drop condition Bool aws:SecureTransport',
      'widen resource',
    ]);
  });

  it('leave the rest of the document alone', () => {
    const statements = `{Sid: One, Effect: Allow, Action: 's3:GetObject', Resource: '*', Condition: {Bool: {'aws:SecureTransport': true}}}, ${read}`;
    const policies = policiesOfStack(stack(statements));
    const [policy] = policies.all.filter(({ source }) => source.kind === 'identity');
    const mutant = mutantsOf(policies).find(({ kind }) => kind === 'drop condition');
    expect(policy && mutant?.change(policy.document).Statement).toEqual([
      { Sid: 'One', Effect: 'Allow', Action: 's3:GetObject', Resource: '*' },
      { Sid: 'Read', Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::things/*' },
    ]);
  });

  it('are refused when statements cannot be told apart', () => {
    expect(() => mutantsOf(policiesOfStack(stack(`${read}, ${read}`)))).toThrow(
      'expected a Sid of its own for each statement',
    );
  });
});

describe('the mutation test', () => {
  it('finds that a case notices every change', async () => {
    const score = await scoreOf(read, [reads, notOthers]);
    expect(score).toMatchObject({ mutants: 3, killed: 3, surviving: [], stale: [] });
  });

  it('finds the refusal that is missing', async () => {
    const { surviving } = await scoreOf(read, [reads]);
    expect(surviving.map(({ mutant, reason }) => [mutant.kind, reason])).toEqual([['widen resource', undefined]]);
  });

  it('knows accepted mutants, and entries that no surviving mutant needs', async () => {
    const entry = { kind: 'drop condition', policies: 'trust', sids: ['Trust'], reason: 'nothing to drop' } as const;
    const score = await scoreOf(read, [reads, notOthers], [entry]);
    expect(score.stale).toEqual([entry]);
    const excused = {
      kind: 'widen resource',
      policies: 'resource',
      sids: ['Read'],
      reason: 'another kind of policy',
    } as const;
    expect((await scoreOf(read, [reads], [excused])).surviving[0]?.reason).toBeUndefined();
  });
});

describe('a proof', () => {
  it('reports what a statement leaves out and no case needs', async () => {
    const policies = policiesOfStack(
      stack(
        `${read}, {Sid: Only, Effect: Deny, NotAction: ['s3:GetObject', 's3:PutObject'], Resource: 'arn:aws:s3:::things/*'}`,
      ),
    );
    const never = caseOf({
      id: 'fixture: never deletes',
      expect: 'denied',
      requests: [{ actions: 's3:DeleteObject', on: 'arn:aws:s3:::things/a' }],
    });
    const { idle, failed } = await prove(policies, [trusted, reads, notOthers, never]);
    expect(failed).toEqual([]);
    expect(idle.map(({ sid, kind, detail }) => `${sid}: ${kind} ${detail}`.trim())).toEqual([
      // Nothing allows to delete in the first place.
      'Only: delete statement',
      'Only: drop exception s3:PutObject',
    ]);
  });

  it('reports statements and actions that no case needs', async () => {
    const policies = policiesOfStack(
      stack(
        "{Sid: Read, Effect: Allow, Action: ['s3:GetObject', 's3:PutObject'], Resource: 'arn:aws:s3:::things/*'}, " +
          "{Sid: Never, Effect: Deny, Action: 's3:DeleteObject', Resource: '*'}",
      ),
    );
    const { idle, statements } = await prove(policies, [trusted, reads, notOthers]);
    expect(idle.map(({ sid, kind, detail }) => `${sid}: ${kind} ${detail}`.trim())).toEqual([
      'Read: drop action s3:PutObject',
      'Never: delete statement',
    ]);
    expect(statements.map(({ mutant, neededBy }) => [mutant.sid, neededBy])).toEqual([
      ['Trust', 'fixture: is assumed'],
      ['Read', 'fixture: reads'],
      ['Never', undefined],
    ]);
  });

  it('reports what two statements allow, each by itself', async () => {
    const again = "{Sid: Again, Effect: Allow, Action: 's3:Get*', Resource: 'arn:aws:s3:::things/*'}";
    const { doubleGrants } = await prove(policiesOfStack(stack(`${read}, ${again}`)), [trusted, reads, notOthers]);
    expect(doubleGrants.map(({ grants }) => grants.map(({ sid }) => sid))).toEqual([['Read', 'Again']]);
  });

  it('says nothing about statements while cases fail', async () => {
    const { failed, idle, statements } = await prove(policiesOfStack(stack(read)), [
      caseOf({ requests: [{ actions: 's3:PutObject', on: 'arn:aws:s3:::things/a' }] }),
    ]);
    expect(failed.map(({ of }) => of.id)).toEqual(['fixture: case']);
    expect([idle, statements]).toEqual([[], []]);
  });

  it('collects all cases that AWS would never meet, and refuses two of one name', async () => {
    const policies = policiesOfStack(stack(read));
    const wrong = (id: string) => caseOf({ id, requests: [{ actions: 's3:Read', on: 'arn:aws:s3:::things/a' }] });
    await expect(prove(policies, [wrong('one'), wrong('two')])).rejects.toThrow(/^one: .*\ntwo: /);
    await expect(prove(policies, [reads, reads])).rejects.toThrow("two cases have the id 'fixture: reads'");
  });
});
