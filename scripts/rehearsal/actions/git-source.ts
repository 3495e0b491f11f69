import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import type { ActionContext } from '../action-context';
import { actionSession, storeArtifact } from '../artifacts';
import type { Session } from '../cloud';
import type { ActionResult, ActionRun } from '../pipeline';

/**
 * A source in CodeCommit: the newest commit of a branch, whatever has started the execution.
 * https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CodeCommit.html
 */
export async function codeCommitSource(run: ActionRun, context: ActionContext): Promise<ActionResult> {
  const { RepositoryName = '' } = run.configuration;
  const session = await actionSession(context.cloud, run);
  for (const operation of ['GetBranch', 'GetCommit', 'UploadArchive', 'GetUploadArchiveStatus']) {
    await session.authorize('codecommit', operation, { repositoryName: RepositoryName });
  }
  return gitSource(run, context, session, RepositoryName, { RepositoryName });
}

/**
 * A source behind a connection to GitHub, GitLab or Bitbucket. The connection itself is not emulated.
 * https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CodestarConnectionSource.html
 */
export async function connectionSource(run: ActionRun, context: ActionContext): Promise<ActionResult> {
  const { FullRepositoryId = '', ConnectionArn = '' } = run.configuration;
  context.differs(`A local repository stands in for ${FullRepositoryId}; the connection to it is not tried.`);
  const session = await actionSession(context.cloud, run);
  await session.authorize(ConnectionArn.split(':')[2] ?? '', 'UseConnection', { ConnectionArn });
  return gitSource(run, context, session, FullRepositoryId, { FullRepositoryName: FullRepositoryId, ConnectionArn });
}

async function gitSource(
  run: ActionRun,
  context: ActionContext,
  session: Session,
  repository: string,
  variables: Readonly<Record<string, string>>,
): Promise<ActionResult> {
  const { BranchName = '', OutputArtifactFormat = 'CODE_ZIP' } = run.configuration;
  if (OutputArtifactFormat !== 'CODE_ZIP') {
    throw new Error(`The rehearsal does not know sources of the format ${OutputArtifactFormat}, only CODE_ZIP.`);
  }
  const branch = context.fails(run) ? `not-${BranchName}-by---fail-at` : BranchName;
  const commit = await context.repositories.head(repository, branch);
  const folder = join(await mkdtemp(join(context.folder, 'source-')), 'tree');
  await context.repositories.checkOut(repository, commit.id, folder);
  const [output] = run.action.outputArtifacts;
  const location = await storeArtifact(context.cloud, session, run, output?.name ?? '', folder);
  const [subject = ''] = commit.message.split('\n');
  return {
    summary: `${commit.id.slice(0, 8)} ${subject}`,
    outputs: new Map([[output?.name ?? '', location]]),
    variables: {
      ...variables,
      BranchName,
      CommitId: commit.id,
      CommitMessage: commit.message,
      AuthorDate: commit.authorDate,
      CommitterDate: commit.committerDate,
    },
  };
}
