import type { Path } from '../lib/template/lines';
import type { Finding, Severity } from './finding';
import type { CheckedTemplate } from './template';

/** Where a template breaks a rule, and by what. */
export interface Violation {
  readonly path: Path;
  /** Sid of the statement that breaks the rule. */
  readonly detail?: string;
  /** Where the path doesn't say it. */
  readonly line?: number;
  readonly message: string;
}

/** A rule of this project: something that must hold of every template and that no scanner looks at. */
export interface Rule {
  /** The name of its file: what holds when nothing is found. */
  readonly id: string;
  readonly severity: Severity;
  /** What can happen where the rule is broken. */
  readonly why: string;
  readonly fix: string;
  readonly check: (template: CheckedTemplate) => readonly Violation[] | Promise<readonly Violation[]>;
}

/** What a rule finds in a template. */
export async function findingsOf(rule: Rule, template: CheckedTemplate): Promise<readonly Finding[]> {
  const { id, severity, why, fix } = rule;
  return (await rule.check(template)).map(({ path, detail, line, message }): Finding => {
    const [section, logicalId] = path;
    return {
      tool: 'rules',
      rule: id,
      ...(detail === undefined ? {} : { detail }),
      severity,
      template: template.path,
      line: line ?? template.lineOf(path),
      ...(section === 'Resources' && typeof logicalId === 'string' ? { logicalId } : {}),
      message,
      why,
      fix,
    };
  });
}
