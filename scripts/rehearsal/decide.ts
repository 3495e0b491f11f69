import { openTerminal } from '../lib/terminal';
import type { Approval, Decision } from './action-context';
import type { Report } from './report';

/** Approves, or asks a person whether to, if the rehearsal is interactive. */
export async function decide(approval: Approval, isInteractive: boolean, report: Report): Promise<Decision> {
  if (!isInteractive) {
    return { approved: true, comment: 'by the rehearsal' };
  }
  const terminal = openTerminal();
  if (terminal === undefined) {
    return { approved: false, comment: 'nobody can be asked without a terminal' };
  }
  report.pause();
  try {
    report.line(`${approval.pipeline} #${approval.execution} · ${approval.stage}: ${approval.message}`, 'bold');
    const answer = await terminal.ask('Approve? [y/N] ');
    return /^y(es)?$/i.test(answer.trim())
      ? { approved: true, comment: 'by you' }
      : { approved: false, comment: 'by you' };
  } finally {
    terminal.close();
  }
}
