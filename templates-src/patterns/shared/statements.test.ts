// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of CloudFormation, not of TypeScript
import { describe, expect, test } from 'vitest';
import { examine, policy, sub, template, toYaml } from '../../dsl';
import { Role } from '../../resources/iam';
import { Key } from '../../resources/kms';
import { Bucket, BucketPolicy } from '../../resources/s3';
import {
  denyInsecureTransport,
  denyOtherEncryption,
  denyOtherKeys,
  denyOverwriting,
  passRole,
  trustRole,
  trustService,
} from './statements';

const t = template('Statements');
const { ToolingAccountId } = t.parameters('Accounts', {
  ToolingAccountId: { Type: 'String', Label: 'Tooling', Description: 'The tooling account' },
});
const { DataKey } = t.resources({ DataKey: Key({ KeyPolicy: policy() }) });
const { Data } = t.resources({ Data: Bucket({}) });

/** The statements of the last resource that was declared, as YAML. */
const yaml = () => {
  const { document } = examine(t);
  return toYaml(document, []).split('Statement:\n').at(-1);
};

describe('statements of buckets', () => {
  test('refuse plain HTTP, uploads in another encryption, and under another key, but not those that name none', () => {
    t.resources({
      DataPolicy: BucketPolicy({
        Bucket: Data,
        PolicyDocument: policy(
          denyInsecureTransport(Data.Arn),
          denyOtherEncryption(Data.Arn),
          denyOtherKeys(Data.Arn, DataKey.Arn),
        ),
      }),
    });
    // `Null: false` asks for the header to be there: without it, the bucket's own encryption is what S3 uses.
    expect(yaml()).toMatchInlineSnapshot(`
      "          - Sid: DenyInsecureTransport
                  Effect: Deny
                  Principal: '*'
                  Action: s3:*
                  Resource:
                    - !GetAtt Data.Arn
                    - !Sub \${Data.Arn}/*
                  Condition:
                    Bool:
                      aws:SecureTransport: false
                - Sid: DenyOtherEncryption
                  Effect: Deny
                  Principal: '*'
                  Action: s3:PutObject
                  Resource: !Sub \${Data.Arn}/*
                  Condition:
                    'Null':
                      s3:x-amz-server-side-encryption: false
                    StringNotEquals:
                      s3:x-amz-server-side-encryption: aws:kms
                - Sid: DenyOtherKeys
                  Effect: Deny
                  Principal: '*'
                  Action: s3:PutObject
                  Resource: !Sub \${Data.Arn}/*
                  Condition:
                    'Null':
                      s3:x-amz-server-side-encryption-aws-kms-key-id: false
                    StringNotEquals:
                      s3:x-amz-server-side-encryption-aws-kms-key-id: !GetAtt DataKey.Arn
      "
    `);
  });
});

test('a statement refuses uploads that do not say that they replace nothing', () => {
  t.resources({ OncePolicy: BucketPolicy({ Bucket: Data, PolicyDocument: policy(denyOverwriting(Data.Arn)) }) });
  // `Null: true` asks for the header to be missing.
  expect(yaml()).toMatchInlineSnapshot(`
    "          - Sid: DenyOverwriting
                Effect: Deny
                Principal: '*'
                Action: s3:PutObject
                Resource: !Sub \${Data.Arn}/*
                Condition:
                  'Null':
                    s3:if-none-match: true
    "
  `);
});

describe('statements of trust', () => {
  test('let a service in for this account, and for one resource where its name is known', () => {
    t.resources({ Service: Role({ AssumeRolePolicyDocument: policy(trustService('codebuild.amazonaws.com')) }) });
    expect(yaml()).toMatchInlineSnapshot(`
      "          - Sid: AssumedByService
                  Effect: Allow
                  Principal:
                    Service: codebuild.amazonaws.com
                  Action: sts:AssumeRole
                  Condition:
                    StringEquals:
                      aws:SourceAccount: !Ref AWS::AccountId
      "
    `);
    const project = sub`arn:aws:codebuild:eu-west-1:${ToolingAccountId}:project/build`;
    t.resources({
      Narrow: Role({ AssumeRolePolicyDocument: policy(trustService('codebuild.amazonaws.com', project)) }),
    });
    expect(yaml()).toMatchInlineSnapshot(`
      "          - Sid: AssumedByService
                  Effect: Allow
                  Principal:
                    Service: codebuild.amazonaws.com
                  Action: sts:AssumeRole
                  Condition:
                    StringEquals:
                      aws:SourceAccount: !Ref AWS::AccountId
                    ArnLike:
                      aws:SourceArn: !Sub arn:aws:codebuild:eu-west-1:\${ToolingAccountId}:project/build
      "
    `);
  });

  test('let one role of an account in, which need not exist yet', () => {
    t.resources({ Caller: Role({ AssumeRolePolicyDocument: policy(trustRole(ToolingAccountId, 'pipeline')) }) });
    expect(yaml()).toMatchInlineSnapshot(`
      "          - Sid: AssumedByRole
                  Effect: Allow
                  Principal:
                    AWS: !Sub arn:\${AWS::Partition}:iam::\${ToolingAccountId}:root
                  Action: sts:AssumeRole
                  Condition:
                    ArnEquals:
                      aws:PrincipalArn:
                        - !Sub arn:\${AWS::Partition}:iam::\${ToolingAccountId}:role/pipeline
      "
    `);
  });
});

test('a role is passed to one service', () => {
  expect(passRole('PassTaskRole', 'arn:aws:iam::111111111111:role/task', 'ecs-tasks.amazonaws.com')).toEqual({
    Sid: 'PassTaskRole',
    Effect: 'Allow',
    Action: 'iam:PassRole',
    Resource: 'arn:aws:iam::111111111111:role/task',
    Condition: { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } },
  });
});
