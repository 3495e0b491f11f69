import type { ScalableTargetProperties } from 'cloudform-types/types/applicationAutoScaling/scalableTarget';
import type { ScalingPolicyProperties } from 'cloudform-types/types/applicationAutoScaling/scalingPolicy';
import { resourceType } from '../dsl';

/** `!Ref`: resource, dimension and namespace, which together name a target; what `ScalingTargetId` takes. */
export const ScalableTarget = resourceType<ScalableTargetProperties>()('AWS::ApplicationAutoScaling::ScalableTarget', {
  allowedValues: {
    ScalableDimension: ['ecs:service:DesiredCount'],
    ServiceNamespace: ['ecs'],
  },
});

/** `!Ref`: the policy's ARN. */
export const ScalingPolicy = resourceType<ScalingPolicyProperties>()('AWS::ApplicationAutoScaling::ScalingPolicy', {
  allowedValues: {
    PolicyType: ['PredictiveScaling', 'StepScaling', 'TargetTrackingScaling'],
    'TargetTrackingScalingPolicyConfiguration.PredefinedMetricSpecification.PredefinedMetricType': [
      'ALBRequestCountPerTarget',
      'ECSServiceAverageCPUUtilization',
      'ECSServiceAverageMemoryUtilization',
    ],
  },
});
