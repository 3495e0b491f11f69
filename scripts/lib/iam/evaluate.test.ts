import { describe, expect, it } from 'vitest';
import type { Case } from '../../../templates-src/access/case';
import { caseOf, policiesOfStack } from '../../access/access.fixture';
import { Evaluator } from './evaluate';
import type { PolicySource } from './policies';
import type { Decision } from './request';

/** A role that reads a bucket under a boundary, a key, and a VPC endpoint. */
const policies = policiesOfStack(`
Resources:
  Boundary:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      ManagedPolicyName: boundary
      PolicyDocument:
        Version: '2012-10-17'
        Statement: {Sid: Bound, Effect: Allow, Action: ['s3:GetObject', 'kms:Decrypt'], Resource: '*'}
  Careful:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      ManagedPolicyName: careful
      PolicyDocument:
        Version: '2012-10-17'
        Statement: {Sid: OnlyRead, Effect: Deny, NotAction: 's3:GetObject', Resource: 'arn:aws:s3:::things/*'}
  Reader:
    Type: AWS::IAM::Role
    Properties:
      RoleName: reader
      PermissionsBoundary: !Ref Boundary
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement:
          - Sid: Trust
            Effect: Allow
            Principal: {Service: lambda.amazonaws.com}
            Action: sts:AssumeRole
            Condition: {StringEquals: {'aws:SourceAccount': !Ref AWS::AccountId}}
      Policies:
        - PolicyName: read
          PolicyDocument:
            Version: '2012-10-17'
            Statement:
              - {Sid: Read, Effect: Allow, Action: 's3:Get*', Resource: 'arn:aws:s3:::things/*'}
              - {Sid: Use, Effect: Allow, Action: 'kms:Decrypt', Resource: !GetAtt Key.Arn}
              - {Sid: Describe, Effect: Allow, Action: 'ec2:DescribeVpcs', Resource: '*'}
  Things: {Type: AWS::S3::Bucket, Properties: {BucketName: things}}
  ThingsPolicy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Things
      PolicyDocument:
        Version: '2012-10-17'
        Statement:
          - Sid: Tls
            Effect: Deny
            Principal: '*'
            Action: 's3:*'
            Resource: '*'
            Condition: {Bool: {'aws:SecureTransport': false}}
  Key:
    Type: AWS::KMS::Key
    Properties:
      KeyPolicy:
        Version: '2012-10-17'
        Statement:
          - Sid: ThroughIam
            Effect: Allow
            Principal: {AWS: 'arn:aws:iam::222222222222:root'}
            Action: kms:Decrypt
            Resource: '*'
            Condition: {StringEquals: {'kms:EncryptionContext:aws:s3:arn': 'arn:aws:s3:::things'}}
  Endpoint:
    Type: AWS::EC2::VPCEndpoint
    Properties:
      PolicyDocument:
        Version: '2012-10-17'
        Statement: {Sid: Through, Effect: Allow, Principal: '*', Action: 's3:GetObject', Resource: 'arn:aws:s3:::things/public/*'}
`);
const keyArn = [...policies.ofResources.keys()].find((arn) => arn.includes(':kms:')) ?? '';
const endpoint = [...policies.ofEndpoints.keys()][0] ?? '';
const object = 'arn:aws:s3:::things/object';

const decide = async (
  definition: Partial<Case> & { readonly requests: Case['requests'] },
): Promise<readonly Decision[]> =>
  Promise.all(new Evaluator(policies).requests(caseOf(definition)).map((request) => request.decide()));
const results = async (definition: Parameters<typeof decide>[0]) =>
  (await decide(definition)).map(({ result }) => result);

describe('a request', () => {
  it('is one of each action on each resource, decided with the statements that decide it', async () => {
    const decisions = await decide({
      requests: [{ actions: ['s3:GetObject'], on: [object, 'arn:aws:s3:::things/other'] }],
    });
    expect(decisions.map(({ result }) => result)).toEqual(['Allowed', 'Allowed']);
    expect(decisions[0]?.grants.map(({ policy, sid }) => `${policy?.source.kind} ${sid}`)).toEqual([
      'identity Read',
      'boundary Bound',
    ]);
  });

  it('is denied by a resource policy, whatever the identity allows', async () => {
    const [decision] = await decide({
      requests: [{ actions: 's3:GetObject', on: object, context: { 'aws:SecureTransport': 'false' } }],
    });
    expect(decision?.result).toBe('ExplicitlyDenied');
    expect(decision?.denials.map(({ sid }) => sid)).toEqual(['Tls']);
  });

  it('that must be allowed is bound by the boundary; one that must be denied is not helped by it', async () => {
    const requests = [{ actions: 's3:GetObjectVersion' as const, on: object }];
    expect(await results({ requests, expect: 'allowed' })).toEqual(['ImplicitlyDenied']);
    expect(await results({ requests, expect: 'denied' })).toEqual(['Allowed']);
  });

  it('is decided by key policies with the encryption context', async () => {
    const decrypt = (bucket: string) => [
      { actions: 'kms:Decrypt' as const, on: keyArn, context: { 'kms:EncryptionContext:aws:s3:arn': bucket } },
    ];
    expect(await results({ requests: decrypt('arn:aws:s3:::things') })).toEqual(['Allowed']);
    expect(await results({ requests: decrypt('arn:aws:s3:::others') })).toEqual(['ImplicitlyDenied']);
  });

  it('of a service is decided by the trust of the role, with the source it acts for', async () => {
    const assume = (sourceAccount: string) => ({
      actor: { kind: 'service' as const, service: 'lambda.amazonaws.com' as const, sourceAccount },
      requests: [{ actions: 'sts:AssumeRole' as const, on: 'arn:aws:iam::222222222222:role/reader' }],
    });
    expect(await results(assume('222222222222'))).toEqual(['Allowed']);
    expect(await results(assume('333333333333'))).toEqual(['ImplicitlyDenied']);
  });

  it('of an administrator is decided by the other side alone, or by the boundary that it is given', async () => {
    const arn = 'arn:aws:iam::222222222222:role/administrator';
    const put = [{ actions: 's3:PutObject' as const, on: object }];
    expect(await results({ actor: { kind: 'administrator', arn }, requests: put })).toEqual(['Allowed']);
    expect(
      await results({
        actor: { kind: 'administrator', arn, boundary: 'arn:aws:iam::222222222222:policy/boundary' },
        requests: put,
      }),
    ).toEqual(['ImplicitlyDenied']);
  });

  it('of an administrator is denied by what a policy denies that somebody has attached, and by nothing else', async () => {
    const arn = 'arn:aws:iam::222222222222:role/administrator';
    const careful = {
      kind: 'administrator' as const,
      arn,
      attached: ['arn:aws:iam::222222222222:policy/careful'],
    };
    const actions = ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'] as const;
    const decisions = await decide({ actor: careful, requests: [{ actions, on: object }] });
    expect(decisions.map(({ result }) => result)).toEqual(['Allowed', 'ExplicitlyDenied', 'ExplicitlyDenied']);
    expect(decisions[1]?.denials.map(({ policy, sid }) => `${policy?.source.logicalId} ${sid}`)).toEqual([
      'Careful OnlyRead',
    ]);
    expect(decisions[1]?.blocks).toMatchObject([{ kind: 'identity', isExplicit: true, sid: 'OnlyRead' }]);
    expect(
      await results({ actor: careful, requests: [{ actions: 's3:PutBucketTagging', on: 'arn:aws:s3:::things' }] }),
    ).toEqual(['Allowed']);
  });

  it('from another account needs both sides', async () => {
    const stranger = { kind: 'administrator' as const, arn: 'arn:aws:iam::333333333333:role/administrator' };
    expect(await results({ actor: stranger, requests: [{ actions: 's3:GetObject', on: object }] })).toEqual([
      'ImplicitlyDenied',
    ]);
    const open = {
      arn: 'arn:aws:s3:::open/object',
      account: '222222222222',
      policy: {
        Version: '2012-10-17' as const,
        Statement: [
          {
            Sid: 'In',
            Effect: 'Allow',
            Principal: { AWS: 'arn:aws:iam::333333333333:root' },
            Action: 's3:*',
            Resource: '*',
          },
        ],
      },
    };
    expect(await results({ actor: stranger, requests: [{ actions: 's3:GetObject', on: open }] })).toEqual(['Allowed']);
  });

  it('through a VPC endpoint is limited by its policy', async () => {
    const through = (path: string) => ({
      through: endpoint,
      requests: [{ actions: 's3:GetObject' as const, on: `arn:aws:s3:::things/${path}` }],
    });
    expect(await results(through('public/object'))).toEqual(['Allowed']);
    expect(await results(through('object'))).toEqual(['ImplicitlyDenied']);
  });

  it('carries the question that is asked, for another engine', () => {
    const context = { 'kms:EncryptionContext:aws:s3:arn': 'arn:aws:s3:::things' };
    const [request] = new Evaluator(policies).requests(
      caseOf({ requests: [{ actions: 'kms:Decrypt', on: keyArn, context }], through: endpoint }),
    );
    const role = policies.roles.get('arn:aws:iam::222222222222:role/reader');
    expect(request?.question).toEqual({
      actor: { kind: 'role', arn: role?.arn },
      action: 'kms:Decrypt',
      resource: keyArn,
      owner: '222222222222',
      context: expect.objectContaining({ ...context, 'aws:PrincipalArn': role?.arn, 'aws:SourceVpce': endpoint }),
      identity: role?.identity.map(({ document }) => document),
      boundary: role?.boundary?.document,
      resourcePolicy: policies.ofResources.get(keyArn)?.document,
      endpoint: policies.ofEndpoints.get(endpoint)?.document,
    });
  });

  it('has the same answer with other policies, whichever way is taken', async () => {
    const [request] = new Evaluator(policies).requests(caseOf({ requests: [{ actions: 's3:GetObject', on: object }] }));
    const source = policies.roles.get('arn:aws:iam::222222222222:role/reader')?.identity[0]?.source as PolicySource;
    expect(await request?.decideWith({ source, change: (document) => document })).toBe('Allowed');
    expect(
      await request?.decideWith({
        source,
        change: (document) => ({ ...document, Statement: document.Statement.filter(({ Sid }) => Sid !== 'Read') }),
      }),
    ).toBe('ImplicitlyDenied');
    expect(await request?.decideWith({ source, change: (document) => ({ ...document, Statement: [] }) })).toBe(
      'ImplicitlyDenied',
    );
  });
});

describe('a case is refused', () => {
  const message = async (definition: Parameters<typeof decide>[0]) => {
    try {
      await decide(definition);
    } catch (error) {
      return (error as Error).message;
    }
    throw new Error('expected the case to be refused');
  };

  it.each([
    ['that names an action AWS does not have', { actions: 's3:Read', on: object }, 'AWS has no such action'],
    ['that names a service AWS does not have', { actions: 'blob:Get', on: object }, 'AWS has no such action'],
    [
      'that asks for everything where AWS decides single resources',
      { actions: 's3:GetObject', on: '*' },
      'name one instead of using *',
    ],
    [
      'that asks for a resource where AWS decides everything',
      { actions: 'ec2:DescribeVpcs', on: 'arn:aws:ec2:eu-west-1:222222222222:vpc/vpc-1' },
      'decided for * only',
    ],
    [
      'that asks for a resource of another type',
      { actions: 'kms:Decrypt', on: 'arn:aws:sqs:eu-west-1:222222222222:queue' },
      'never decided for a resource of this type',
    ],
    [
      'that sends a condition key AWS never sends with it',
      { actions: 's3:GetObject', on: object, context: { 'iam:PassedToService': 'x' } },
      'AWS never sends iam:PassedToService',
    ],
    [
      'that sends an encryption context with a request that has none',
      { actions: 'kms:DescribeKey', on: keyArn, context: { 'kms:EncryptionContext:aws:s3:arn': 'x' } },
      'AWS never sends kms:encryptioncontext:aws:s3:arn with it',
    ],
    [
      'whose bucket nobody is known to own',
      { actions: 's3:GetObject', on: 'arn:aws:s3:::elsewhere/object' },
      "don't know which account owns",
    ],
  ] as const)('%s', async (_title, request, expected) => {
    expect(await message({ requests: [request] })).toContain(expected);
  });

  it('whose role, boundary, attached policy or VPC endpoint no stack declares', async () => {
    const requests = [{ actions: 's3:GetObject' as const, on: object }];
    const arn = 'arn:aws:iam::222222222222:role/nobody';
    expect(await message({ actor: { kind: 'role', arn }, requests })).toContain(`no stack declares the role ${arn}`);
    expect(await message({ actor: { kind: 'administrator', arn, boundary: 'b' }, requests })).toContain(
      'has the boundary b',
    );
    expect(await message({ actor: { kind: 'administrator', arn, attached: ['p'] }, requests })).toContain(
      'no stack declares the policy p, or a role has it already',
    );
    expect(await message({ through: 'vpce-1', requests })).toContain('VPC endpoint vpce-1');
  });
});
