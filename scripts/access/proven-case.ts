import type { Case } from '../../templates-src/access/case';
import type { Decision, Request } from '../lib/iam/request';

/** A request of a case, with AWS's answer. */
export interface Answer {
  readonly request: Request;
  readonly decision: Decision;
  /** Whether the answer is the one that the case expects. */
  readonly asExpected: boolean;
}

/** A case with its answers. */
export interface ProvenCase {
  readonly of: Case;
  readonly answers: readonly Answer[];
  readonly holds: boolean;
}
