import { resolve } from 'node:path';
import { runCommand } from './lib/rehearsal/command';

runCommand(process.argv.slice(2), resolve(__dirname, '..')).then((code) => {
  process.exitCode = code;
});
