import type { Log, ReportingDescriptor, Result, Run } from 'sarif';
import type { CheckResult } from './check-templates';
import type { Finding, Scan, Severity, SuppressedFinding } from './finding';

const levels = {
  error: 'error',
  warning: 'warning',
  informational: 'note',
} as const satisfies Record<Severity, Result.level>;

/**
 * A check as SARIF 2.1.0, which code scanning of GitHub and others show at the lines of a pull request. Every tool is a
 * run of its own; suppressed findings are in it, with their reason.
 *
 * @param folder path of the templates from the root of the repository
 */
export function toSarif({ scans, findings, suppressed }: CheckResult, folder: string): Log {
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: scans
      .filter(({ skipped }) => skipped === undefined)
      .map((scan) => {
        const ofTool = <F extends Finding>(list: readonly F[]) => list.filter(({ tool }) => tool === scan.tool);
        return runOf(scan, ofTool(findings), ofTool(suppressed), folder);
      }),
  };
}

function runOf(
  { tool, scope }: Scan,
  findings: readonly Finding[],
  suppressed: readonly SuppressedFinding[],
  folder: string,
): Run {
  const byRule = new Map([...suppressed, ...findings].map((finding) => [finding.rule, finding]));
  return {
    tool: {
      driver: {
        name: tool,
        fullDescription: { text: scope },
        rules: [...byRule].map(
          ([id, { severity, why, fix, message }]): ReportingDescriptor => ({
            id,
            shortDescription: { text: message },
            fullDescription: { text: why || message },
            help: { text: fix || message },
            defaultConfiguration: { level: levels[severity] },
          }),
        ),
      },
    },
    results: [
      ...findings.map((finding) => resultOf(finding, folder)),
      ...suppressed.map((finding) => ({
        ...resultOf(finding, folder),
        suppressions: [{ kind: 'inSource' as const, justification: finding.reason }],
      })),
    ],
  };
}

function resultOf({ rule, severity, template, line, logicalId, message, fix }: Finding, folder: string): Result {
  return {
    ruleId: rule,
    level: levels[severity],
    message: { text: fix === '' ? message : `${message}\nFix: ${fix}` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: encodeURI(`${folder}/${template}`) },
          region: { startLine: line },
        },
        ...(logicalId === undefined ? {} : { logicalLocations: [{ name: logicalId, kind: 'resource' }] }),
      },
    ],
  };
}
