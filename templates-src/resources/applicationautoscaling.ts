import CfScalableTarget, {
  type ScalableTargetProperties,
} from 'cloudform-types/types/applicationAutoScaling/scalableTarget';
import CfScalingPolicy, {
  type ScalingPolicyProperties,
} from 'cloudform-types/types/applicationAutoScaling/scalingPolicy';
import { type Narrowed, type ResourceClass, resourceType } from '../dsl/resources';

/** `!Ref`: resource, dimension and namespace, which together name a target; what `ScalingTargetId` takes. */
export const ScalableTarget = resourceType(
  'AWS::ApplicationAutoScaling::ScalableTarget',
  CfScalableTarget as ResourceClass<Narrowed<ScalableTargetProperties, Record<never, never>>>,
);

const policyValues = {
  PolicyType: ['PredictiveScaling', 'StepScaling', 'TargetTrackingScaling'],
} as const;

/** `!Ref`: the policy's ARN. */
export const ScalingPolicy = resourceType(
  'AWS::ApplicationAutoScaling::ScalingPolicy',
  CfScalingPolicy as ResourceClass<Narrowed<ScalingPolicyProperties, typeof policyValues>>,
  { allowedValues: policyValues },
);
