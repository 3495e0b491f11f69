import { expect, test } from 'vitest';
import { DeploymentGroup } from '../resources/codedeploy';
import { Service } from '../resources/ecs';
import { Listener } from '../resources/elasticloadbalancingv2';
import { examine } from './compile';
import { equals, when } from './intrinsics';
import { frozen } from './resources';
import { template } from './template';

/** A service and three listeners, and a deployment group that moves traffic at two of them by a condition. */
function problemsWith(wrap: typeof frozen, controller: 'CODE_DEPLOY' | 'ECS' = 'CODE_DEPLOY') {
  const t = template('Blue and green');
  const { Encrypted } = t.parameters('All', {
    Encrypted: { Type: 'String', Label: 'Encrypted', Description: 'Whether clients come to 443' },
  });
  const { Https } = t.conditions({ Https: equals(Encrypted, 'yes') });
  const listener = (Port: number) =>
    Listener({ LoadBalancerArn: 'arn', Port, Protocol: 'HTTP', DefaultActions: [{ Type: 'fixed-response' }] });
  const { First, Second } = t.resources({
    Served: wrap(Service({ DeploymentController: { Type: controller } })),
    First: wrap(listener(443)),
    Second: wrap(listener(80)),
    Internal: listener(8080),
  });
  t.resources({
    Group: DeploymentGroup({
      ApplicationName: 'application',
      ServiceRoleArn: 'arn',
      LoadBalancerInfo: {
        TargetGroupPairInfoList: [{ ProdTrafficRoute: { ListenerArns: [when(Https, First, Second)] } }],
      },
    }),
  });
  return examine(t).problems;
}

test('what CodeDeploy owns has to be frozen: the service, and the listeners whose traffic it moves', () => {
  const message = 'CodeDeploy owns it once it exists, and no update may touch it; wrap it in `frozen` of dsl/resources';
  expect(problemsWith((it) => it)).toEqual(
    ['Served', 'First', 'Second'].map((id) => ({ path: `Resources.${id}`, message })),
  );
  expect(problemsWith((it) => it, 'ECS').map(({ path }) => path)).toEqual(['Resources.First', 'Resources.Second']);
  expect(problemsWith(frozen)).toEqual([]);
});
