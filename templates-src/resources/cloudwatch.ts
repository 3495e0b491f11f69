import type { AlarmProperties } from 'cloudform-types/types/cloudWatch/alarm';
import { resourceType } from '../dsl';

const allowedValues = {
  ComparisonOperator: [
    'GreaterThanOrEqualToThreshold',
    'GreaterThanThreshold',
    'GreaterThanUpperThreshold',
    'LessThanLowerOrGreaterThanUpperThreshold',
    'LessThanLowerThreshold',
    'LessThanOrEqualToThreshold',
    'LessThanThreshold',
  ],
  Statistic: ['Average', 'Maximum', 'Minimum', 'SampleCount', 'Sum'],
  TreatMissingData: ['breaching', 'ignore', 'missing', 'notBreaching'],
} as const;

/** `!Ref`: the alarm's name. */
export const Alarm = resourceType<AlarmProperties>()('AWS::CloudWatch::Alarm', { attributes: ['Arn'], allowedValues });
