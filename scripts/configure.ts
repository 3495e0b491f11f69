import { topology } from '../templates-src/topology';
import { configure, ParameterError, parseFlags, settingsOf, UsageError } from './lib/configure';
import { loadDeclarations, parametersFolder, readFileTree } from './lib/parameter-files';
import { openTerminal } from './lib/terminal';
import { writeFiles } from './lib/write-files';

const help = `Usage: npm run configure [-- FLAGS]

Writes account ids, Region and the approvers' address into every parameter file, and availability zones of that Region
where a file names none. Asks on a terminal when no flag is given. Values in the files are the defaults, so one flag
changes one thing.

${settingsOf(topology)
  .map(({ flag, question }) => `  --${`${flag} VALUE`.padEnd(30)} ${question}\n`)
  .join('')}
  --parameters DIR                 folder of the files, instead of parameters/
  --help                           print this text

Exit codes: 0 the files hold the values, 1 nothing was written, 2 wrong usage
`;

async function main(): Promise<number> {
  let terminal: ReturnType<typeof openTerminal>;
  try {
    const flags = parseFlags(topology, process.argv.slice(2));
    if (flags.help) {
      process.stdout.write(help);
      return 0;
    }
    terminal = openTerminal();
    const folder = flags.folder ?? parametersFolder;
    const { changes, report, madeUpAccountIds } = await configure({
      topology,
      declarations: loadDeclarations(topology),
      tree: readFileTree(folder),
      folder,
      answers: flags.answers,
      ask: terminal?.ask,
      tell: (message) => process.stdout.write(`${message}\n`),
    });
    writeFiles(folder, changes);
    process.stdout.write(report.length > 0 ? `${report.join('\n')}\n` : `${folder} has these values already.\n`);
    if (madeUpAccountIds.length > 0) {
      process.stdout.write(
        `Note: ${madeUpAccountIds.join(', ')} look made up. Give your own before you deploy to AWS.\n`,
      );
    }
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      process.stderr.write(
        `configure: ${error.message}\nconfigure: nothing was written; see \`npm run configure -- --help\`\n`,
      );
      return 2;
    }
    if (error instanceof ParameterError) {
      process.stderr.write(`${error.message}\nconfigure: nothing was written.\n`);
      return 1;
    }
    if ((error as Error).name === 'AbortError') {
      process.stderr.write('\nconfigure: nothing was written.\n');
      return 1;
    }
    throw error;
  } finally {
    terminal?.close();
  }
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: Error) => {
    process.stderr.write(`configure: ${error.message}\n`);
    process.exitCode = 1;
  },
);
