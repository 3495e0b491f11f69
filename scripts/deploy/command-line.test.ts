import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { installedPython } from '../lib/python-tools';
import { configuredProfiles, expandedPath } from './command-line';

describe('configuredProfiles', () => {
  test('finds the profiles of both files, under whatever paths', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'profiles-'));
    try {
      const config = join(directory, 'config');
      const credentials = join(directory, 'credentials');
      await writeFile(config, '[default]\nregion = x\n\n[profile a-b]\n# [profile no]\n[ profile "with space" ]\n');
      await writeFile(credentials, '[secret]\naws_access_key_id = x\r\n[windows]\r\n');

      const found = configuredProfiles({ AWS_CONFIG_FILE: config, AWS_SHARED_CREDENTIALS_FILE: credentials });

      expect([...found]).toEqual(['default', 'a-b', 'with space', 'secret', 'windows']);
      expect(
        configuredProfiles({ AWS_CONFIG_FILE: join(directory, 'no'), AWS_SHARED_CREDENTIALS_FILE: directory + 1 }),
      ).toEqual(new Set());
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  test.each([
    ['AWS_CONFIG_FILE', '~/config'],
    ['AWS_CONFIG_FILE', '$HOME/config'],
    ['AWS_SHARED_CREDENTIALS_FILE', `\${WHERE}/config`],
    ['AWS_SHARED_CREDENTIALS_FILE', '~/$NAME'],
  ])('finds those of a file that %s calls %s', async (variable, path) => {
    const directory = await mkdtemp(join(tmpdir(), 'profiles-'));
    try {
      await writeFile(join(directory, 'config'), '[profile a]\n');
      const environment = { HOME: directory, WHERE: directory, NAME: 'config', [variable]: path };

      expect([...configuredProfiles(environment)]).toEqual(['a']);
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  test('finds none where a folder stands in the place of a file', () => {
    expect(configuredProfiles({ AWS_CONFIG_FILE: tmpdir(), AWS_SHARED_CREDENTIALS_FILE: '/dev/null' })).toEqual(
      new Set(),
    );
  });
});

describe("a path is expanded as botocore's Python does it", () => {
  const paths = [
    ...[
      '',
      '~',
      '~/',
      '~/.aws/config',
      'a/~/b',
      '/a/~',
      `~${userInfo().username}/x`,
      '~nobody-of-that-name/x',
      '~$NAME',
    ],
    ...[
      '$NAME',
      `\${NAME}`,
      '$NAME/x',
      `\${NAME}x`,
      '$NAMEx',
      '$UNSET/x',
      `\${UNSET}`,
      '$',
      `\${`,
      `\${}`,
      '$$NAME',
      '$1',
    ],
    ...['$TILDE/x', '$HOME/x', '$EMPTY/x', '%NAME%', 'a b/$NAME', `~/$NAME/\${NAME}`, '$DOLLAR'],
  ];
  const environment = {
    HOME: '/home/of-test',
    NAME: 'name',
    TILDE: '~',
    EMPTY: '',
    DOLLAR: '$NAME',
    PATH: process.env.PATH,
  };
  const program =
    'import json, os, sys; print(json.dumps([os.path.expanduser(os.path.expandvars(p)) for p in json.loads(sys.argv[1])]))';
  const python = installedPython(join(__dirname, '..', '..')) ?? 'python3';
  const { stdout } = spawnSync(python, ['-c', program, JSON.stringify(paths)], { env: environment, encoding: 'utf8' });
  const expected = JSON.parse(stdout) as string[];

  test.each(paths.map((path, index) => [path, expected[index]]))('%j: %j', (path, wanted) => {
    expect(expandedPath(path as string, environment)).toBe(wanted);
  });
});
