import type { ProjectProperties } from 'cloudform-types/types/codeBuild/project';
import { resourceType } from '../dsl';

// AWS's schema publishes no allowed values for this type; these are the ones of the API reference that this project uses.
type Properties = Omit<ProjectProperties, 'Cache' | 'Environment'> & {
  // DANGER: AWS also offers LOCAL and S3. Builds run code of commits that nobody approved, and a cache is what one build
  // writes and a later one runs: one bad commit would reach the clean ones after it.
  readonly Cache: { readonly Type: 'NO_CACHE' };
  readonly Environment: Omit<ProjectProperties['Environment'], 'ComputeType' | 'Type'> & {
    readonly ComputeType: `BUILD_GENERAL1_${'SMALL' | 'MEDIUM' | 'LARGE' | 'XLARGE' | '2XLARGE'}`;
    readonly Type: 'LINUX_CONTAINER' | 'ARM_CONTAINER';
  };
};

/** `!Ref`: the project's name. */
export const Project = resourceType<Properties>()('AWS::CodeBuild::Project', {
  attributes: ['Arn'],
});
