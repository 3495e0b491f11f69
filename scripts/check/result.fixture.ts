import type { CheckResult } from './check-templates';
import type { Finding } from './finding';

const finding: Finding = {
  tool: 'rules',
  rule: 'actions-are-named',
  severity: 'error',
  template: 'tooling/one.yaml',
  line: 12,
  logicalId: 'Policy',
  message: 'statement "All" allows s3:* & <more>',
  why: 'Wildcards grant too much.',
  fix: 'Name the actions.',
};

/** A check with a finding of every severity, a suppressed one, and a tool that did not run. */
export const checkResult: CheckResult = {
  templates: ['environment/two.yaml', 'tooling/one.yaml'],
  seconds: 1.25,
  scans: [
    { tool: 'rules', scope: '15 rules', findings: [finding] },
    { tool: 'guard', scope: '59 rules', findings: [] },
    { tool: 'cfn-nag', scope: '', findings: [], skipped: 'cfn_nag_scan is not on PATH' },
  ],
  findings: [
    finding,
    { ...finding, tool: 'guard', rule: 'CT.A.PR.1', severity: 'warning', line: 14 },
    { ...finding, tool: 'guard', rule: 'CT.B.PR.2', severity: 'informational', template: 'environment/two.yaml' },
  ],
  suppressed: [
    { ...finding, tool: 'guard', rule: 'CT.C.PR.3', reason: 'Nothing reacts to it.' },
    { ...finding, tool: 'guard', rule: 'CT.D.PR.4', detail: 'one', reason: 'Nothing reacts to it.' },
    { ...finding, tool: 'guard', rule: 'CT.D.PR.4', detail: 'two', reason: 'Nothing reacts to it.' },
  ],
};

/** A check that found nothing. */
export const cleanResult: CheckResult = { ...checkResult, findings: [], suppressed: [] };
