import './lib/unread-output';
import { resolve } from 'node:path';
import { topology } from '../templates-src/topology';
import { runCommand } from './rehearsal/command';

runCommand(process.argv.slice(2), resolve(__dirname, '..'), topology).then((code) => {
  process.exitCode = code;
});
