import type { RepositoryProperties } from 'cloudform-types/types/ecr/repository';
import { type Policy, type RepositoryStatement, resourceType } from '../dsl';

const allowedValues = {
  'EncryptionConfiguration.EncryptionType': ['AES256', 'KMS', 'KMS_DSSE'],
  ImageTagMutability: ['MUTABLE', 'IMMUTABLE', 'MUTABLE_WITH_EXCLUSION', 'IMMUTABLE_WITH_EXCLUSION'],
  'ImageTagMutabilityExclusionFilters.ImageTagMutabilityExclusionFilterType': ['WILDCARD'],
} as const;

/** Newer than cloudform-types (specification 148): tags that may move although all others are immutable. */
interface NewerProperties {
  readonly ImageTagMutabilityExclusionFilters?: readonly {
    readonly ImageTagMutabilityExclusionFilterType: string;
    readonly ImageTagMutabilityExclusionFilterValue: string;
  }[];
}

type Properties = Omit<RepositoryProperties, 'RepositoryPolicyText'> &
  NewerProperties & { readonly RepositoryPolicyText?: Policy<RepositoryStatement> };

/** `!Ref`: the repository's name. */
export const Repository = resourceType<Properties>()('AWS::ECR::Repository', {
  attributes: ['Arn', 'RepositoryUri'],
  allowedValues,
});
