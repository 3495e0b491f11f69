import type { RepositoryProperties } from 'cloudform-types/types/codeCommit/repository';
import { resourceType } from '../dsl';

/** `!Ref`: the repository's id, which is not its name. */
export const Repository = resourceType<RepositoryProperties>()('AWS::CodeCommit::Repository', {
  attributes: ['Arn', 'CloneUrlHttp', 'CloneUrlSsh', 'Name'],
});
