import type { PolicyDocument } from '../../../templates-src/access/case';
import { covers } from './covers';

type Statements = PolicyDocument['Statement'];

const known = new WeakMap<PolicyDocument, Map<string, Statements>>();

/** The statements of a document that concern an action; remembered, as thousands of requests ask for the same. */
export function statementsAbout(document: PolicyDocument, action: string): Statements {
  const byAction = known.get(document) ?? new Map<string, Statements>();
  known.set(document, byAction);
  const found = byAction.get(action) ?? document.Statement.filter((statement) => concerns(statement, action));
  byAction.set(action, found);
  return found;
}

/** Whether the `Action` of a statement, or its `NotAction`, says something about an action. */
export const concerns = ({ Action }: Statements[number], action: string): boolean =>
  Action === undefined ||
  // IAM User Guide, "IAM JSON policy elements: Action": names of actions are case-insensitive.
  [Action].flat().some((pattern) => covers(String(pattern).toLowerCase(), action.toLowerCase()));
