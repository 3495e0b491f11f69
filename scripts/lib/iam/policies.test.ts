import { describe, expect, it } from 'vitest';
import { policiesOfStack } from '../../access/access.fixture';

const document = (statement: string) => `{Version: '2012-10-17', Statement: [${statement}]}`;
const trust = document('{Sid: T, Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}');
const allow = (sid: string) => document(`{Sid: ${sid}, Effect: Allow, Action: 's3:GetObject', Resource: '*'}`);

describe('the policies of a route', () => {
  it('are those of roles, written inline, attached or as boundary', () => {
    const { roles, sources } = policiesOfStack(`
Resources:
  Attached: {Type: AWS::IAM::ManagedPolicy, Properties: {PolicyDocument: ${allow('A')}}}
  Bound: {Type: AWS::IAM::ManagedPolicy, Properties: {PolicyDocument: ${allow('B')}}}
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: role
      AssumeRolePolicyDocument: ${trust}
      ManagedPolicyArns: [!Ref Attached]
      PermissionsBoundary: !Ref Bound
      Policies: [{PolicyName: inline, PolicyDocument: ${allow('I')}}]
`);
    const role = roles.get('arn:aws:iam::222222222222:role/role');
    expect(role?.identity.map(({ document: { Statement } }) => Statement[0]?.Sid)).toEqual(['A', 'I']);
    expect(role?.boundary?.document.Statement[0]?.Sid).toBe('B');
    expect(role?.trust.source).toMatchObject({
      kind: 'trust',
      logicalId: 'Role',
      property: 'AssumeRolePolicyDocument',
    });
    expect(sources.map(({ logicalId, property, kind }) => `${logicalId} ${property} ${kind}`)).toEqual([
      'Role AssumeRolePolicyDocument trust',
      'Attached PolicyDocument identity',
      'Role Policies.inline.PolicyDocument identity',
      'Bound PolicyDocument boundary',
    ]);
  });

  it('are those that no role has, for people to whom somebody attaches them', () => {
    const { attachable, sources } = policiesOfStack(`
Resources:
  Attached: {Type: AWS::IAM::ManagedPolicy, Properties: {PolicyDocument: ${allow('A')}}}
  Bound: {Type: AWS::IAM::ManagedPolicy, Properties: {PolicyDocument: ${allow('B')}}}
  Free: {Type: AWS::IAM::ManagedPolicy, Properties: {ManagedPolicyName: free, PolicyDocument: ${allow('F')}}}
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: role
      AssumeRolePolicyDocument: ${trust}
      ManagedPolicyArns: [!Ref Attached]
      PermissionsBoundary: !Ref Bound
`);
    expect(
      [...attachable].map(
        ([
          arn,
          {
            document: { Statement },
          },
        ]) => [arn, Statement[0]?.Sid],
      ),
    ).toEqual([['arn:aws:iam::222222222222:policy/free', 'F']]);
    expect(sources).toContainEqual({
      template: 'environment/things',
      logicalId: 'Free',
      property: 'PolicyDocument',
      kind: 'identity',
    });
  });

  it('are those of buckets, keys, repositories, topics and queues, by their ARN', () => {
    const anyone = (action: string) =>
      document(`{Sid: R, Effect: Deny, Principal: '*', Action: '${action}', Resource: '*'}`);
    const { ofResources, bucketOwners } = policiesOfStack(`
Resources:
  Bucket: {Type: AWS::S3::Bucket, Properties: {BucketName: things}}
  BucketPolicy: {Type: AWS::S3::BucketPolicy, Properties: {Bucket: !Ref Bucket, PolicyDocument: ${anyone('s3:*')}}}
  Key: {Type: AWS::KMS::Key, Properties: {KeyPolicy: ${anyone('kms:*')}}}
  Images: {Type: AWS::ECR::Repository, Properties: {RepositoryName: images, RepositoryPolicyText: ${anyone('ecr:*')}}}
  Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: topic}}
  TopicPolicy: {Type: AWS::SNS::TopicPolicy, Properties: {Topics: [!Ref Topic], PolicyDocument: ${anyone('sns:*')}}}
  Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: queue}}
  QueuePolicy: {Type: AWS::SQS::QueuePolicy, Properties: {Queues: [!Ref Queue], PolicyDocument: ${anyone('sqs:*')}}}
`);
    expect([...ofResources.keys()].filter((arn) => !arn.includes(':kms:'))).toEqual([
      'arn:aws:s3:::things',
      'arn:aws:ecr:eu-west-1:222222222222:repository/images',
      'arn:aws:sns:eu-west-1:222222222222:topic',
      'arn:aws:sqs:eu-west-1:222222222222:queue',
    ]);
    expect(Object.fromEntries(bucketOwners)).toEqual({ 'arn:aws:s3:::things': '222222222222' });
  });

  it('are made of the permissions of functions', () => {
    const { ofResources } = policiesOfStack(`
Resources:
  Function: {Type: AWS::Lambda::Function, Properties: {FunctionName: f}}
  Permission:
    Type: AWS::Lambda::Permission
    Properties:
      FunctionName: !Ref Function
      Action: lambda:InvokeFunction
      Principal: events.amazonaws.com
      SourceArn: arn:aws:events:eu-west-1:222222222222:rule/r
`);
    expect(ofResources.get('arn:aws:lambda:eu-west-1:222222222222:function:f')?.document.Statement).toEqual([
      {
        Sid: 'Permission',
        Effect: 'Allow',
        Principal: { Service: 'events.amazonaws.com' },
        Action: 'lambda:InvokeFunction',
        Resource: 'arn:aws:lambda:eu-west-1:222222222222:function:f',
        Condition: { ArnLike: { 'AWS:SourceArn': 'arn:aws:events:eu-west-1:222222222222:rule/r' } },
      },
    ]);
  });

  it('have text in conditions where YAML has booleans', () => {
    const { ofResources } = policiesOfStack(`
Resources:
  Bucket: {Type: AWS::S3::Bucket, Properties: {BucketName: things}}
  Policy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Bucket
      PolicyDocument: ${document("{Sid: D, Effect: Deny, Principal: '*', Action: 's3:*', Resource: '*', Condition: {Bool: {'aws:SecureTransport': false}}}")}
`);
    const [statement] = ofResources.get('arn:aws:s3:::things')?.document.Statement ?? [];
    expect(statement?.Condition).toEqual({ Bool: { 'aws:SecureTransport': 'false' } });
  });

  it.each([
    [
      'in a place that nobody knows',
      `Api: {Type: AWS::ApiGateway::RestApi, Properties: {Name: api, Policy: ${allow('X')}}}`,
      'found a policy in Policy of an AWS::ApiGateway::RestApi; teach scripts/lib/iam/policies.ts what it decides',
    ],
    [
      'whose text is not known',
      `Role: {Type: AWS::IAM::Role, Properties: {RoleName: r, AssumeRolePolicyDocument: ${trust}, ManagedPolicyArns: ['arn:aws:iam::aws:policy/AdministratorAccess']}}`,
      "found the policy arn:aws:iam::aws:policy/AdministratorAccess, which no template declares; its text can't be evaluated",
    ],
    [
      'of a resource that these parameters leave out',
      `Role: {Type: AWS::IAM::Role, Condition: Never, Properties: {RoleName: r, AssumeRolePolicyDocument: ${trust}}}`,
      'found a policy in a resource whose condition is false',
    ],
  ])('are refused %s', (_title, resource, expected) => {
    expect(() => policiesOfStack(`Conditions: {Never: !Equals [a, b]}\nResources:\n  ${resource}\n`)).toThrow(expected);
  });
});
