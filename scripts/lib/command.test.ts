import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Command, exitCodeOf, UsageError } from './command';

let said = { stdout: '', stderr: '' };

beforeEach(() => {
  said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      said[name] += text;
      return true;
    });
  }
});
afterEach(() => vi.restoreAllMocks());

const options = { loud: { type: 'boolean' }, name: { type: 'string' } } as const;
const greet: Command<typeof options> = {
  name: 'greet',
  help: 'Usage: npm run greet\n',
  options,
  run: ({ loud = false, name = 'you' }) => {
    process.stdout.write(`hello ${loud ? name.toUpperCase() : name}\n`);
    return loud ? 3 : 0;
  },
};

test('a command gets its options, and its exit code is what it returns', async () => {
  expect(await exitCodeOf(greet, ['--loud', '--name', 'ann'])).toBe(3);
  expect(await exitCodeOf(greet, [])).toBe(0);
  expect(said).toEqual({ stdout: 'hello ANN\nhello you\n', stderr: '' });
});

test.each(['--help', '-h'])('%s prints the help, and does nothing', async (flag) => {
  expect(await exitCodeOf({ ...greet, help: () => 'Usage: late\n' }, ['--loud', flag])).toBe(0);
  expect(said).toEqual({ stdout: 'Usage: late\n', stderr: '' });
});

test.each([
  [['--laud'], "Unknown option '--laud'"],
  [['--name'], "Option '--name <value>' argument missing"],
  [['ann'], "Unexpected argument 'ann'"],
])('%j is wrong usage: what is wrong is said, and where the help is', async (argv, problem) => {
  expect(await exitCodeOf(greet, argv)).toBe(2);
  expect(said.stdout).toBe('');
  expect(said.stderr).toContain(`greet: ${problem}`);
  expect(said.stderr).toMatch(/\nSee: npm run greet -- --help\n$/);
});

test('words are for commands that take some', async () => {
  const run = vi.fn(() => 0);
  expect(await exitCodeOf({ ...greet, takesWords: true, run }, ['a', '--loud', 'b'])).toBe(0);
  expect(run).toHaveBeenCalledWith({ loud: true }, ['a', 'b']);
});

const failing = (error: Error, more: Partial<typeof greet> = {}) =>
  exitCodeOf({ ...greet, ...more, run: () => Promise.reject(error) }, []);

test('an error that is written to be read is a message, with what it left behind', async () => {
  expect(await failing(new Error('no bread'))).toBe(1);
  expect(await failing(new Error('line 1\nline 2'), { afterError: 'nothing was written.' })).toBe(1);
  expect(said.stderr).toBe('greet: no bread\nline 1\nline 2\ngreet: nothing was written.\n');
});

test('a command can find its usage wrong, and an error can have an exit code', async () => {
  expect(await failing(new UsageError('who?'), { name: 'deploy.sh' })).toBe(2);
  expect(await failing(Object.assign(new Error('later'), { exitCode: 75 }))).toBe(75);
  expect(said.stderr).toBe('deploy.sh: who?\nSee: scripts/deploy.sh --help\ngreet: later\n');
});

test('a mistake in the code shows its trace', async () => {
  expect(await failing(new TypeError('undefined is no function'))).toBe(1);
  expect(said.stderr).toMatch(/^greet: TypeError: undefined is no function\n +at /);
});
