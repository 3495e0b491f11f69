import { join, relative } from 'node:path';
import { command } from './lib/command';
import { writeFiles } from './lib/write-files';

const help = `Usage: npm run prove-access [-- OPTION...]

Proves who may do what in all accounts: evaluates the cases of templates-src/access against the policies of the
generated templates, with the values of the parameter files, by the rules of AWS. Fails when something that must be
allowed is denied, when something that must be denied is allowed, and when a statement or an action is needed by no case.

Then, for every environment behind an approval: takes whatever committed code can be before it, and asks whether that could
change anything that the environment runs, reads or is decided by. Fails with the way from the commit where it could.

  --explain CASE      say which statements decide a case; a part of its name lists the cases that have it. The name of an
                      environment says what committed code can be before its approval, and every way around it
  --mutate            also change every statement in every way, and fail when no case notices
  --markdown          also write docs/access.md and docs/approvals.md beside the templates, when everything holds
  --generated DIR     judge the templates in DIR instead of generated/
  --parameters DIR    judge the values in DIR instead of parameters/
  --update-handlers   only read anew what CloudFormation's handlers call, from the cfn-lint on the PATH of Python
  --help              print this text

Exit codes: 0 all holds, 1 something doesn't, or can't be resolved, 2 wrong usage
`;

const options = {
  explain: { type: 'string' },
  mutate: { type: 'boolean' },
  markdown: { type: 'boolean' },
  generated: { type: 'string' },
  parameters: { type: 'string' },
  'update-handlers': { type: 'boolean' },
} as const;

const root = join(__dirname, '..');

async function proveAccess({
  explain,
  mutate: mutates,
  markdown,
  generated = join(root, 'generated'),
  parameters = join(root, 'parameters'),
}: {
  readonly explain?: string | undefined;
  readonly mutate?: boolean | undefined;
  readonly markdown?: boolean | undefined;
  readonly generated?: string | undefined;
  readonly parameters?: string | undefined;
}): Promise<number> {
  // Loaded late: a mistake in topology.ts is reported like any other, and --help needs none of it.
  const { topology } = require('../templates-src/topology') as typeof import('../templates-src/topology');
  const { readFolders } = require('./lib/resolve/resolve-route') as typeof import('./lib/resolve/resolve-route');
  const { resolveForProof } = require('./build/made-up-functions') as typeof import('./build/made-up-functions');
  const { evaluateRoute, proveRoute } = require('./access/access') as typeof import('./access/access');
  const report = require('./access/report') as typeof import('./access/report');

  const route = resolveForProof(topology, readFolders(generated, parameters));
  const { proveApprovals } = require('./access/approvals/prove') as typeof import('./access/approvals/prove');
  const approvals = require('./access/approvals/report') as typeof import('./access/approvals/report');
  if (topology.environments.some(({ name }) => name === explain)) {
    const { policiesOf } = require('./lib/iam/policies') as typeof import('./lib/iam/policies');
    const verdicts = await proveApprovals(route, policiesOf(route));
    process.stdout.write(approvals.explainEnvironment(verdicts, String(explain)));
    return 0;
  }
  if (explain !== undefined) {
    process.stdout.write(report.explainCase(await evaluateRoute(route), explain));
    return 0;
  }
  const proof = await proveRoute(route);
  process.stdout.write(report.describeProof(proof));
  if (proof.failed.length > 0) {
    return 1;
  }
  const verdicts = await proveApprovals(route, proof.policies);
  process.stdout.write(`\n${approvals.describeVerdicts(verdicts)}`);
  let holds = proof.idle.length + proof.doubleGrants.length === 0 && approvals.allHold(verdicts);
  if (mutates) {
    const { mutate } = require('./access/mutants') as typeof import('./access/mutants');
    const { acceptedMutantsOf } =
      require('../templates-src/access/accepted-mutants') as typeof import('../templates-src/access/accepted-mutants');
    const score = await mutate(proof.policies, proof.cases, acceptedMutantsOf(topology));
    process.stdout.write(report.describeMutation(score));
    holds &&= score.stale.length === 0 && score.surviving.every(({ reason }) => reason !== undefined);
  }
  if (markdown && holds) {
    const { proofMarkdown } = require('./access/markdown') as typeof import('./access/markdown');
    const { approvalsMarkdown } =
      require('./access/approvals/markdown') as typeof import('./access/approvals/markdown');
    const pages = new Map([
      ['docs/access.md', proofMarkdown(proof, route)],
      ['docs/approvals.md', approvalsMarkdown(verdicts, route)],
    ]);
    writeFiles(generated, pages);
    for (const page of pages.keys()) {
      process.stdout.write(`${relative(process.cwd(), join(generated, page))} is written.\n`);
    }
  }
  return holds ? 0 : 1;
}

function updateHandlers(): number {
  const { readHandlers } = require('./access/handlers') as typeof import('./access/handlers');
  const { environmentResourceTypes } =
    require('../templates-src/patterns/environment/execution-permissions') as typeof import('../templates-src/patterns/environment/execution-permissions');
  const file = 'templates-src/access/resource-handlers.json';
  writeFiles(root, new Map([[file, readHandlers(environmentResourceTypes)]]));
  process.stdout.write(`${file} is written.\n`);
  return 0;
}

command({
  name: 'prove-access',
  help,
  options,
  afterError: 'nothing was proven.',
  run: (values) => (values['update-handlers'] ? updateHandlers() : proveAccess(values)),
});
