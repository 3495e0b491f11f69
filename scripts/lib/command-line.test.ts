import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { configuredProfiles } from './command-line';

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
});
