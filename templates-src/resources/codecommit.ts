import CfRepository from 'cloudform-types/types/codeCommit/repository';
import { resourceType } from '../dsl/resources';

/** `!Ref`: the repository's id, which is not its name. */
export const Repository = resourceType('AWS::CodeCommit::Repository', CfRepository, {
  attributes: ['Arn', 'CloneUrlHttp', 'CloneUrlSsh', 'Name'],
});
