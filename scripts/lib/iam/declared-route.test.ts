import { describe, expect, it } from 'vitest';
import { topology } from '../../../templates-src/topology.fixture';
import { resolveRoute } from '../resolve/resolve-route';
import { declaredRouteOf } from './declared-route';

const template = `
Parameters: {Region: {Type: String}}
Resources:
  Reader: {Type: AWS::IAM::Role, Properties: {RoleName: !Sub 'reader-\${AWS::AccountId}'}}
  Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: topic}}
  Left: {Type: AWS::SNS::Topic, Condition: Never}
  NoArn: {Type: AWS::EC2::Route, Properties: {RouteTableId: rtb-1}}
Conditions: {Never: !Equals [a, b]}
Outputs: {ArtifactKeyArn: {Value: key}}
`;
const ids = { DevAccountId: '222222222222', TestAccountId: '333333333333', ProdAccountId: '444444444444' };
const route = declaredRouteOf(
  resolveRoute(topology, {
    template: () => template,
    parameters: () => ({ Region: 'eu-west-1', ToolingAccountId: '111111111111', ...ids }),
  }),
);

describe('the route of the cases', () => {
  it('has the accounts in the order of the topology, and their stacks', () => {
    expect([route.tooling, ...route.environments].map(({ name, id }) => `${name} ${id}`)).toEqual([
      'tooling 111111111111',
      'dev 222222222222',
      'test 333333333333',
      'prod 444444444444',
    ]);
    const stack = route.environments[1]?.stack('deployment-roles');
    expect(stack?.role('Reader')).toEqual({ kind: 'role', arn: 'arn:aws:iam::333333333333:role/reader-333333333333' });
    expect(stack?.resources.map(({ logicalId }) => logicalId)).toEqual(['Reader', 'Topic', 'NoArn']);
    expect(stack?.declined.map(({ logicalId }) => logicalId)).toEqual(['Left']);
  });

  it('says what there is, and what was probably meant, when a case names something else', () => {
    const stack = route.tooling.stack('artifact-store');
    expect(() => route.tooling.stack('artifact-stores')).toThrow("Did you mean 'artifact-store'?");
    expect(() => stack.arn('Topics')).toThrow(
      "the stack route-to-live-artifact-store has no resource 'Topics'; it has Reader, Topic, NoArn. Did you mean 'Topic'?",
    );
    expect(() => stack.role('Topic')).toThrow('expected Topic to be a role, found an AWS::SNS::Topic');
    expect(() => stack.arn('NoArn')).toThrow('NoArn: an AWS::EC2::Route has no ARN');
  });
});
