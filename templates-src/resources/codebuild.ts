import type { ProjectProperties } from 'cloudform-types/types/codeBuild/project';
import { resourceType } from '../dsl/resources';

// AWS's schema publishes no allowed values for this type; these are the ones of the API reference that this project uses.
type Properties = Omit<ProjectProperties, 'Cache' | 'Environment'> & {
  readonly Cache?: {
    readonly Type: 'LOCAL' | 'NO_CACHE' | 'S3';
    Modes?: ('LOCAL_CUSTOM_CACHE' | 'LOCAL_DOCKER_LAYER_CACHE' | 'LOCAL_SOURCE_CACHE')[];
  };
  readonly Environment: Omit<ProjectProperties['Environment'], 'ComputeType' | 'Type'> & {
    readonly ComputeType: `BUILD_GENERAL1_${'SMALL' | 'MEDIUM' | 'LARGE' | 'XLARGE' | '2XLARGE'}`;
    readonly Type: 'LINUX_CONTAINER' | 'ARM_CONTAINER';
  };
};

/** `!Ref`: the project's name. */
export const Project = resourceType<Properties>()('AWS::CodeBuild::Project', {
  attributes: ['Arn'],
});
