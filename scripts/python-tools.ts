import './lib/unread-output';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ensurePythonTools } from './lib/python-tools';

const help = `Usage: npm run python-tools

Makes .venv with the Python tools of requirements-dev.txt: the emulated AWS, the AWS CLI, cfn-lint, shellcheck,
Hypothesis and Principal Mapper.
Does nothing when .venv holds them already. Remove .venv to start over.

  --help    print this text

Exit codes: 0 the tools are there, 1 they could not be installed, 2 wrong usage
`;

async function main(): Promise<number> {
  let options: { help?: boolean };
  try {
    options = parseArgs({ options: { help: { type: 'boolean', short: 'h' } } }).values;
  } catch (error) {
    process.stderr.write(`python-tools: ${(error as Error).message}\n\n${help}`);
    return 2;
  }
  if (options.help) {
    process.stdout.write(help);
    return 0;
  }
  try {
    await ensurePythonTools({
      repository: resolve(__dirname, '..'),
      say: (line) => process.stdout.write(`${line}\n`),
    });
    return 0;
  } catch (error) {
    process.stderr.write(`python-tools: ${(error as Error).message}\n`);
    return 1;
  }
}

main().then((code) => {
  process.exitCode = code;
});
