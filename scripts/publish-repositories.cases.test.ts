import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { pipelineNames } from '../templates-src/model/names';

/** `publish-repositories.sh` against what people have: trees, clones and settings of git, and what ends it half-way. */

const script = join(__dirname, 'publish-repositories.sh');
const names = Object.values(pipelineNames);
const { containerBuild, infrastructureDeployment } = pipelineNames;

const root = mkdtempSync(join(tmpdir(), 'publish-cases-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Made once: a source with two commits, of which the remotes have the first. */
const prepared = join(root, 'prepared');
/** The copy of it that a test has. */
const work = join(root, 'work');
const home = join(work, 'home');
const source = join(work, 'source');
/** Names the process of the script that runs. */
const processId = join(root, 'process-id');
const bare = (name: string) => join(work, 'remotes', name);

const environment = (more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  ...process.env,
  HOME: home,
  XDG_CONFIG_HOME: undefined,
  GIT_CONFIG_NOSYSTEM: '1',
  // A script that is killed can't take its folder away.
  TMPDIR: root,
  GIT_AUTHOR_NAME: 'Somebody',
  GIT_AUTHOR_EMAIL: 'somebody@example.com',
  GIT_AUTHOR_DATE: '1700000000 +0100',
  GIT_COMMITTER_NAME: 'Somebody',
  GIT_COMMITTER_EMAIL: 'somebody@example.com',
  GIT_COMMITTER_DATE: '1700000000 +0100',
  ...more,
});

/** git as whoever set the repositories up, whose settings are none. */
function git(folder: string, ...words: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync('git', ['-C', folder, ...words], {
    env: environment({ GIT_CONFIG_GLOBAL: '/dev/null' }),
    encoding: 'utf8',
  });
  expect(status, `git ${words.join(' ')}\n${stderr}`).toBe(0);
  return stdout.trim();
}

function write(path: string, text: string): void {
  mkdirSync(dirname(join(source, path)), { recursive: true });
  writeFileSync(join(source, path), text);
}

function link(path: string, target: string): void {
  mkdirSync(dirname(join(source, path)), { recursive: true });
  symlinkSync(target, join(source, path));
}

function commit(message: string, ...options: readonly string[]): string {
  git(source, 'add', '--all', '--force');
  git(source, 'commit', '--quiet', '--message', message, ...options);
  return git(source, 'rev-parse', 'HEAD');
}

function publish(options: readonly string[] = [], more: NodeJS.ProcessEnv = {}, from = source) {
  const { status, stdout, stderr } = spawnSync(
    'bash',
    [
      ...['-c', `echo $$ >'${processId}'; exec "$0" "$@"`, join(from, 'scripts', 'publish-repositories.sh')],
      ...['--remote-base', join(work, 'remotes'), '--branch', 'main', '--without-deploying', ...options],
    ],
    { env: environment(more), encoding: 'utf8' },
  );
  return { status, stdout, stderr };
}

const heads = () => names.map((name) => git(bare(name), 'for-each-ref', '--format=%(refname) %(objectname)'));

beforeAll(() => {
  fill();
  cpSync(work, prepared, { recursive: true });
});

function fill(): void {
  mkdirSync(join(source, 'scripts'), { recursive: true });
  mkdirSync(home);
  cpSync(script, join(source, 'scripts', 'publish-repositories.sh'));
  for (const path of [
    'container/app/index.js',
    'ecs-deploy/appspec.yaml',
    'generated/environment/container-service.yaml',
    'lambda/orders/index.mjs',
    'parameters/dev/x.json',
  ]) {
    write(path, `${path}\n`);
  }
  git(work, 'init', '--quiet', '--initial-branch', 'trunk', source);
  commit('First');
  for (const name of names) {
    git(work, 'init', '--quiet', '--bare', bare(name));
    // Hooks of HOME are not for what stands for CodeCommit.
    git(bare(name), 'config', 'core.hooksPath', join(bare(name), 'hooks'));
  }
  expect(publish()).toMatchObject({ status: 0, stderr: '' });
  write('container/app/notes.txt', 'New');
  write('ecs-deploy/appspec.yaml', 'version: 0.0\n');
  write('lambda/orders/notes.txt', 'New');
  git(source, 'config', 'gpg.program', gpg);
  commit('Zweitens: größer', '--gpg-sign');
  git(source, 'config', '--unset', 'gpg.program');
}

/** Signs anything, and finds no signature good. */
const gpg = join(root, 'gpg');
writeFileSync(
  gpg,
  `#!/bin/sh
case "$*" in
  *--verify*) echo 'gpg: cannot check the signature' >&2; exit 2 ;;
esac
cat >/dev/null
printf '\\n[GNUPG:] SIG_CREATED \\n' >&2
printf -- '-----BEGIN PGP SIGNATURE-----\\n\\nx\\n-----END PGP SIGNATURE-----\\n'
`,
  { mode: 0o755 },
);

beforeEach(() => {
  rmSync(work, { recursive: true, force: true });
  cpSync(prepared, work, { recursive: true, verbatimSymlinks: true });
});

const pointer = (version: string) => `version https://${version}/spec/v1\noid sha256:${'ab'.repeat(32)}\nsize 18151\n`;

/** Puts a repository of its own into the source, as `git submodule add` does. */
function submodule(path: string): void {
  const folder = join(source, path);
  git(work, 'init', '--quiet', folder);
  writeFileSync(join(folder, 'index.js'), '');
  git(folder, 'add', '--all');
  git(folder, 'commit', '--quiet', '--message', 'Theirs');
}

describe('what would arrive without its contents', () => {
  test.each<[what: string, make: () => void, found: string]>([
    [
      'a git submodule',
      () => submodule('lambda/orders/vendor'),
      'lambda/orders/vendor: found a git submodule, expected its files',
    ],
    [
      'a published folder that is a submodule',
      () => {
        git(source, 'rm', '-r', '--quiet', 'container');
        submodule('container');
      },
      'container: found a git submodule, expected a folder',
    ],
    [
      'a published folder that is a link',
      () => {
        rmSync(join(source, 'lambda'), { recursive: true });
        link('lambda', 'container');
      },
      'lambda: found a link, expected a folder',
    ],
    [
      'a pointer of Git LFS',
      () => write('container/model.bin', pointer('git-lfs.github.com')),
      'container/model.bin: found a pointer of Git LFS, expected the file itself',
    ],
    [
      'a pointer of Git LFS from before its first release',
      () => write('lambda/orders/a b\tü.bin', pointer('hawser.github.com')),
      'lambda/orders/a b\tü.bin: found a pointer of Git LFS, expected the file itself',
    ],
    [
      'a link out of the repository',
      () => link('container/passwd', '/etc/passwd'),
      `container/passwd: found a link to /etc/passwd, expected one to what ${containerBuild} holds`,
    ],
    [
      'a link to a folder that another repository gets',
      () => link('container/shared', '../lambda'),
      `container/shared: found a link to ../lambda, expected one to what ${containerBuild} holds`,
    ],
    [
      'a link to a folder that no repository gets',
      () => {
        write('shared/x.mjs', '');
        link('lambda/orders/shared', '../../shared');
      },
      `lambda/orders/shared: found a link to ../../shared, expected one to what ${infrastructureDeployment} holds`,
    ],
    [
      'a link out and back in, which works here alone',
      () => link('container/again', '../container/app'),
      'container/again: found a link to ../container/app',
    ],
    ['a link to nothing', () => link('container/gone', 'nowhere'), 'container/gone: found a link to nowhere'],
    ['a link to itself', () => link('container/self', 'self'), 'container/self: found a link to self'],
    [
      'a link by way of a link that leads out',
      () => {
        link('container/out', '../lambda');
        link('container/through', 'out/orders');
      },
      'container/through: found a link to out/orders',
    ],
  ])('%s is refused by name before anything is pushed', (_, make, found) => {
    make();
    commit('Cut out');
    const before = heads();
    const { status, stdout, stderr } = publish();
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain(`\n  ${found}`);
    expect(heads()).toEqual(before);
  });

  test('is named all at once, for every repository, with what to do', () => {
    submodule('lambda/orders/vendor');
    link('container/passwd', '/etc/passwd');
    write('ecs-deploy/model.bin', pointer('git-lfs.github.com'));
    commit('Cut out');
    expect(publish().stderr).toMatchInlineSnapshot(`
      "publish-repositories.sh: found what would arrive in a pipeline without its contents, which are not in this commit. Nothing was pushed.
        container/passwd: found a link to /etc/passwd, expected one to what ECS-Container-Build holds
        lambda/orders/vendor: found a git submodule, expected its files
        ecs-deploy/model.bin: found a pointer of Git LFS, expected the file itself
      Commit the files themselves, then run this again:
        submodule, or a clone inside: git rm --cached PATH, move PATH/.git elsewhere, git add PATH
        Git LFS: git lfs pull, git lfs untrack PATH, git add --renormalize PATH
        link: a copy of what it leads to, or a link to something that the same repository holds
      "
    `);
  });

  test('is named up to a number, with how many more there are', () => {
    for (let number = 0; number < 23; number += 1) {
      link(`container/link-${number}`, '/nowhere');
    }
    commit('Cut out');
    const { stderr } = publish();
    expect(stderr.match(/found a link to/g)).toHaveLength(20);
    expect(stderr).toContain('\n  and 3 more\nCommit');
  });

  test('is no reason to refuse a repository that is not published', () => {
    link('container/passwd', '/etc/passwd');
    commit('Cut out');
    expect(publish([infrastructureDeployment])).toMatchObject({ status: 0, stderr: '' });
  });

  test.each<[what: string, make: () => void]>([
    ['a link to a file beside it', () => link('container/app/main.js', 'index.js')],
    ['a link to a folder that comes along', () => link('lambda/orders/values', '../../parameters/dev')],
    [
      'a link by way of a link',
      () => {
        link('container/current', 'app');
        link('container/main.js', 'current/index.js');
      },
    ],
    ['a text about pointers', () => write('container/README.md', `So it looks:\n${pointer('git-lfs.github.com')}`)],
    [
      'a large file that begins like a pointer',
      () => write('container/large.txt', pointer('git-lfs.github.com') + '.'.repeat(1024)),
    ],
    ['bytes that are no text', () => writeFileSync(join(source, 'container/zeros'), Buffer.alloc(4096))],
    ['a submodule elsewhere', () => submodule('docs/theme')],
    ['a link elsewhere', () => link('docs/passwd', '/etc/passwd')],
  ])('%s is none of it', (_, make) => {
    make();
    commit('Whole');
    expect(publish()).toMatchObject({ status: 0, stderr: '' });
  });
});

describe('a branch that holds what was published from a commit', () => {
  /** Publishes the second commit, and makes a third on top of it. */
  function publishSecond(): string {
    expect(publish()).toMatchObject({ status: 0 });
    const second = git(source, 'rev-parse', 'HEAD');
    write('container/third.txt', 'New');
    commit('Third');
    return second;
  }
  const clone = (...options: readonly string[]) => {
    git(work, 'clone', '--quiet', ...options, `file://${source}`, join(work, 'clone'));
    return join(work, 'clone');
  };

  test.each<[of: string, prepareIt: (second: string) => string, said: RegExp]>([
    [
      'before what a shallow clone reaches back to',
      () => clone('--depth', '1'),
      /Whether\n.* comes after it cannot be seen: this clone is\nshallow.*\n {2}git fetch --unshallow\n.*fetch-depth: 0/s,
    ],
    [
      'after that of a shallow clone',
      () => {
        const folder = clone('--depth', '1');
        git(folder, 'commit', '--quiet', '--allow-empty', '--message', 'Later');
        const later = git(folder, 'rev-parse', 'HEAD');
        writeFileSync(join(folder, 'container', 'later.txt'), '');
        git(folder, 'add', '--all');
        git(folder, 'commit', '--quiet', '--message', 'Latest');
        expect(publish(['--replace', git(bare(containerBuild), 'rev-parse', 'main')], {}, folder).status).toBe(0);
        git(folder, 'checkout', '--quiet', later);
        return folder;
      },
      /^It is newer than \w+, which is checked out here.* Pull, then run this again\.$/m,
    ],
    [
      'later than the one that is checked out',
      () => {
        git(source, 'checkout', '--quiet', 'trunk^^');
        return source;
      },
      /^It is newer than \w+, which is checked out here.* Pull, then run this again\.$/m,
    ],
    [
      'of another branch',
      (second) => {
        git(source, 'branch', 'other', second);
        git(source, 'checkout', '--quiet', '-b', 'mine', 'trunk^^');
        write('container/mine.txt', 'New');
        commit('Mine');
        return source;
      },
      /^It is no ancestor of \w+, which is checked out here.* Merge it, then run this again:\n {2}git merge \w+$/ms,
    ],
    [
      'that is not here',
      () => {
        const folder = clone();
        git(folder, 'checkout', '--quiet', '--orphan', 'rewritten');
        git(folder, 'commit', '--quiet', '--message', 'Rewritten');
        git(folder, 'remote', 'remove', 'origin');
        git(folder, 'branch', '--quiet', '-D', 'trunk');
        git(folder, 'reflog', 'expire', '--expire=now', '--all');
        git(folder, 'gc', '--quiet', '--prune=now');
        return folder;
      },
      /^That commit is not in this repository.* Fetch it from where you share .* For one that is gone for good see\n--help\.$/ms,
    ],
  ])('%s: is told so, and never how to overwrite it', (_, prepareIt, said) => {
    const from = prepareIt(publishSecond());
    const before = heads();
    const { status, stderr } = publish([], {}, from);
    expect(stderr).toMatch(/: found what was published from commit \w{40} on main of /);
    expect(stderr).toMatch(said);
    expect(stderr).not.toContain('--replace');
    expect(status).toBe(1);
    expect(heads()).toEqual(before);
  });

  test.each<[of: string, prepareIt: () => string]>([
    ['that a shallow clone still reaches back to', () => clone('--depth', '2')],
    ['that a clone without the contents of older commits knows', () => clone('--filter', 'blob:none')],
    [
      'that another work tree knows',
      () => {
        git(source, 'worktree', 'add', '--quiet', join(work, 'clone'));
        return join(work, 'clone');
      },
    ],
  ])('%s: gets the next one', (_, prepareIt) => {
    git(source, 'config', 'uploadpack.allowFilter', 'true');
    publishSecond();
    expect(publish([], {}, prepareIt())).toMatchObject({ status: 0, stderr: '' });
    expect(git(bare(containerBuild), 'show', 'main:third.txt')).toBe('New');
  });
});

describe('settings of git that somebody has', () => {
  const missing = join(work, 'missing');
  /** What publishing gives without any of them. */
  let expected: readonly string[] = [];
  beforeAll(() => {
    rmSync(work, { recursive: true, force: true });
    cpSync(prepared, work, { recursive: true });
    expect(publish()).toMatchObject({ status: 0, stderr: '' });
    expected = heads();
  });

  /** Those that changed something once, one by one; those that never did, all of an area at once. */
  const settings: readonly (readonly [what: string, settings: Readonly<Record<string, string>>])[] = [
    ['color.ui', { 'color.ui': 'always' }],
    ['core.commentChar', { 'core.commentChar': 'S' }],
    ['core.hooksPath', { 'core.hooksPath': join(home, 'hooks') }],
    ['i18n.commitEncoding', { 'i18n.commitEncoding': 'ISO-8859-1' }],
    ['i18n.logOutputEncoding', { 'i18n.logOutputEncoding': 'ISO-8859-1' }],
    ['init.templateDir', { 'init.templateDir': join(home, 'template') }],
    ['log.showSignature', { 'log.showSignature': 'true' }],
    ['push.followTags', { 'push.followTags': 'true' }],
    ['push.gpgSign', { 'push.gpgSign': 'true' }],
    ['push.pushOption', { 'push.pushOption': 'ci.skip' }],
    ['status.showUntrackedFiles', { 'status.showUntrackedFiles': 'no' }],
    ['trailer.separators', { 'trailer.separators': '=' }],
    [
      'further settings of core',
      {
        'core.abbrev': '4',
        'core.alternateRefsCommand': 'false',
        'core.attributesFile': missing,
        'core.autocrlf': 'true',
        'core.editor': 'false',
        'core.fsmonitor': 'false',
        'core.logAllRefUpdates': 'always',
        'core.pager': 'false',
        'core.quotePath': 'false',
        'core.sharedRepository': 'world',
        'core.untrackedCache': 'true',
      },
    ],
    [
      'further settings of diff, log and grep',
      {
        'diff.external': 'false',
        'diff.ignoreSubmodules': 'all',
        'diff.noprefix': 'true',
        'diff.orderFile': missing,
        'diff.renames': 'copies',
        'format.pretty': 'fuller',
        'grep.patternType': 'fixed',
        'grep.fullName': 'true',
        'grep.lineNumber': 'true',
        'log.abbrevCommit': 'true',
        'log.date': 'relative',
        'log.decorate': 'full',
        'log.diffMerges': 'on',
        'log.follow': 'true',
        'log.mailmap': 'true',
        'notes.displayRef': '*',
        'pager.log': 'false',
        'status.branch': 'true',
        'status.relativePaths': 'true',
        'status.short': 'true',
        'status.showStash': 'true',
      },
    ],
    [
      'further settings of fetch and push',
      {
        'fetch.fsckObjects': 'true',
        'fetch.prune': 'true',
        'fetch.pruneTags': 'true',
        'fetch.recurseSubmodules': 'true',
        'fetch.writeCommitGraph': 'true',
        'gc.auto': '1',
        'push.autoSetupRemote': 'true',
        'push.default': 'nothing',
        'push.negotiate': 'true',
        'push.recurseSubmodules': 'only',
        'push.useForceIfIncludes': 'true',
        'receive.denyDeletes': 'true',
        'remote.pushDefault': 'nowhere',
        'submodule.recurse': 'true',
        'transfer.fsckObjects': 'true',
      },
    ],
    [
      'further settings of all kinds',
      {
        'commit.gpgSign': 'true',
        'commit.template': missing,
        'gpg.program': 'false',
        'init.defaultBranch': 'main',
        'init.defaultObjectFormat': 'sha256',
        'merge.conflictStyle': 'diff3',
        'tag.gpgSign': 'true',
        'tar.umask': '0077',
        'trailer.Source-Commit.key': 'Origin',
        'user.useConfigOnly': 'true',
      },
    ],
  ];

  test.each(settings)('%s: nothing of what is pushed depends on it', (_, chosen) => {
    // Hooks and settings that break whatever reads them.
    for (const folder of ['hooks', 'template/hooks']) {
      mkdirSync(join(home, folder), { recursive: true });
      for (const hook of ['pre-push', 'reference-transaction', 'post-index-change']) {
        writeFileSync(join(home, folder, hook), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
      }
    }
    writeFileSync(join(home, 'template', 'config'), '[push]\n\tpushOption = ci.skip\n[trailer]\n\tseparators = "="\n');
    // In HOME, where the remotes see them as well, as CodeCommit does not; and in the source, of which that holds, too.
    for (const [name, value] of Object.entries(chosen)) {
      git(work, 'config', '--file', join(home, '.gitconfig'), name, value);
      git(source, 'config', name, value);
    }

    expect(publish()).toMatchObject({ status: 0, stderr: '' });
    expect(heads()).toEqual(expected);
    write('lambda/orders/größer.mjs', 'New');
    expect(publish()).toMatchObject({ status: 1, stderr: expect.stringContaining('?? lambda/orders/größer.mjs\n') });
  });
});

describe('what ends it half-way', () => {
  /**
   * The environment with a `git` in front of the real one that does something at one of its calls.
   *
   * @param at the number of the call, or the name of the command, such as `push`
   * @param action shell text
   */
  function standIn(at: number | string, action: string): NodeJS.ProcessEnv {
    const folder = join(work, 'bin');
    mkdirSync(folder, { recursive: true });
    const real = spawnSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).stdout.trim();
    writeFileSync(
      join(folder, 'git'),
      `#!/usr/bin/env bash
real='${real}' calls='${join(work, 'calls')}'
for word in "$@"; do
  case $word in
    init | status | rev-parse | ls-tree | read-tree | write-tree | cat-file | grep | ls-remote | fetch | log | merge-base | commit-tree | diff-tree | push) break ;;
  esac
done
echo "$word" >>"$calls"
call=$(wc -l <"$calls")
${typeof at === 'number' ? `if ((call == ${at}))` : `if [[ $word == ${at} ]]`}; then
  ${action}
fi
exec "$real" "$@"
`,
      { mode: 0o755 },
    );
    return { PATH: [folder, process.env.PATH].join(delimiter) };
  }

  const commands = () => readFileSync(join(work, 'calls'), 'utf8').trim().split('\n');
  let expected: readonly string[] = [];
  let calls: readonly string[] = [];
  beforeAll(() => {
    rmSync(work, { recursive: true, force: true });
    cpSync(prepared, work, { recursive: true });
    expect(publish([], standIn(0, ':'))).toMatchObject({ status: 0, stderr: '' });
    expected = heads();
    calls = commands();
  });

  test.each([
    'status',
    'init',
    'ls-tree',
    'read-tree',
    'write-tree',
    'grep',
    'ls-remote',
    'fetch',
    'log',
    'merge-base',
    'commit-tree',
    'diff-tree',
    'push',
  ])('a git %s that fails: the script fails with a documented code, and the next run does the rest', (command) => {
    expect(calls).toContain(command);
    const before = heads();
    const { status, stderr } = publish([], standIn(command, 'echo "fatal: broken" >&2; exit 128'));
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringMatching(/^publish-repositories\.sh: /m) });
    expect(heads()).toEqual(before);
    expect(publish()).toMatchObject({ status: 0, stderr: '' });
    expect(heads()).toEqual(expected);
  });

  /** The last call of each command that writes something, and every push; all calls have been tried once. */
  const chosen = () =>
    calls.flatMap((command, index) =>
      command === 'push' ||
      (['init', 'write-tree', 'fetch', 'commit-tree'].includes(command) && calls.lastIndexOf(command) === index)
        ? [index + 1]
        : [],
    );

  test.each<[how: string, signal: string, code: number | null, at: () => readonly (number | string)[], then: string]>([
    ['SIGKILL, with git', 'KILL', null, chosen, 'exit 137'],
    ['SIGKILL, while git goes on', 'KILL', null, () => ['push'], ''],
    ['SIGTERM', 'TERM', 143, () => ['status', 'fetch', 'push'], ''],
    ['SIGINT, with git', 'INT', 130, () => ['status', 'fetch', 'push'], 'exit 130'],
  ])(
    '%s: whatever call of git it comes at, the next run does the rest',
    (_, signal, code, at, then) => {
      const before = heads();
      for (const call of new Set(at())) {
        rmSync(work, { recursive: true, force: true });
        cpSync(prepared, work, { recursive: true, verbatimSymlinks: true });
        const killed = publish([], standIn(call, `kill -${signal} "$(cat '${processId}')"; ${then}`));
        expect([call, killed.status]).toEqual([call, code]);
        const between = heads().map((head, index) => head === before[index] || head === expected[index]);
        expect(between, `call ${call}: each branch is as before, or as it shall be`).toEqual(names.map(() => true));
        expect(git(source, 'status', '--porcelain')).toBe('');
        expect(publish(), `after call ${call}`).toMatchObject({ status: 0, stderr: '' });
        expect(heads()).toEqual(expected);
      }
    },
    600_000,
  );

  test.each<[what: string, options: string, pushed: boolean]>([
    ['a run', '', true],
    ['--help', '--help', false],
    ['wrong usage', '--nonsense', false],
  ])('%s, of which nobody reads the end: it ends as always', (_, options, pushed) => {
    const before = heads();
    const of = (reader: string) =>
      spawnSync(
        'bash',
        [
          ...['-c', `"$0" --remote-base "$1" --branch main ${options} 2>&1 | ${reader}; exit "\${PIPESTATUS[0]}"`],
          ...[join(source, 'scripts', 'publish-repositories.sh'), join(work, 'remotes')],
        ],
        { env: environment(), encoding: 'utf8' },
      );
    const { status, stdout, stderr } = of('true');
    expect({ stdout, stderr }).toEqual({ stdout: '', stderr: '' });
    expect(heads()).toEqual(pushed ? expected : before);
    expect(status).toBe(of('cat').status);
  });
});
