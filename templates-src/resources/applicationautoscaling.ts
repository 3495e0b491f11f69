import CfScalableTarget from 'cloudform-types/types/applicationAutoScaling/scalableTarget';
import CfScalingPolicy from 'cloudform-types/types/applicationAutoScaling/scalingPolicy';
import { resourceType } from '../dsl/resources';

/** `!Ref`: resource, dimension and namespace, which together name a target; what `ScalingTargetId` takes. */
export const ScalableTarget = resourceType('AWS::ApplicationAutoScaling::ScalableTarget', CfScalableTarget, {
  allowedValues: {
    ScalableDimension: ['ecs:service:DesiredCount'],
    ServiceNamespace: ['ecs'],
  },
});

/** `!Ref`: the policy's ARN. */
export const ScalingPolicy = resourceType('AWS::ApplicationAutoScaling::ScalingPolicy', CfScalingPolicy, {
  allowedValues: {
    PolicyType: ['PredictiveScaling', 'StepScaling', 'TargetTrackingScaling'],
    'TargetTrackingScalingPolicyConfiguration.PredefinedMetricSpecification.PredefinedMetricType': [
      'ALBRequestCountPerTarget',
      'ECSServiceAverageCPUUtilization',
      'ECSServiceAverageMemoryUtilization',
    ],
  },
});
