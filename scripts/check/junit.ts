import type { CheckResult } from './check-templates';
import type { Finding } from './finding';

/**
 * A check as JUnit XML, which the test views of CI systems show: a suite for each tool, a case for each template.
 */
export function toJunit({ templates, scans, findings }: CheckResult): string {
  const suites = scans.map(({ tool, skipped }) => {
    const cases = templates.map((template) => ({
      template,
      broken: findings.filter((finding) => finding.tool === tool && finding.template === template),
    }));
    const failures = cases.filter(({ broken }) => broken.length > 0).length;
    const skips = skipped === undefined ? 0 : cases.length;
    return element(
      'testsuite',
      { name: tool, tests: cases.length, failures, errors: 0, skipped: skips },
      cases
        .map(({ template, broken }) =>
          element('testcase', { classname: tool, name: template }, outcome(broken, skipped)),
        )
        .join(''),
    );
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element('testsuites', {}, suites.join(''))}\n`;
}

function outcome(broken: readonly Finding[], skipped: string | undefined): string {
  if (skipped !== undefined) {
    return element('skipped', { message: skipped }, '');
  }
  const [first] = broken;
  return first === undefined
    ? ''
    : element('failure', { message: `${first.rule}: ${first.message}` }, inXml(broken.map(describe).join('\n')));
}

const describe = ({ template, line, rule, logicalId = '', message, fix }: Finding) =>
  `${template}:${line} ${rule} ${logicalId}: ${message}\n  Fix: ${fix}`;

function element(name: string, attributes: Readonly<Record<string, string | number>>, content: string): string {
  const given = Object.entries(attributes).map(([key, value]) => ` ${key}="${inXml(String(value))}"`);
  return `<${name}${given.join('')}>${content}</${name}>`;
}

/** XML's special characters; what XML cannot hold at all becomes the replacement character. */
const inXml = (text: string) =>
  text
    .replaceAll(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd]/g, '\ufffd')
    .replaceAll(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
