import { resolve } from 'node:path';
import { command } from './lib/command';
import { ensurePythonTools } from './lib/python-tools';

const help = `Usage: npm run python-tools

Makes .venv with the Python tools of requirements-dev.txt: the emulated AWS, the AWS CLI, cfn-lint, shellcheck,
Hypothesis and Principal Mapper.
Does nothing when .venv holds them already. Remove .venv to start over.

  --help    print this text

Exit codes: 0 the tools are there, 1 they could not be installed, 2 wrong usage
`;

command({
  name: 'python-tools',
  help,
  options: {},
  run: async () => {
    const say = (line: string) => process.stdout.write(`${line}\n`);
    await ensurePythonTools({ repository: resolve(__dirname, '..'), say });
    return 0;
  },
});
