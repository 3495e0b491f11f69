import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What the Python side prints once it answers; see scripts/emulator/__main__.py. */
export interface Announcement {
  readonly port: number;
  /** Settings of the AWS configuration file, by account id. */
  readonly credentials: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/**
 * Writes the AWS configuration files: a profile per account.
 *
 * The profiles hold a session's credentials rather than `role_arn` and `source_profile`: the AWS CLI would keep the
 * sessions it assumes under ~/.aws/cli/cache, for the next emulator to trip over, and pay a call for each.
 */
export async function writeConfiguration(
  directory: string,
  accounts: Readonly<Record<string, string>>,
  region: string,
  announcement: Announcement,
): Promise<NodeJS.ProcessEnv> {
  const configFile = join(directory, 'config');
  const credentialsFile = join(directory, 'credentials');
  const profiles = Object.entries(accounts).map(([account, id]) => ({
    name: profile(account),
    credentials: announcement.credentials[id],
  }));
  await writeFile(configFile, profiles.map(({ name }) => `[profile ${name}]\nregion = ${region}\n`).join('\n'));
  await writeFile(
    credentialsFile,
    profiles
      .map(
        ({ name, credentials }) =>
          `[${name}]\n${Object.entries(credentials ?? {})
            .map(([setting, value]) => `${setting} = ${value}\n`)
            .join('')}`,
      )
      .join('\n'),
  );
  return {
    AWS_CONFIG_FILE: configFile,
    AWS_SHARED_CREDENTIALS_FILE: credentialsFile,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_PAGER: '',
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}

/** The profile of an account. */
export function profile(account: string): string {
  return `route-to-live-${account}`;
}
