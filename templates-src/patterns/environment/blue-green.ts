import {
  AccountId,
  equals,
  not,
  type Reference,
  type StringValue,
  sub,
  suppressed,
  type Template,
  when,
} from '../../dsl';
import { namesOf, roleArn } from '../../model/names';
import type { Topology } from '../../model/topology';
import { Alarm } from '../../resources/cloudwatch';
import { Application, DeploymentGroup } from '../../resources/codedeploy';
import { isFoundByName } from '../shared/suppressions';
import type { DeclaredContainer } from './container';
import type { DeclaredLoadBalancer } from './load-balancer';

/**
 * Declares how CodeDeploy replaces one version by the next: a green task set beside the blue one, test traffic,
 * production traffic, and back to blue when an alarm rises.
 *
 * @param alarmTopic ARN of the topic that alarms tell
 */
export function declareBlueGreen(
  t: Template,
  topology: Topology,
  environment: Reference,
  loadBalancer: DeclaredLoadBalancer,
  { ServiceCluster, ContainerService }: DeclaredContainer,
  alarmTopic: StringValue,
): void {
  const names = namesOf(topology);
  const { BlueTargetGroup, GreenTargetGroup, productionListener, TestListener } = loadBalancer;
  const parameters = t.parameters('Deployments', {
    TestWindowMinutes: {
      Type: 'Number',
      Label: 'Test window',
      Description:
        'Minutes in which somebody has to let a new version, which testers reach, have the traffic of clients ' +
        '(aws deploy continue-deployment); after that the deployment is stopped. 0 asks nobody',
      Default: 0,
      MinValue: 0,
      MaxValue: 2880,
    },
    DeploymentConfiguration: {
      Type: 'String',
      Label: 'Traffic shift',
      Description:
        'How CodeDeploy moves production traffic to a new version. With ECSAllAtOnce nobody but testers has used it ' +
        'before everybody does',
      Default: 'CodeDeployDefault.ECSCanary10Percent5Minutes',
      AllowedValues: [
        'CodeDeployDefault.ECSAllAtOnce',
        'CodeDeployDefault.ECSCanary10Percent5Minutes',
        'CodeDeployDefault.ECSCanary10Percent15Minutes',
        'CodeDeployDefault.ECSLinear10PercentEvery1Minutes',
        'CodeDeployDefault.ECSLinear10PercentEvery3Minutes',
      ],
    },
    TerminationWaitMinutes: {
      Type: 'Number',
      Label: 'Wait before termination',
      Description: 'Minutes for which the old version stays, so that an alarm can still bring it back',
      MinValue: 0,
      MaxValue: 2880,
    },
    ServerErrorsPerMinute: {
      Type: 'Number',
      Label: 'Server errors',
      Description: 'Answers with a 5xx status that the service may give in a minute before an alarm rises',
      MinValue: 0,
    },
  });
  const { TestWindowMinutes, DeploymentConfiguration, TerminationWaitMinutes, ServerErrorsPerMinute } = parameters;
  const { TestWindow } = t.conditions({ TestWindow: not(equals(TestWindowMinutes, '0')) });

  const alarms = [
    { colour: 'Blue', targetGroup: BlueTargetGroup },
    { colour: 'Green', targetGroup: GreenTargetGroup },
  ].flatMap(({ colour, targetGroup }) => {
    // Two of three minutes: one bad minute is a task that was replaced. No data is no traffic or no tasks, which is so
    // for one group at any time; an alarm that rose then would stop every deployment before it began. For the same
    // reason nothing here counts what the load balancer itself answers: that is 503 as long as there are no tasks.
    const alarmOn = (
      name: string,
      description: string,
      metric: { MetricName: string; Statistic: 'Maximum' | 'Sum'; Threshold: number | Reference },
    ) =>
      suppressed(
        Alarm({
          AlarmName: sub`${names.containerApplication(environment)}-${name}-${colour.toLowerCase()}`,
          AlarmDescription: description,
          Namespace: 'AWS/ApplicationELB',
          Dimensions: [
            { Name: 'LoadBalancer', Value: loadBalancer.PublicLoadBalancer.LoadBalancerFullName },
            { Name: 'TargetGroup', Value: targetGroup.TargetGroupFullName },
          ],
          Period: 60,
          EvaluationPeriods: 3,
          DatapointsToAlarm: 2,
          ComparisonOperator: 'GreaterThanThreshold',
          TreatMissingData: 'notBreaching',
          AlarmActions: [alarmTopic],
          ...metric,
        }),
        isFoundByName,
      );
    return [
      t.resource(
        `${colour}ServerErrorAlarm`,
        alarmOn('server-errors', 'The service answers with server errors', {
          MetricName: 'HTTPCode_Target_5XX_Count',
          Statistic: 'Sum',
          Threshold: ServerErrorsPerMinute,
        }),
      ),
      t.resource(
        `${colour}UnhealthyAlarm`,
        alarmOn('unhealthy', 'Tasks fail their health check', {
          MetricName: 'UnHealthyHostCount',
          Statistic: 'Maximum',
          Threshold: 0,
        }),
      ),
    ];
  });

  const { ContainerApplication } = t.resources({
    ContainerApplication: Application({
      ApplicationName: names.containerApplication(environment),
      ComputePlatform: 'ECS',
    }),
  });
  t.resources({
    ContainerDeployments: suppressed(
      DeploymentGroup({
        ApplicationName: ContainerApplication,
        DeploymentGroupName: names.containerDeploymentGroup(environment),
        DeploymentConfigName: DeploymentConfiguration,
        ServiceRoleArn: roleArn(AccountId, names.codeDeployRole(environment)),
        DeploymentStyle: { DeploymentType: 'BLUE_GREEN', DeploymentOption: 'WITH_TRAFFIC_CONTROL' },
        ECSServices: [{ ClusterName: ServiceCluster, ServiceName: ContainerService.Name }],
        LoadBalancerInfo: {
          TargetGroupPairInfoList: [
            {
              ProdTrafficRoute: { ListenerArns: [productionListener] },
              TestTrafficRoute: { ListenerArns: [TestListener] },
              TargetGroups: [{ Name: BlueTargetGroup.TargetGroupName }, { Name: GreenTargetGroup.TargetGroupName }],
            },
          ],
        },
        BlueGreenDeploymentConfiguration: {
          // The wait counts with STOP_DEPLOYMENT alone (CodeDeploy's API reference, "DeploymentReadyOption"): with
          // CONTINUE_DEPLOYMENT production traffic follows test traffic at once, however long it is.
          DeploymentReadyOption: {
            ActionOnTimeout: when(TestWindow, 'STOP_DEPLOYMENT', 'CONTINUE_DEPLOYMENT'),
            WaitTimeInMinutes: TestWindowMinutes,
          },
          TerminateBlueInstancesOnDeploymentSuccess: {
            Action: 'TERMINATE',
            TerminationWaitTimeInMinutes: TerminationWaitMinutes,
          },
        },
        // An alarm that is up already stops a deployment at its start, one that would mend things too: see the README.
        AlarmConfiguration: { Enabled: true, Alarms: alarms.map((Name) => ({ Name })) },
        // A deployment that somebody stops, or whose test window passes, leaves the version that was there before.
        AutoRollbackConfiguration: {
          Enabled: true,
          Events: ['DEPLOYMENT_FAILURE', 'DEPLOYMENT_STOP_ON_ALARM', 'DEPLOYMENT_STOP_ON_REQUEST'],
        },
      }),
      { reason: 'The pipeline names the deployment group that it deploys with.', cfn_nag: ['W28'] },
    ),
  });
}
