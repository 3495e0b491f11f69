import type { PipelineProperties } from 'cloudform-types/types/codePipeline/pipeline';
import { resourceType, type StringValue } from '../dsl';

const allowedValues = {
  'ArtifactStore.Type': ['S3'],
  ExecutionMode: ['QUEUED', 'SUPERSEDED', 'PARALLEL'],
  PipelineType: ['V1', 'V2'],
  'Stages.Actions.ActionTypeId.Category': ['Source', 'Build', 'Test', 'Deploy', 'Invoke', 'Approval', 'Compute'],
  'Stages.OnFailure.Result': ['ROLLBACK', 'RETRY'],
  'Stages.OnFailure.RetryConfiguration.RetryMode': ['ALL_ACTIONS', 'FAILED_ACTIONS'],
  'Triggers.ProviderType': ['CodeStarSourceConnection'],
} as const;

/** What a filter lets through; at least one of the lists. */
interface Filter {
  readonly Includes?: readonly string[];
  readonly Excludes?: readonly string[];
}

/** An action of a stage, with the time-out that cloudform-types doesn't know. */
export interface Action {
  readonly Name: string;
  readonly ActionTypeId: {
    readonly Category: (typeof allowedValues)['Stages.Actions.ActionTypeId.Category'][number];
    readonly Owner: 'AWS';
    readonly Provider: string;
    readonly Version: '1' | '2';
  };
  readonly Configuration: Readonly<Record<string, StringValue>>;
  readonly InputArtifacts?: readonly { readonly Name: string }[];
  readonly OutputArtifacts?: readonly { readonly Name: string }[];
  readonly Namespace?: string;
  readonly RoleArn?: StringValue;
  readonly RunOrder?: number;
  readonly TimeoutInMinutes?: number;
}

/** Newer than cloudform-types (specification 148): type V2, execution modes, triggers and what follows a failure. */
interface NewerProperties {
  readonly ExecutionMode?: string;
  readonly PipelineType?: string;
  readonly Stages: readonly {
    readonly Name: string;
    readonly Actions: readonly Action[];
    readonly OnFailure?: {
      readonly Result: string;
      readonly RetryConfiguration?: { readonly RetryMode: string };
    };
  }[];
  readonly Triggers?: readonly {
    readonly ProviderType: string;
    readonly GitConfiguration: {
      readonly SourceActionName: string;
      readonly Push: readonly { readonly Branches?: Filter; readonly FilePaths?: Filter }[];
    };
  }[];
}

type Properties = Omit<PipelineProperties, keyof NewerProperties> & NewerProperties;

/** `!Ref`: the pipeline's name. */
export const Pipeline = resourceType<Properties>()('AWS::CodePipeline::Pipeline', {
  allowedValues,
});
