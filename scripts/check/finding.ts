/** What looks at the templates. `rules` are the rules of this project. */
export const tools = ['cfn-lint', 'cloudformation-validate', 'guard', 'cdk-nag', 'cfn-nag', 'rules'] as const;
export type Tool = (typeof tools)[number];

export type Severity = 'error' | 'warning' | 'informational';

/** Something that a tool doesn't accept in a template. */
export interface Finding {
  readonly tool: Tool;
  readonly rule: string;
  /** What of the resource the rule found, where it finds more than one thing: `Resource::*`. */
  readonly detail?: string;
  readonly severity: Severity;
  /** Path below the checked folder: `tooling/artifact-store.yaml`. */
  readonly template: string;
  readonly line: number;
  /** Logical id of the resource; missing when the finding is about something else of the template. */
  readonly logicalId?: string;
  /** What was found. */
  readonly message: string;
  /** What the danger is. */
  readonly why: string;
  readonly fix: string;
}

/** A finding that its resource suppresses, and why. */
export interface SuppressedFinding extends Finding {
  readonly reason: string;
}

/** What one tool said of all templates. */
export interface Scan {
  readonly tool: Tool;
  /** What was looked for: the version and the rules. */
  readonly scope: string;
  readonly findings: readonly Finding[];
  /** Why the tool did not run; then nothing is known of the templates. */
  readonly skipped?: string;
}
