import './lib/unread-output';
import { topology } from '../templates-src/topology';
import { requestFrom, runFor } from './deploy/command-line';
import { AwsApi } from './deploy/doctor/aws-api';
import { checks, credentials } from './deploy/doctor/checks';
import { examine } from './deploy/doctor/examine';
import { exitCodeOf, reportText, summaryOf } from './deploy/doctor/report';
import { requestedViews } from './deploy/doctor/route-views';

const help = `Usage: scripts/doctor.sh [OPTION...] [SELECTION...]

Says what is wrong with the accounts of the route to live, and what to do about it: before the first deployment, and
any day after. It only reads, with the AWS CLI; ReadOnlyAccess suffices. What it could not see, it says.

SELECTION  all                 every account (default)
           ACCOUNT             tooling, or an environment; what shares its account is looked at, too
           STACK               the account of a stack

OPTION     --json              print the findings as JSON
           --profile ACCOUNT=PROFILE
                               AWS CLI profile of an account; may be repeated. Default: the profile called
                               <project>-<account>, and without one the credentials of the environment
           --generated DIR     compare with the templates of this folder instead of generated/
           --parameters DIR    take the parameters from this folder instead of parameters/
           --help

Checks:
${[credentials, ...checks].map(({ name, asks }) => `  ${name.padEnd(21)}${asks}`).join('\n')}

Needs the AWS CLI, 2.17.34 or later, of version 1 1.34.2 or later.
AWS_ENDPOINT_URL and NO_COLOR are honoured. Exit code: 0 all is well, 1 there are problems, 2 wrong usage, 3 no problem
was found, but something could not be seen; 129, 130 and 143 ended by a signal (hang-up, Ctrl-C, TERM).
`;

async function main(argv: readonly string[]): Promise<void> {
  if (argv.includes('--help') || argv.includes('-h')) {
    process.stdout.write(help);
    return;
  }
  const request = requestFrom(argv, 'doctor');
  const views = requestedViews(new AwsApi(), topology, request);
  const results = await examine(views, checks, (line) => process.stderr.write(`doctor.sh: ${line}\n`));
  const coloured = process.stdout.isTTY && !process.env.NO_COLOR;
  process.stdout.write(
    request.flags.has('json')
      ? `${JSON.stringify({ findings: results }, null, 2)}\n`
      : `${reportText(results, coloured)}\n${summaryOf(results)}\n`,
  );
  process.exitCode = exitCodeOf(results);
}

void runFor('doctor', () => main(process.argv.slice(2)));
