import type { EventSourceMappingProperties } from 'cloudform-types/types/lambda/eventSourceMapping';
import type { FunctionProperties } from 'cloudform-types/types/lambda/function';
import type { UrlProperties } from 'cloudform-types/types/lambda/url';
import { resourceType, type StringValue } from '../dsl';

const functionValues = {
  Architectures: ['x86_64', 'arm64'],
  'LoggingConfig.ApplicationLogLevel': ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'],
  'LoggingConfig.LogFormat': ['Text', 'JSON'],
  'LoggingConfig.SystemLogLevel': ['DEBUG', 'INFO', 'WARN'],
  Runtime: [
    ...['nodejs20.x', 'nodejs22.x', 'nodejs24.x', 'python3.10', 'python3.11', 'python3.12', 'python3.13', 'python3.14'],
    ...['java8.al2', 'java11', 'java17', 'java21', 'java25', 'dotnet8', 'dotnet10', 'ruby3.2', 'ruby3.3', 'ruby3.4'],
    ...['provided.al2', 'provided.al2023'],
  ],
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
