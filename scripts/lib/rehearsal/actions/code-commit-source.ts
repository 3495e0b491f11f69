import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { actionSession, storeArtifact } from '../artifacts';
import type { ActionResult, ActionRun } from '../pipeline';
import type { World } from '../world';

/**
 * A source in CodeCommit: the newest commit of a branch, whatever has started the execution.
 * https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CodeCommit.html
 */
export async function codeCommitSource(run: ActionRun, world: World): Promise<ActionResult> {
  const { RepositoryName = '', BranchName = '' } = run.configuration;
  const branch = world.fails(run) ? `not-${BranchName}-by---fail-at` : BranchName;
  const commit = await world.repositories.head(RepositoryName, branch);
  const folder = join(await mkdtemp(join(world.folder, 'source-')), 'tree');
  await world.repositories.checkOut(RepositoryName, commit.id, folder);
  const session = await actionSession(world.cloud, run);
  const [output] = run.action.outputArtifacts;
  const location = await storeArtifact(world.cloud, session, run, output?.name ?? '', folder);
  const [subject = ''] = commit.message.split('\n');
  return {
    summary: `${commit.id.slice(0, 8)} ${subject}`,
    outputs: new Map([[output?.name ?? '', location]]),
    variables: {
      RepositoryName,
      BranchName,
      CommitId: commit.id,
      CommitMessage: commit.message,
      AuthorDate: commit.authorDate,
      CommitterDate: commit.committerDate,
    },
  };
}
