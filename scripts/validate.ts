import { existsSync } from 'node:fs';
import { topology } from '../templates-src/topology';
import { command, UsageError } from './lib/command';
import { checkParameters, loadDeclarations, madeUpAccountIds, parametersFolder } from './parameters/parameter-files';
import { type FileTree, readFileTree, UnreadableParameters } from './parameters/parameter-tree';
import { describeProblems, valuesOf } from './parameters/parameters';

const help = `Usage: npm run validate [-- --parameters DIR]

Checks all parameter files against the templates and against each other.

  --parameters DIR   folder of the files, instead of parameters/
  --help             print this text

Exit codes: 0 all files are right, 1 some are not, 2 wrong usage; 129, 130 and 143 ended by a signal (hang-up, Ctrl-C,
TERM)
`;

function validate(folder: string): number {
  if (!existsSync(folder)) {
    throw new UsageError(`found no folder ${folder}, expected one with parameter files`);
  }

  let tree: FileTree;
  try {
    tree = readFileTree(folder);
  } catch (error) {
    if (!(error instanceof UnreadableParameters)) {
      throw error;
    }
    process.stderr.write(
      `${error.message}\nvalidate: nothing else was checked; run this again once they can be read\n`,
    );
    return 1;
  }
  const checked = checkParameters(topology, loadDeclarations(topology), tree, folder);
  const { length } = checked.problems;
  if (length > 0) {
    process.stderr.write(`${describeProblems(checked.problems)}\n`);
    process.stderr.write(`validate: ${length} ${length === 1 ? 'problem' : 'problems'} in the parameter files\n`);
    return 1;
  }
  const values = checked.files.flatMap(({ file }) => Object.keys(valuesOf(file) ?? {}));
  process.stdout.write(`ok: ${checked.files.length} parameter files with ${values.length} values\n`);
  const madeUp = madeUpAccountIds(checked);
  if (madeUp.length > 0) {
    process.stdout.write(
      `Note: ${madeUp.join(', ')} look made up. Run \`npm run configure\` before you deploy to AWS.\n`,
    );
  }
  return 0;
}

command({
  name: 'validate',
  help,
  options: { parameters: { type: 'string' } },
  run: ({ parameters = parametersFolder }) => validate(parameters),
});
