/**
 * The templates that tests give to cfn-nag. What it answers to each is recorded in cfn-nag-answers.json.snap.
 */

const head = "AWSTemplateFormatVersion: '2010-09-09'\n";

/** Nothing is wrong with it. The tests append to it, and it ends with the properties of a topic. */
const sound = `${head}Parameters:
  Name: {Type: String}
  Color: {Type: String, Default: blue}
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      KmsMasterKeyId: alias/orders
      DisplayName: !Sub \${Name} \${Color}
`;

const role = (id: string) => `  ${id}:
    Type: AWS::IAM::Role
    Properties:
      RoleName: !Sub \${Name}-${id}
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement:
          - {Effect: Allow, Principal: {Service: ecs-tasks.amazonaws.com}, Action: sts:AssumeRole}
`;

export const cfnNagTemplates = {
  sound,
  'unknown property': `${sound}      Colour: blue\n`,
  'needless substitution': `${sound}      TopicName: !Sub orders\n`,
  'property that informs': `${sound}  Queue:
    Type: AWS::SQS::Queue
    DeletionPolicy: Delete
    UpdateReplacePolicy: Delete
    Properties:
      KmsMasterKeyId: alias/orders
`,
  'failure and warning': `${sound}${role('Role')}      Policies:
        - PolicyName: everything
          PolicyDocument:
            Version: '2012-10-17'
            Statement:
              - {Effect: Allow, Action: '*', Resource: !Ref Topic}
`,
  'one rule, two resources': `${sound}${role('First')}${role('Second')}`,
  'suppressed warning': `${sound}${role('Role')}    Metadata:
      cfn_nag: {rules_to_suppress: [{id: W28, reason: Others name it in their policies.}]}
`,
  'topic in the clear': sound.replace('      KmsMasterKeyId: alias/orders\n', ''),
  'type that it crashes on': `${sound}  Module:\n    Type: AWS::Module\n`,
  'no YAML': 'Resources: [\n',
} as const;
