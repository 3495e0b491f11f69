import { expect, test } from 'vitest';
import { violationsOf } from '../rule.fixture';
import { securityGroupRulesOpenOnePort as rule } from './security-group-rules-open-one-port';

const groupWith = (properties: object) => ({ Group: { Type: 'AWS::EC2::SecurityGroup', Properties: properties } });
const ports = (FromPort?: unknown, ToPort?: unknown) => ({ IpProtocol: 'tcp', FromPort, ToPort, CidrIp: '10.0.0.0/8' });

test.each([
  ['one port', ports(443, 443)],
  ['one port, once as text', ports(443, '443')],
  ['all ports of all protocols, which other rules refuse', { IpProtocol: '-1', CidrIp: '10.0.0.0/8' }],
  ['a port that a parameter gives', ports({ Ref: 'Port' }, { Ref: 'Port' })],
])('a rule may have %s', async (_, one) => {
  expect(await violationsOf(rule, groupWith({ SecurityGroupEgress: [one], SecurityGroupIngress: [one] }))).toEqual([]);
});

test('a range is found in either list, in every branch of a condition', async () => {
  const [one, range] = [ports(443, 443), ports(8000, 8010)];
  expect(
    await violationsOf(
      rule,
      groupWith({ SecurityGroupIngress: { 'Fn::If': ['Open', [one, range], [one]] }, SecurityGroupEgress: [range] }),
    ),
  ).toEqual([
    'Group: SecurityGroupIngress: the rule goes from port 8000 to 8010',
    'Group: SecurityGroupEgress: the rule goes from port 8000 to 8010',
  ]);
});

test('a type and a code of ICMP are a range to cfn-nag, as is one port alone', async () => {
  const nothing = { IpProtocol: 'icmp', FromPort: 252, ToPort: 86, CidrIp: '255.255.255.255/32' };
  expect(await violationsOf(rule, groupWith({ SecurityGroupEgress: [nothing, ports(443)] }))).toEqual([
    'Group: SecurityGroupEgress: the rule goes from port 252 to 86',
    'Group: SecurityGroupEgress: the rule goes from port 443 to (none)',
  ]);
});

test.each(['AWS::EC2::SecurityGroupIngress', 'AWS::EC2::SecurityGroupEgress'])(
  'a range is found in an %s',
  async (Type) => {
    expect(await violationsOf(rule, { One: { Type, Properties: ports(443, 443) } })).toEqual([]);
    expect(await violationsOf(rule, { Range: { Type, Properties: ports(0, 65535) } })).toEqual([
      'Range: the rule goes from port 0 to 65535',
    ]);
  },
);
