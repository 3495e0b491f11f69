import CfEventSourceMapping, {
  type EventSourceMappingProperties,
} from 'cloudform-types/types/lambda/eventSourceMapping';
import CfFunction, { type FunctionProperties } from 'cloudform-types/types/lambda/function';
import CfUrl, { type UrlProperties } from 'cloudform-types/types/lambda/url';
import type { StringValue } from '../dsl/intrinsics';
import { type Narrowed, type ResourceClass, resourceType } from '../dsl/resources';

const functionValues = {
  Architectures: ['x86_64', 'arm64'],
  'LoggingConfig.ApplicationLogLevel': ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'],
  'LoggingConfig.LogFormat': ['Text', 'JSON'],
  'LoggingConfig.SystemLogLevel': ['DEBUG', 'INFO', 'WARN'],
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
export const LambdaFunction = resourceType(
  'AWS::Lambda::Function',
  CfFunction as ResourceClass<Narrowed<FunctionProperties & NewerProperties, typeof functionValues>>,
  { attributes: ['Arn'], allowedValues: functionValues },
);

const mappingValues = { FunctionResponseTypes: ['ReportBatchItemFailures'] } as const;

/** `!Ref`: the mapping's id. */
export const EventSourceMapping = resourceType(
  'AWS::Lambda::EventSourceMapping',
  CfEventSourceMapping as ResourceClass<Narrowed<EventSourceMappingProperties, typeof mappingValues>>,
  { allowedValues: mappingValues },
);

const urlValues = { AuthType: ['AWS_IAM', 'NONE'], InvokeMode: ['BUFFERED', 'RESPONSE_STREAM'] } as const;

/** An HTTPS address of a function. */
export const FunctionUrl = resourceType(
  'AWS::Lambda::Url',
  CfUrl as ResourceClass<Narrowed<UrlProperties, typeof urlValues>>,
  { attributes: ['FunctionUrl'], allowedValues: urlValues },
);
