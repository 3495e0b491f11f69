import { topology } from '../templates-src/topology';
import { command } from './lib/command';
import { openTerminal } from './lib/terminal';
import { writeFiles } from './lib/write-files';
import { configure } from './parameters/configure';
import { configureOptions, type Flags, flagsFrom, settingsOf } from './parameters/configure-settings';
import { loadDeclarations, parametersFolder } from './parameters/parameter-files';
import { readFileTree } from './parameters/parameter-tree';

const help = `Usage: npm run configure [-- FLAGS]

Brings the parameter files to what templates-src/topology.ts says: makes those of a new environment out of those of the
one that it is most like, moves those of one that was renamed, and writes account ids, Region and the approvers' address
into every file, also inside ARNs, and availability zones of that Region where a file names none. Asks on a terminal
when no flag is given. Values in the files are the defaults, so one flag changes one thing.

${settingsOf(topology)
  .map(({ flag, question }) => `  --${`${flag} VALUE`.padEnd(30)} ${question}\n`)
  .join('')}
  --like [NEW=]NAME                make the files of NEW, or of all new environments, out of those of NAME; may be
                                   repeated. Default: the nearest, production to production
  --remove                         remove what no stack reads any more: files of environments and templates that are
                                   gone, parameters that no template has
  --parameters DIR                 folder of the files, instead of parameters/
  --help                           print this text

Exit codes: 0 the files are what topology.ts says, 1 something is left over or nothing was written, 2 wrong usage;
129, 130 and 143 ended by a signal (hang-up, Ctrl-C, TERM), also before anything was written
`;

async function run(flags: Flags): Promise<number> {
  const terminal = openTerminal();
  try {
    const folder = flags.folder ?? parametersFolder;
    const { changes, removals, report, leftOver, madeUpAccountIds } = await configure({
      topology,
      declarations: loadDeclarations(topology),
      tree: readFileTree(folder),
      folder,
      answers: flags.answers,
      like: flags.like,
      removes: flags.removes,
      ask: terminal?.ask,
      tell: (message) => process.stdout.write(`${message}\n`),
    });
    writeFiles(folder, changes, removals);
    if (report.length > 0) {
      process.stdout.write(`${report.join('\n')}\n`);
    } else if (leftOver.length === 0) {
      process.stdout.write(`${folder} has these values already.\n`);
    }
    if (madeUpAccountIds.length > 0) {
      process.stdout.write(
        `Note: ${madeUpAccountIds.join(', ')} look made up. Give your own before you deploy to AWS.\n`,
      );
    }
    if (leftOver.length > 0) {
      process.stderr.write(
        `No stack reads these any more:\n${leftOver.map((one) => `  ${one}\n`).join('')}` +
          'configure: all else is written. To remove them: npm run configure -- --remove\n',
      );
      return 1;
    }
    return 0;
  } catch (error) {
    // Somebody has left the terminal in the middle of a question, on a line of its own.
    throw (error as Error).name === 'AbortError' ? new Error('') : error;
  } finally {
    terminal?.close();
  }
}

command({
  name: 'configure',
  help,
  options: configureOptions(topology),
  afterError: 'nothing was written.',
  run: (values) => run(flagsFrom(topology, values)),
});
