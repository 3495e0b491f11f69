import type { Cloud } from './cloud';
import type { ActionRun } from './pipeline';
import type { Repositories } from './repositories';

/** What somebody has to approve. */
export interface Approval {
  readonly pipeline: string;
  /** Number of the execution. */
  readonly execution: number;
  readonly stage: string;
  readonly action: string;
  readonly message: string;
  readonly link: string | undefined;
}

/** What somebody decided. */
export interface Decision {
  readonly approved: boolean;
  /** Who decided, or why. */
  readonly comment: string;
}

/** What actions work with. */
export interface ActionContext {
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
