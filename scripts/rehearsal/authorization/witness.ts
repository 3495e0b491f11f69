import { join } from 'node:path';
import { allCases } from '../../../templates-src/access';
import type { Case } from '../../../templates-src/access/case';
import { stacksOf } from '../../../templates-src/model/stacks';
import type { Topology } from '../../../templates-src/model/topology';
import { resolveForProof } from '../../build/made-up-functions';
import { declaredRouteOf } from '../../lib/iam/declared-route';
import { EngineMissingError, isEngineInstalled } from '../../lib/iam/engine';
import { readFolders } from '../../lib/resolve/resolve-route';
import { duration, type Report, table } from '../report';
import { Authorizer, type Denial } from './authorizer';
import type { Question } from './call';
import { Deployed } from './deployed';

/** What the rehearsal doesn't evaluate, and nobody should take for proven by it. */
const notEvaluated = [
  'IAM: calls of deploy.sh and of the rehearsal itself are those of an administrator, and not evaluated.',
  'IAM: what services do by themselves is not evaluated: ECS pulling images and writing logs, EventBridge publishing to ' +
    'topics, Lambda polling queues, CloudWatch telling topics; nor what tasks and functions do once they run.',
  'IAM: the emulated handlers of CloudFormation make fewer calls than those of AWS; what those need is proven by ' +
    'npm run prove-access.',
  'IAM: service control policies, session policies and policies of VPC endpoints are not evaluated, nor whether a caller ' +
    'may tag what it creates where AWS asks for that apart.',
];

/** Witnesses what the route really calls: evaluates it, and compares it with what the proof of access says. */
export class Witness {
  private readonly authorizer: Authorizer;
  private readonly evaluates = isEngineInstalled();
  /** The call from which on roles are those that the proof is about; undefined before there are any. */
  private provenFrom: number | undefined = 0;

  constructor(private readonly topology: Topology) {
    this.authorizer = new Authorizer(new Deployed(stacksOf(topology)));
  }

  /** Answers the emulator. Policies and proof are about the partition `aws`, whatever the Region's is. */
  readonly answer = async (question: string) =>
    !this.evaluates
      ? {}
      : this.authorizer.answer(JSON.parse(question.replaceAll(/\barn:aws-[a-z-]+:/g, 'arn:aws:')) as Question);

  /**
   * Says whether what is deployed is what the proof is about. With `--from` it is not, until the update.
   *
   * @param isProven from the next call on
   */
  compareFromNow(isProven: boolean): void {
    this.provenFrom = isProven ? this.authorizer.spent.calls : undefined;
  }

  /** What AWS would have denied. */
  get denials(): readonly Denial[] {
    return [...this.authorizer.denials.values()];
  }

  /** Takes back the denials of what was meant to be denied, and so is nothing that the route lacks. */
  async expectDenials<Result>(work: () => Promise<Result>): Promise<Result> {
    const before = new Set(this.authorizer.denials.keys());
    try {
      return await work();
    } finally {
      for (const key of this.authorizer.denials.keys()) {
        if (!before.has(key)) {
          this.authorizer.denials.delete(key);
        }
      }
    }
  }

  /**
   * Tells what was evaluated, what was denied, and what no case of the proof knows.
   *
   * @param checkout holds `generated` and `parameters`
   */
  async tell(report: Report, checkout: string): Promise<void> {
    const { asked, spent } = this.authorizer;
    const requests = [...asked.values()].reduce((sum, { size }) => sum + size, 0);
    report.heading('IAM');
    if (!this.evaluates) {
      report.line(`  No call was evaluated: ${new EngineMissingError().message}`, 'red');
      return;
    }
    report.line(
      `  ${spent.calls} calls of ${asked.size} roles, ${requests} different permissions, evaluated against the deployed ` +
        `policies in ${duration(spent.milliseconds)}`,
    );
    for (const { caller, action, resource, reasons } of this.denials) {
      report.line(`  Denied: ${caller} must not ${action} on ${resource}`, 'red');
      for (const reason of reasons) {
        report.line(`    ${reason}`);
      }
    }
    const from = this.provenFrom;
    // An older commit may not even have the templates that the cases are about.
    const unknown = from === undefined ? [] : this.unknownTo(await casesOf(this.topology, checkout), from);
    if (unknown.length > 0) {
      report.line('  Called and allowed, and in no case of the proof (templates-src/access):');
      for (const row of table(unknown)) {
        report.line(`    ${row}`);
      }
    }
  }

  /** What is not as in AWS. */
  get differences(): readonly string[] {
    if (!this.evaluates) {
      return [`IAM: ${new EngineMissingError().message}. So every call was allowed.`];
    }
    const gaps = [...this.authorizer.unevaluated].map(([what, why]) => `IAM: ${what} was not evaluated: ${why}.`);
    return [...notEvaluated, ...gaps];
  }

  /** Roles and actions that no case expects to be allowed, of calls from a number on. */
  private unknownTo(cases: readonly Case[], from: number): readonly (readonly [role: string, actions: string])[] {
    const known = new Set(
      cases.flatMap(({ actor, expect, requests }) =>
        actor.kind === 'role' && expect === 'allowed'
          ? requests.flatMap(({ actions }) => [actions].flat().map((action) => `${actor.arn} ${action}`))
          : [],
      ),
    );
    const denied = new Set(this.denials.map(({ caller, action }) => `${caller} ${action}`));
    return [...this.authorizer.asked].flatMap(([role, actions]) => {
      const unknown = [...actions]
        .filter(([, call]) => call >= from)
        .map(([action]) => action)
        .filter((it) => !known.has(`${role} ${it}`) && !denied.has(`${role} ${it}`))
        .sort();
      return unknown.length === 0 ? [] : [[role, unknown.join(', ')] as const];
    });
  }
}

const casesOf = (topology: Topology, checkout: string): Promise<readonly Case[]> =>
  allCases(
    declaredRouteOf(resolveForProof(topology, readFolders(join(checkout, 'generated'), join(checkout, 'parameters')))),
  );
