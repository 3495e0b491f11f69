import type { EventSourceMappingProperties } from 'cloudform-types/types/lambda/eventSourceMapping';
import type { FunctionProperties } from 'cloudform-types/types/lambda/function';
import type { UrlProperties } from 'cloudform-types/types/lambda/url';
import type { StringValue } from '../dsl/intrinsics';
import { resourceType } from '../dsl/resources';

/**
 * Runtimes that a function can have: those of Amazon Linux 2023, whose glibc native code may need ("Lambda runtimes").
 * Packages are built for exactly one of them, whatever machine builds them.
 */
export const runtimes = ['nodejs20.x', 'nodejs22.x', 'nodejs24.x', 'python3.12', 'python3.13', 'python3.14'] as const;

/** Processors that a function can run on, as Lambda calls them. */
export const architectures = ['x86_64', 'arm64'] as const;

const functionValues = {
  Architectures: architectures,
  'LoggingConfig.ApplicationLogLevel': ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'],
  'LoggingConfig.LogFormat': ['Text', 'JSON'],
  'LoggingConfig.SystemLogLevel': ['DEBUG', 'INFO', 'WARN'],
  Runtime: runtimes,
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
