import type { Approval, Decision } from './actions/approval';
import type { Cloud } from './cloud';
import type { ActionRun } from './pipeline';
import type { Repositories } from './repositories';

/** What actions work with. */
export interface World {
  readonly cloud: Cloud;
  /** What stands in for CodeCommit. */
  readonly repositories: Repositories;
  /** A folder for files that go when the rehearsal ends. */
  readonly folder: string;
  /** What builds see of this machine's environment: at least PATH. */
  readonly buildEnvironment: Readonly<Record<string, string>>;
  /** Answers a request for approval. */
  readonly decide: (approval: Approval, signal: AbortSignal) => Promise<Decision>;
  /** Whether an action is to meet with a fault of the kind that it can meet with in AWS. */
  readonly fails: (run: ActionRun) => boolean;
  /** Writes into the full log. */
  readonly log: (text: string) => void;
  /** Tells of something that is not as in AWS; each only once. */
  readonly differs: (text: string) => void;
}
