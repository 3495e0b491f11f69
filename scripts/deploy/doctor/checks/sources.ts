import { type PipelineKey, pipelineNames, pipelineNamesOf } from '../../../../templates-src/model/names';
import { toolingAccount } from '../../../../templates-src/model/topology';
import type { Value, ValueMap } from '../../../lib/resolve/resolve-stack';
import { type AccountView, type ExpectedStack, expectedResources } from '../account-view';
import { AwsError } from '../aws-api';
import { type Check, type Finding, notApplicable, ofEach, orOk, problem } from '../check';

export const sources: Check = {
  name: 'sources',
  asks: 'can the pipelines get at their source: is the connection made, does the repository have the branch?',
  beforeDeployment: true,
  run: async (view) => {
    const actions = view.stacks.flatMap((expected) =>
      sourceActions(expected).map((action) => ({ ...action, expected })),
    );
    const repositories = actions.filter(({ provider }) => provider === 'CodeCommit');
    const connections = actions.filter(({ provider }) => provider === 'CodeStarSourceConnection');
    if (actions.length === 0) {
      return [notApplicable(`the pipelines are in ${toolingAccount}`)];
    }
    return orOk(
      [
        ...(repositories.length === 0 ? [] : await ofEach([view], codeCommitAnswers)),
        ...(await ofEach(repositories, (action) => lookAtRepository(view, action))),
        ...(await ofEach(connections, (action) => lookAtConnection(view, action))),
      ],
      connections.length > 0 ? `${connections.length} connections are available` : 'CodeCommit answers',
    );
  },
};

interface SourceAction {
  readonly expected: ExpectedStack;
  readonly provider: string;
  readonly configuration: ValueMap;
}

function sourceActions(expected: ExpectedStack): Omit<SourceAction, 'expected'>[] {
  return expectedResources(expected, 'AWS::CodePipeline::Pipeline')
    .flatMap(({ properties }) => list(properties.Stages))
    .flatMap(({ Actions }) => list(Actions))
    .map(({ ActionTypeId, Configuration }) => ({
      provider: String((ActionTypeId as ValueMap).Provider),
      configuration: (Configuration ?? {}) as ValueMap,
    }))
    .filter(({ provider }) => provider === 'CodeCommit' || provider === 'CodeStarSourceConnection');
}

const list = (value: Value | undefined): readonly ValueMap[] => (value ?? []) as unknown as readonly ValueMap[];

/**
 * CodeCommit exists in some Regions only, and was closed to new customers for a while. Whatever else goes wrong (an
 * expired session, a proxy, a time-out) says nothing about CodeCommit.
 */
async function codeCommitAnswers(view: AccountView): Promise<Finding[]> {
  try {
    await view.call('codecommit', 'list-repositories');
    return [];
  } catch (error) {
    if (
      error instanceof AwsError &&
      (error.code === 'OptInRequired' || error.message.startsWith('Could not connect to the endpoint URL'))
    ) {
      const toDo =
        'choose a Region that has CodeCommit, if your network reaches it at all; or ' +
        "let the pipelines use a connection: pipelines: { source: 'connection' } in templates-src/topology.ts";
      return [
        problem(`CodeCommit cannot be used in ${view.region}: ${error.message}`, toDo, stacksWithCodeCommit(view)),
      ];
    }
    throw error;
  }
}

const stacksWithCodeCommit = (view: AccountView) =>
  view.stacks
    .filter((expected) => expectedResources(expected, 'AWS::CodeCommit::Repository').length > 0)
    .map(({ stack }) => stack.name);

async function lookAtRepository(view: AccountView, { expected, configuration }: SourceAction): Promise<Finding[]> {
  if (!(await view.exists(expected))) {
    return [];
  }
  const { RepositoryName, BranchName } = configuration as { RepositoryName: string; BranchName: string };
  try {
    await view.call('codecommit', 'get-branch', { repositoryName: RepositoryName, branchName: BranchName });
    return [];
  } catch (error) {
    const code = error instanceof AwsError ? error.code : undefined;
    if (code === 'BranchDoesNotExistException') {
      const toDo = `scripts/publish-repositories.sh ${calledByScripts(view, RepositoryName)}`;
      return [problem(`the repository ${RepositoryName} has no branch ${BranchName}`, toDo)];
    }
    if (code === 'RepositoryDoesNotExistException') {
      const toDo = `scripts/destroy.sh ${expected.stack.name} (it says how to lift the protection), then scripts/deploy.sh --adopt ${expected.stack.name}`;
      return [problem(`${expected.stack.name} is deployed, but its repository ${RepositoryName} is gone`, toDo)];
    }
    throw error;
  }
}

/** What publish-repositories.sh calls a repository. */
function calledByScripts({ topology }: AccountView, repository: string): string {
  const [key] = Object.entries(pipelineNamesOf(topology)).find(([, name]) => name === repository) ?? [];
  return pipelineNames[key as PipelineKey];
}

async function lookAtConnection(view: AccountView, { configuration, expected }: SourceAction): Promise<Finding[]> {
  const arn = String(configuration.ConnectionArn);
  const region = arn.split(':')[3] as string;
  const { parameters } = expected.stack;
  try {
    const { Connection } = await view.callIn<{ Connection: { ConnectionStatus: string; ConnectionName: string } }>(
      region,
      'codeconnections',
      'get-connection',
      { ConnectionArn: arn },
    );
    const { ConnectionStatus: status, ConnectionName: name } = Connection;
    return status === 'AVAILABLE'
      ? []
      : [
          problem(
            `the connection ${name} is ${status}`,
            `a person has to finish it in the browser (there is no command): Update pending connection in https://${region}.console.aws.amazon.com/codesuite/settings/connections`,
          ),
        ];
  } catch (error) {
    if (error instanceof AwsError && error.code === 'ResourceNotFoundException') {
      return [problem(`there is no connection ${arn}`, `write the ARN of one into ${parameters}`)];
    }
    throw error;
  }
}
