import { expect, test } from 'vitest';
import { outputOf, run } from './run';

const sh = (script: string, options?: Parameters<typeof run>[2]) => run('sh', ['-c', script], options);

test('a program gives its exit code and what it printed', async () => {
  expect(await sh('echo out; echo err >&2; exit 3')).toEqual({ code: 3, stdout: 'out\n', stderr: 'err\n' });
});

test('a program that a signal ended has no exit code', async () => {
  expect(await sh('kill -KILL $$')).toEqual({ code: null, stdout: '', stderr: '' });
});

test('there is no result of a program that does not exist', async () => {
  expect(await run('no-such-program', [])).toBeUndefined();
  await expect(outputOf('no-such-program', [])).rejects.toThrow("found no program 'no-such-program'");
  await expect(run('sh', [], { cwd: '/no/such/folder' })).rejects.toMatchObject({ code: 'ENOENT' });
});

test('a program gets the environment and the input that it is given, and no other', async () => {
  const ended = await sh('printf "%s|%s|" "$A" "$HOME"; cat', { env: { A: 'a', PATH: process.env.PATH }, input: 'in' });
  expect(ended).toMatchObject({ code: 0, stdout: 'a||in' });
});

test('a program that reads nothing is no trouble', async () => {
  expect(await sh('exit 0', { input: 'x'.repeat(1_000_000) })).toMatchObject({ code: 0 });
});

test('lines are given as they are printed', async () => {
  const lines: string[] = [];
  await sh('echo one; echo two >&2; printf three', { line: (text) => lines.push(text) });
  expect(lines.sort()).toEqual(['one', 'three', 'two']);
});

test('what is stopped goes with all that it has started', async () => {
  const stopping = new AbortController();
  let child = 0;
  const ending = sh('sleep 1000 & echo $!; wait', {
    signal: stopping.signal,
    line: (text) => {
      child = Number(text);
      stopping.abort();
    },
  });
  await expect(ending).rejects.toMatchObject({ name: 'AbortError' });
  await expect.poll(() => isAlive(child), { timeout: 20_000 }).toBe(false);
});

test('a program that takes too long is stopped', async () => {
  await expect(sh('sleep 1000', { timeout: 50 })).rejects.toMatchObject({ name: 'TimeoutError' });
});

test('nothing is started after the stop', async () => {
  await expect(sh('exit 0', { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
});

test('a failure says how the program ended, and the last that it printed', async () => {
  await expect(outputOf('sh', ['-c', 'seq 30; echo why >&2; exit 7'])).rejects.toThrow(
    /ended with 7:\n12\n.*30\nwhy$/s,
  );
  expect(await outputOf('echo', ['well'])).toBe('well\n');
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
