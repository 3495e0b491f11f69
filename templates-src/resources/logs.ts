import type { LogGroupProperties } from 'cloudform-types/types/logs/logGroup';
import { resourceType } from '../dsl';

/** Newer than cloudform-types (specification 148). */
interface NewerProperties {
  readonly LogGroupClass?: string;
}

const allowedValues = { LogGroupClass: ['STANDARD', 'INFREQUENT_ACCESS', 'DELIVERY'] } as const;

/** `!Ref`: the log group's name. Its `Arn` ends with `:*`, which stands for its streams. */
export const LogGroup = resourceType<LogGroupProperties & NewerProperties>()('AWS::Logs::LogGroup', {
  attributes: ['Arn'],
  allowedValues,
});
