import type { Actor, Case, Context, PolicyDocument } from '../../../templates-src/access/case';
import type { Policy, PolicyKind, PolicySource } from './policies';

/** A changed text for the policies of one source. */
export interface Overlay {
  readonly source: PolicySource;
  readonly change: (document: PolicyDocument) => PolicyDocument;
}

/** A statement that took part in a decision. */
export interface DecidingStatement {
  /** Undefined for what the case made up: an administrator's policy, or the policy of somebody else's resource. */
  readonly policy: Policy | undefined;
  readonly sid: string;
}

/** What keeps a request from being allowed. */
export interface Block {
  readonly kind: PolicyKind;
  /** Whether a statement denies it; otherwise none allows it. */
  readonly isExplicit: boolean;
  /** The policy that denies it; undefined for what the case made up, and when none allows it. */
  readonly policy: Policy | undefined;
  readonly sid: string | undefined;
}

/** The answer to one request. */
export interface Decision {
  readonly result: 'Allowed' | 'ExplicitlyDenied' | 'ImplicitlyDenied';
  readonly grants: readonly DecidingStatement[];
  readonly denials: readonly DecidingStatement[];
  /** Empty when it is allowed. */
  readonly blocks: readonly Block[];
}

/** What AWS is asked, with all that decides it: any engine that evaluates policies can answer it, not only the one used here. */
export interface Question {
  readonly actor: Actor;
  readonly action: string;
  readonly resource: string;
  /** The account that owns the resource. */
  readonly owner: string;
  /** The condition keys that AWS sends with every request, and those that the case sets. */
  readonly context: Context;
  readonly identity: readonly PolicyDocument[];
  readonly boundary: PolicyDocument | undefined;
  /** The resource's own policy: a key's is its key policy, a role's its trust. */
  readonly resourcePolicy: PolicyDocument | undefined;
  /** The policy of the VPC endpoint that the request passes. */
  readonly endpoint: PolicyDocument | undefined;
}

/** One request of a case, ready to be evaluated as often as needed. */
export interface Request {
  readonly of: Case;
  readonly action: string;
  readonly resource: string;
  /** The condition keys that the case sets. */
  readonly context: Context;
  /** The policies of templates that decide. */
  readonly policies: readonly Policy[];
  readonly question: Question;
  /** Decides, says which statements did, and refuses what AWS would never ask. */
  readonly decide: () => Promise<Decision>;
  /** Decides with other policies, for a request that `decide` has not refused. */
  readonly decideWith: (overlay: Overlay) => Promise<Decision['result']>;
}

/** Whether a decision is what a case expects. */
export const isAsExpected = ({ expect }: Case, result: Decision['result']): boolean =>
  (result === 'Allowed') === (expect === 'allowed');

/** A case that says something AWS would never ask, so that its answer would mean nothing. */
export class CaseError extends Error {}
