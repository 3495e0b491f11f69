import { describe, expect, it } from 'vitest';
import { caseOf, policiesOfStack } from './access.fixture';
import { mutate } from './mutants';
import { prove } from './proof';
import { describeMutation, describeProof, explainCase } from './report';

const policies = policiesOfStack(`
Resources:
  Things: {Type: AWS::S3::Bucket, Properties: {BucketName: things}}
  Reader:
    Type: AWS::IAM::Role
    Properties:
      RoleName: reader
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement: [{Sid: Trust, Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}]
      Policies:
        - PolicyName: read
          PolicyDocument:
            Version: '2012-10-17'
            Statement:
              - {Sid: Read, Effect: Allow, Action: ['s3:GetObject', 's3:PutObject'], Resource: 'arn:aws:s3:::things/*'}
              - {Sid: NoDeletes, Effect: Deny, Action: 's3:DeleteObject', Resource: '*'}
`);
const trusted = caseOf({
  id: 'fixture/trust: is assumed',
  group: 'fixture/trust',
  actor: { kind: 'service', service: 'lambda.amazonaws.com', sourceAccount: '222222222222' },
  requests: [{ actions: 'sts:AssumeRole', on: 'arn:aws:iam::222222222222:role/reader' }],
});
const reads = caseOf({
  id: 'fixture: reads',
  requests: [{ actions: 's3:GetObject', on: 'arn:aws:s3:::things/a', context: { 'aws:SourceIp': '198.51.100.1' } }],
});
const deletes = caseOf({
  id: 'fixture: deletes',
  requests: [{ actions: 's3:DeleteObject', on: 'arn:aws:s3:::things/a' }],
});

describe('the report', () => {
  it('has a line for each actor, what is idle, and the totals', async () => {
    const text = describeProof(await prove(policies, [trusted, reads]));
    expect(text).toBe(`actor          must  must not  result
fixture/trust     1         0  holds
fixture           1         0  holds

idle: generated/environment/things Reader.Policies.read.PolicyDocument: Read: no case needs s3:PutObject
idle: generated/environment/things Reader.Policies.read.PolicyDocument: NoDeletes: no case needs this statement

2 cases (2 must, 0 must not), 2 requests: all hold.
3 statements: 2 idle, 0 requests allowed twice. Remove what nobody needs, or add the case that needs it.
`);
  });

  it('says of a case that fails what was expected, what is, which statement decides, and why it should', async () => {
    const text = describeProof(await prove(policies, [deletes]));
    expect(text).toContain(`FAILED fixture: deletes
  must be allowed, is denied by a statement by environment/things Reader.Policies.read.PolicyDocument NoDeletes: s3:DeleteObject on arn:aws:s3:::things/a
  why: because`);
    expect(text).toContain('1 case fails. What is idle shows when all hold.');
  });

  it('explains a case with the statements that decide it', async () => {
    const { cases } = await prove(policies, [trusted, reads]);
    expect(explainCase(cases, 'fixture: reads')).toBe(`fixture: reads: holds
actor:    arn:aws:iam::222222222222:role/reader
must be:  allowed
why:      because

s3:GetObject on arn:aws:s3:::things/a
  with    aws:SourceIp = 198.51.100.1
  is      allowed
  allow   environment/things Reader.Policies.read.PolicyDocument Read
  policy  environment/things Reader.Policies.read.PolicyDocument (identity, stack fixture-dev-things)
`);
  });

  it('names the cases that were probably meant', async () => {
    const { cases } = await prove(policies, [trusted, reads]);
    expect(() => explainCase(cases, 'READS')).toThrow(
      "found no case 'READS'.\nDid you mean one of these?\n  fixture: reads",
    );
    expect(() => explainCase(cases, 'nothing like it at all')).toThrow("found no case 'nothing like it at all'.");
  });

  it('gives the score of the changes, and the surviving mutants with their reasons', async () => {
    const { cases } = await prove(policies, [trusted, reads]);
    const reason = 'the fixture has no case for it';
    const stale = { kind: 'drop value', policies: 'trust', sids: ['Trust'], reason: 'none' } as const;
    const score = await mutate(policies, cases, [stale]);
    const text = describeMutation({
      ...score,
      surviving: score.surviving.map((mutant, index) => (index === 0 ? { ...mutant, reason } : mutant)),
    });
    expect(text.split('\n')).toEqual([
      'SURVIVED environment/things Reader.Policies.read.PolicyDocument Read: widen resource',
      'SURVIVED environment/things Reader.Policies.read.PolicyDocument NoDeletes: delete statement',
      "can't be noticed: the fixture has no case for it",
      '  environment/things Reader.Policies.read.PolicyDocument Read: drop action s3:PutObject',
      'stale: accepted-mutants.ts: drop value Trust: no change survives that needs this entry',
      "6 changes of policies: 3 noticed, 1 can't be noticed, 2 survived. Score: 60.0% of what can be noticed.",
      '',
    ]);
  });
});
