import { AccountId, Region, sub } from '../../dsl';

/**
 * The page of the build that reviewed an execution, whose log has everything.
 *
 * @param project name of its CodeBuild project
 * @param namespace that of its action, which exports the id as `BUILD`
 */
export const reviewLink = (project: string, namespace: string) =>
  sub`https://${Region}.console.aws.amazon.com/codesuite/codebuild/${AccountId}/projects/${project}/build/${project}%3A#{${namespace}.BUILD}/log`;
