import { resolve } from 'node:path';
import { ensurePythonTools } from './lib/python-tools';
import { runCommand } from './lib/rehearsal/command';

const repository = resolve(__dirname, '..');

runCommand(process.argv.slice(2), {
  checkout: repository,
  prepareTools: (say) => ensurePythonTools({ repository, say }),
}).then((code) => {
  process.exitCode = code;
});
