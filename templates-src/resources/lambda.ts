import type { EventSourceMappingProperties } from 'cloudform-types/types/lambda/eventSourceMapping';
import type { FunctionProperties } from 'cloudform-types/types/lambda/function';
import type { UrlProperties } from 'cloudform-types/types/lambda/url';
import type { StringValue } from '../dsl/intrinsics';
import { resourceType } from '../dsl/resources';

const functionValues = {
  Architectures: ['x86_64', 'arm64'],
  'LoggingConfig.ApplicationLogLevel': ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'],
  'LoggingConfig.LogFormat': ['Text', 'JSON'],
  'LoggingConfig.SystemLogLevel': ['DEBUG', 'INFO', 'WARN'],
  // Those of Amazon Linux 2023.
  Runtime: ['nodejs20.x', 'nodejs22.x', 'nodejs24.x', 'python3.12', 'python3.13', 'python3.14'],
} as const;

/** Newer than cloudform-types (specification 148). */
interface NewerProperties {
  readonly LoggingConfig?: {
    readonly ApplicationLogLevel?: string;
    readonly LogFormat?: string;
    readonly LogGroup?: StringValue;
    readonly SystemLogLevel?: string;
  };
}

/** `!Ref`: the function's name. */
export const LambdaFunction = resourceType<FunctionProperties & NewerProperties>()('AWS::Lambda::Function', {
  attributes: ['Arn'],
  allowedValues: functionValues,
});

/** `!Ref`: the mapping's id. */
export const EventSourceMapping = resourceType<EventSourceMappingProperties>()('AWS::Lambda::EventSourceMapping', {
  allowedValues: { FunctionResponseTypes: ['ReportBatchItemFailures'] },
});

/** An HTTPS address of a function. */
export const FunctionUrl = resourceType<UrlProperties>()('AWS::Lambda::Url', {
  attributes: ['FunctionUrl'],
  allowedValues: { AuthType: ['AWS_IAM', 'NONE'], InvokeMode: ['BUFFERED', 'RESPONSE_STREAM'] },
});
