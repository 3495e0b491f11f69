import type { TemplateMap, TemplateNode } from '../lib/template/document';
import { isList, isMap, text } from '../lib/template/nodes';
import type { Finding, Scan, SuppressedFinding, Tool } from './finding';
import type { CheckedTemplate } from './template';

/**
 * Findings that a resource suppresses in its `Metadata`, as `suppressed` of templates-src/dsl/suppressions.ts writes it:
 * `suppressed` lists reasons with rules by tool; `cfn_nag` is in cfn-nag's own format.
 */
interface DeclaredSuppression {
  readonly template: string;
  readonly logicalId: string;
  readonly line: number;
  readonly tool: Tool;
  readonly rule: string;
  readonly reason: string;
}

/** What is left of the scans once suppressions are applied. */
export interface Judged {
  readonly findings: readonly Finding[];
  readonly suppressed: readonly SuppressedFinding[];
}

const keysByTool = { guard: 'guard', cdk_nag: 'cdk-nag', rules: 'rules' } as const satisfies Record<string, Tool>;

/** A reason says something: shorter ones ("n/a", "false positive") don't. */
const shortestReason = 25;

/**
 * Takes the suppressed findings out of the scans. What a resource suppresses without a reason, or without need, is a
 * finding itself: else suppressions would stay for ever and hide what comes later.
 */
export function judge(templates: readonly CheckedTemplate[], scans: readonly Scan[]): Judged {
  const read = templates.map(readSuppressions);
  const declared = read.flatMap(({ suppressions }) => suppressions);
  const used = new Set<DeclaredSuppression>();
  const suppressed: SuppressedFinding[] = [];
  const findings: Finding[] = read.flatMap(({ problems }) => problems);
  for (const finding of scans.flatMap((scan) => scan.findings)) {
    const match = declared.find((it) => covers(it, finding));
    if (match === undefined) {
      findings.push(finding);
    } else {
      used.add(match);
      suppressed.push({ ...finding, reason: match.reason });
    }
  }
  const toolsOf = (some: readonly Scan[]) => new Set(some.map(({ tool }) => tool));
  const ran = toolsOf(scans.filter(({ skipped }) => skipped === undefined));
  const skipped = toolsOf(scans.filter((scan) => scan.skipped !== undefined));
  suppressed.push(...declared.filter(({ tool }) => skipped.has(tool)).map(asSuppressedFinding));
  const unused = declared.filter((it) => ran.has(it.tool) && !used.has(it));
  return { findings: [...findings, ...unused.map(asUnused)], suppressed };
}

function covers({ template, logicalId, tool, rule }: DeclaredSuppression, finding: Finding): boolean {
  return (
    template === finding.template &&
    logicalId === finding.logicalId &&
    tool === finding.tool &&
    (rule === finding.rule || rule === `${finding.rule}[${finding.detail}]`)
  );
}

function readSuppressions({ path: template, document, lineOf }: CheckedTemplate) {
  const suppressions: DeclaredSuppression[] = [];
  const problems: Finding[] = [];
  for (const [logicalId, { Metadata = {} }] of Object.entries(document.Resources)) {
    const at = ['Resources', logicalId, 'Metadata'];
    const line = lineOf(at);
    const declare = (tool: Tool, rule: TemplateNode, reason: TemplateNode | undefined) => {
      const given = text(reason);
      suppressions.push({ template, logicalId, line, tool, rule: text(rule), reason: given });
      if (given.length < shortestReason) {
        problems.push(
          problem(template, logicalId, line, `suppresses ${tool} ${text(rule)} with the reason "${given}"`),
        );
      }
    };
    for (const entry of list(Metadata.suppressed)) {
      for (const [key, tool] of Object.entries(keysByTool)) {
        for (const rule of isList(entry[key]) ? entry[key] : []) {
          declare(tool, rule, entry.reason);
        }
      }
    }
    for (const { id, reason } of isMap(Metadata.cfn_nag) ? list(Metadata.cfn_nag.rules_to_suppress) : []) {
      declare('cfn-nag', id ?? '', reason);
    }
    for (const key of ['cfn-lint', 'cdk_nag', 'guard'].filter((it) => it in Metadata)) {
      problems.push(problem(template, logicalId, lineOf([...at, key]), `has ${key} metadata, which gives no reason`));
    }
  }
  const topMetadata = (document as { readonly Metadata?: TemplateMap }).Metadata ?? {};
  for (const key of ['cfn-lint', 'cfn_nag'].filter((it) => it in topMetadata)) {
    problems.push(
      problem(template, undefined, lineOf(['Metadata', key]), `switches rules of ${key} off for all of it`),
    );
  }
  return { suppressions, problems };
}

const list = (node: TemplateNode | undefined): readonly TemplateMap[] => (isList(node) ? node.filter(isMap) : []);

function problem(template: string, logicalId: string | undefined, line: number, message: string): Finding {
  return {
    tool: 'rules',
    rule: 'suppressions-give-a-reason',
    severity: 'error',
    template,
    line,
    ...(logicalId === undefined ? {} : { logicalId }),
    message: `the ${logicalId === undefined ? 'template' : 'resource'} ${message}`,
    why: 'Nobody can judge whether a rule may be broken here, and nobody knows when it no longer has to be.',
    fix: 'Suppress with suppressed(...) of dsl/suppressions.ts, at the resource, and say in a sentence why the rule cannot hold.',
  };
}

const asUnused = ({ template, logicalId, line, tool, rule }: DeclaredSuppression): Finding => ({
  tool: 'rules',
  rule: 'suppressions-are-needed',
  severity: 'warning',
  template,
  line,
  logicalId,
  message: `the resource suppresses ${tool} ${rule}, which finds nothing there`,
  why: 'A suppression that nothing needs hides the finding that comes later.',
  fix: 'Remove the suppression from the source of the template.',
});

const asSuppressedFinding = ({ template, logicalId, line, tool, rule, reason }: DeclaredSuppression) => ({
  tool,
  rule,
  severity: 'warning' as const,
  template,
  line,
  logicalId,
  message: `suppressed in the template; ${tool} was not there to say what it would have found`,
  why: '',
  fix: '',
  reason,
});
