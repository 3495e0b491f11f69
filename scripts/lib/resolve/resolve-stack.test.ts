// biome-ignore-all lint/suspicious/noTemplateCurlyInString: CloudFormation's syntax.
import { describe, expect, it } from 'vitest';
import type { Stack } from '../../../templates-src/model/stacks';
import { parseTemplate } from '../template/document';
import { ResolutionError, resolveStack, type StackInput } from './resolve-stack';

const stack: Stack = {
  name: 'fixture-dev-network',
  template: 'environment/network',
  account: 'dev',
  parameters: 'parameters/dev/network.json',
  feeds: [],
  deployedBy: 'deploy.sh',
};

const resolve = (yaml: string, input: Partial<StackInput> = {}) =>
  resolveStack({
    stack,
    template: parseTemplate(yaml, 'network.yaml'),
    accountId: '012345678901',
    region: 'eu-west-1',
    parameters: {},
    imports: new Map(),
    ...input,
  });

/** Resolves the property `Value` of a resource, with whatever else the template holds. */
const value = (yaml: string, rest = '', input: Partial<StackInput> = {}) =>
  resolve(
    `Resources:\n  X:\n    Type: AWS::SSM::Parameter\n    Properties:\n      Type: String\n      Value: ${yaml}\n${rest}`,
    input,
  ).resources.get('X')?.properties.Value;

const problems = (action: () => unknown) => {
  try {
    action();
  } catch (error) {
    if (error instanceof ResolutionError) {
      return error.problems;
    }
    throw error;
  }
  throw new Error('expected a ResolutionError');
};

describe('intrinsic functions', () => {
  it('resolve pseudo parameters', () => {
    expect(value('!Sub "${AWS::AccountId} ${AWS::Region} ${AWS::Partition} ${AWS::StackName} ${AWS::URLSuffix}"')).toBe(
      '012345678901 eu-west-1 aws fixture-dev-network amazonaws.com',
    );
    expect(value('!Ref AWS::StackId')).toMatch(
      /^arn:aws:cloudformation:eu-west-1:012345678901:stack\/fixture-dev-network\//,
    );
  });

  it('take values of parameters, then defaults, and split lists', () => {
    const parameters = 'Parameters:\n  Name: {Type: String, Default: usual}\n  Zones: {Type: CommaDelimitedList}\n';
    expect(value('!Ref Name', parameters, { parameters: { Zones: 'a' } })).toBe('usual');
    expect(value('!Ref Name', parameters, { parameters: { Zones: 'a', Name: 'other' } })).toBe('other');
    expect(value('!Select [1, !Ref Zones]', parameters, { parameters: { Zones: 'a, b' } })).toBe('b');
  });

  it('substitute variables of their own, attributes and literals', () => {
    const queue = '  Q: {Type: AWS::SQS::Queue, Properties: {QueueName: q}}';
    expect(value("!Sub ['${a} ${Q.Arn} ${!Literal}', {a: !Ref Q}]", queue)).toBe(
      'https://sqs.eu-west-1.amazonaws.com/012345678901/q arn:aws:sqs:eu-west-1:012345678901:q ${Literal}',
    );
  });

  it('join, split, select, encode and look up', () => {
    expect(value("!Join ['-', [a, 1, !Ref AWS::Region]]")).toBe('a-1-eu-west-1');
    expect(value("!Split [',', 'a,b']")).toEqual(['a', 'b']);
    expect(value("!Select [1, !Split [',', 'a,b']]")).toBe('b');
    expect(value('!Base64 hello')).toBe('aGVsbG8=');
    expect(value('!FindInMap [Sizes, dev, Count]', 'Mappings: {Sizes: {dev: {Count: 2}}}')).toBe(2);
  });

  it('divide ranges of addresses and name availability zones', () => {
    expect(value('!Cidr [10.1.0.0/16, 3, 8]')).toEqual(['10.1.0.0/24', '10.1.1.0/24', '10.1.2.0/24']);
    expect(value("!Select [2, !GetAZs '']")).toBe('eu-west-1c');
  });

  it('choose by conditions and leave out what has no value', () => {
    const conditions =
      'Conditions:\n  Big: !Equals [!Ref AWS::Region, eu-west-1]\n  Small: !Not [!Condition Big]\n' +
      '  Both: !And [!Condition Big, !Condition Small]\n  One: !Or [!Condition Big, !Condition Small]\n';
    expect(value('!If [Big, yes, no]', conditions)).toBe('yes');
    expect(value('!If [Both, yes, no]', conditions)).toBe('no');
    expect(value('!If [One, yes, no]', conditions)).toBe('yes');
    expect(value('[a, !If [Small, b, !Ref AWS::NoValue]]', conditions)).toEqual(['a']);
    expect(value('!If [Small, b, !Ref AWS::NoValue]', conditions)).toBeUndefined();
  });

  it('keep text that looks like a number, and objects with a key of a policy', () => {
    expect(value("['012345678901', {Condition: {Bool: {k: false}}}]")).toEqual([
      '012345678901',
      { Condition: { Bool: { k: false } } },
    ]);
  });

  it('import what earlier stacks export', () => {
    const imports = new Map([['fixture-dev-vpc:VpcId', 'vpc-1']]);
    expect(value("!ImportValue 'fixture-dev-vpc:VpcId'", '', { imports })).toBe('vpc-1');
    expect(
      value("{Fn::ImportValue: !Sub 'fixture-${E}-vpc:VpcId'}", 'Parameters: {E: {Type: String}}', {
        imports,
        parameters: { E: 'dev' },
      }),
    ).toBe('vpc-1');
  });
});

describe('names of resources', () => {
  const resources = (yaml: string) => resolve(`Resources:\n${yaml}`).resources;

  it('are what the template gives', () => {
    const role = resources('  R: {Type: AWS::IAM::Role, Properties: {RoleName: r, Path: /team/}}').get('R');
    expect(role?.ids.ref).toBe('r');
    expect(role?.ids.arn).toBe('arn:aws:iam::012345678901:role/team/r');
    const bucket = resources('  B: {Type: AWS::S3::Bucket, Properties: {BucketName: !Sub "b-${AWS::AccountId}"}}').get(
      'B',
    );
    expect(bucket?.ids.arn).toBe('arn:aws:s3:::b-012345678901');
  });

  it("are made up in AWS's form, the same in every run, and differ between stacks", () => {
    const vpc = '  V: {Type: AWS::EC2::VPC}\n  K: {Type: AWS::KMS::Key}\n  L: {Type: AWS::Logs::LogGroup}';
    const first = resources(vpc);
    expect(first.get('V')?.ids.ref).toMatch(/^vpc-[0-9a-f]{17}$/);
    expect(first.get('K')?.ids.arn).toMatch(
      /^arn:aws:kms:eu-west-1:012345678901:key\/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
    );
    expect(first.get('L')?.ids.ref).toMatch(/^fixture-dev-network-L-[0-9A-F]{13}$/);
    expect(resources(vpc).get('V')?.ids.ref).toBe(first.get('V')?.ids.ref);
    const other = resolve(`Resources:\n${vpc}`, { stack: { ...stack, name: 'fixture-test-network' } });
    expect(other.resources.get('V')?.ids.ref).not.toBe(first.get('V')?.ids.ref);
  });

  it('are those that !Ref and !GetAtt give', () => {
    const ids = resources(
      [
        '  Q: {Type: AWS::SQS::Queue, Properties: {QueueName: q}}',
        '  T: {Type: AWS::ECS::TaskDefinition, Properties: {Family: f}}',
        '  C: {Type: AWS::ECS::Cluster, Properties: {ClusterName: c}}',
        '  S: {Type: AWS::ECS::Service, Properties: {ServiceName: s, Cluster: !GetAtt C.Arn}}',
        '  B: {Type: AWS::ElasticLoadBalancingV2::LoadBalancer, Properties: {Name: lb}}',
        '  N: {Type: AWS::ElasticLoadBalancingV2::Listener, Properties: {LoadBalancerArn: !Ref B}}',
        '  A: {Type: AWS::CodeDeploy::Application, Properties: {ApplicationName: a}}',
        '  G: {Type: AWS::CodeDeploy::DeploymentGroup, Properties: {ApplicationName: !Ref A, DeploymentGroupName: g}}',
        '  L: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: /x}}',
        '  R: {Type: AWS::Events::Rule, Properties: {Name: r}}',
        '  P: {Type: AWS::IAM::ManagedPolicy, Properties: {ManagedPolicyName: p}}',
      ].join('\n'),
    );
    const of = (id: string) => ids.get(id)?.ids;
    expect(of('Q')?.ref).toBe('https://sqs.eu-west-1.amazonaws.com/012345678901/q');
    expect(of('Q')?.attribute('Arn')).toBe('arn:aws:sqs:eu-west-1:012345678901:q');
    expect(of('T')?.ref).toBe('arn:aws:ecs:eu-west-1:012345678901:task-definition/f:1');
    expect(of('S')?.ref).toBe('arn:aws:ecs:eu-west-1:012345678901:service/c/s');
    expect(of('N')?.ref).toMatch(/:listener\/app\/lb\/[0-9a-f]{16}\/[0-9a-f]{16}$/);
    expect(of('G')?.arn).toBe('arn:aws:codedeploy:eu-west-1:012345678901:deploymentgroup:a/g');
    expect(of('L')?.attribute('Arn')).toBe('arn:aws:logs:eu-west-1:012345678901:log-group:/x:*');
    expect(of('L')?.arn).toBe('arn:aws:logs:eu-west-1:012345678901:log-group:/x');
    expect(of('R')?.ref).toBe('r');
    expect(of('P')?.ref).toBe('arn:aws:iam::012345678901:policy/p');
  });
});

describe('stacks', () => {
  it('have the resources and outputs whose conditions hold, and export outputs', () => {
    const resolved = resolve(`
Conditions:
  Never: !Equals [a, b]
Resources:
  Kept: {Type: AWS::SNS::Topic, Properties: {TopicName: t}}
  Left: {Type: AWS::SNS::Topic, Condition: Never}
Outputs:
  TopicArn:
    Value: !Ref Kept
    Export: {Name: !Sub '\${AWS::StackName}:TopicArn'}
  Nothing:
    Condition: Never
    Value: !Ref Left
`);
    expect([...resolved.resources.keys()]).toEqual(['Kept']);
    expect(Object.fromEntries(resolved.outputs)).toEqual({ TopicArn: 'arn:aws:sns:eu-west-1:012345678901:t' });
    expect(Object.fromEntries(resolved.exports)).toEqual({
      'fixture-dev-network:TopicArn': 'arn:aws:sns:eu-west-1:012345678901:t',
    });
  });

  it('know what they would have with other parameters', () => {
    const resolved = resolve(`
Parameters: {Nat: {Type: String, Default: none}}
Conditions:
  HasNat: !Not [!Equals [!Ref Nat, none]]
Resources:
  Address: {Type: AWS::EC2::EIP, Condition: HasNat}
  Gateway: {Type: AWS::EC2::NatGateway, Condition: HasNat, Properties: {AllocationId: !GetAtt Address.AllocationId}}
  Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: !If [HasNat, nat, no nat]}}
`);
    expect([...resolved.resources.keys()]).toEqual(['Topic']);
    expect([...resolved.declined.keys()]).toEqual(['Address', 'Gateway']);
    expect(resolved.declined.get('Gateway')?.properties.AllocationId).toMatch(/^eipalloc-[0-9a-f]{17}$/);
    expect(resolved.resources.get('Topic')?.properties.DisplayName).toBe('no nat');
  });

  it('report everything that they cannot resolve, with path and function', () => {
    const found = problems(() =>
      resolve(`
Conditions:
  Never: !Equals [a, b]
Resources:
  A: {Type: AWS::SNS::Topic, Properties: {TopicName: !Ref Missing, DisplayName: !GetAtt B.Colour}}
  B: {Type: AWS::SNS::Topic, Condition: Never}
  C: {Type: AWS::SNS::Topic, Properties: {TopicName: !ImportValue elsewhere}}
  D: {Type: AWS::SNS::Topic, Properties: {TopicName: !Transform {Name: AWS::Include}}}
  E: {Type: AWS::Nothing::Known}
  F: {Type: AWS::SNS::Topic, Properties: {TopicName: !GetAtt G.Arn}}
  G: {Type: AWS::SNS::Topic, Properties: {TopicName: !GetAtt F.Arn}}
  H: {Type: AWS::SNS::Topic, Properties: {TopicName: !GetAtt I.Colour}}
  I: {Type: AWS::SQS::Queue}
  J: {Type: AWS::SNS::Topic, Properties: {TopicName: !Select [2, [a]], DisplayName: !Cidr [10.0.0.0/24, 9, 8]}}
Outputs:
  O: {Value: !Ref P}
  P: {Value: !Ref Q}
  R: {Value: !FindInMap [a, b, c]}
`),
    );
    expect(found.map(({ path, function: name, message }) => `${path} ${name} ${message}`)).toEqual([
      "Resources.A.Properties.TopicName Ref the template has no parameter or resource 'Missing'",
      "Resources.A.Properties.DisplayName Fn::GetAtt B isn't created, because Never is false",
      expect.stringContaining('Resources.C.Properties.TopicName Fn::ImportValue no stack deployed earlier'),
      'Resources.D.Properties.TopicName Fn::Transform not supported; it can only be known once AWS has carried it out',
      "Resources.E.Type Type AWS's specification has no resource type AWS::Nothing::Known",
      expect.stringContaining(
        'leads back to itself: Resources.G.Properties.TopicName -> Resources.F.Properties.TopicName',
      ),
      expect.stringContaining('Resources.F.Properties.TopicName Ref leads back to itself'),
      "Resources.H.Properties.TopicName Fn::GetAtt don't know Colour of an AWS::SQS::Queue; add it to scripts/lib/resolve/physical-ids.ts",
      'Resources.J.Properties.TopicName Fn::Select index 2 of a list of 1',
      "Resources.J.Properties.DisplayName Fn::Cidr 9 ranges of 8 bits don't fit 10.0.0.0/24",
      "Outputs.O.Value Ref the template has no parameter or resource 'P'",
      "Outputs.P.Value Ref the template has no parameter or resource 'Q'",
      'Outputs.R.Value Fn::FindInMap no mapping a.b.c',
    ]);
    expect(found.every((problem) => problem.stack === 'fixture-dev-network')).toBe(true);
  });

  it('refuse parameters without a value before they look further', () => {
    expect(
      problems(() =>
        resolve(
          'Parameters: {P: {Type: String}}\nResources: {A: {Type: AWS::SNS::Topic, Properties: {TopicName: !Ref P}}}',
        ),
      ),
    ).toEqual([
      {
        stack: 'fixture-dev-network',
        path: 'Parameters.P',
        function: 'Parameter',
        message: 'parameters/dev/network.json has no value, no stack feeds it, and it has no default',
      },
    ]);
  });

  it('refuse parameters that Systems Manager knows when the stack is deployed', () => {
    const yaml =
      'Parameters: {P: {Type: "AWS::SSM::Parameter::Value<String>", Default: /x}}\nResources: {A: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref P}}}';
    expect(problems(() => resolve(yaml))[0]?.message).toBe(
      'parameter P is read from Systems Manager when the stack is deployed',
    );
  });

  it('refuse text that is no template', () => {
    expect(() => parseTemplate('just text', 'x.yaml')).toThrow('x.yaml: expected a CloudFormation template');
  });
});
