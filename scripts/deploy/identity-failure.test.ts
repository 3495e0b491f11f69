import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { awsCli } from './aws-cli';
import { identityFailure } from './identity-failure';

// Each starts the AWS CLI, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const operation = 'when calling the GetCallerIdentity operation';

/** What the AWS CLI of both versions says, and what of it tells the cause. */
test.each([
  ['The config profile (nobody) could not be found', 'nothing', true],
  ['aws: [ERROR]: The config profile (nobody) could not be found', 'nothing', true],
  ['Error loading SSO Token: Token for s does not exist', 'no session of IAM Identity Center', true],
  [
    'Error when retrieving token from sso: Token has expired and refresh failed',
    'no session of IAM Identity Center',
    true,
  ],
  [
    'The SSO session associated with this profile has expired or is otherwise invalid. To refresh this SSO session run ' +
      'aws sso login with the corresponding profile.',
    'no session of IAM Identity Center',
    true,
  ],
  [
    'An error occurred (ForbiddenException) when calling the GetRoleCredentials operation: No access',
    'a permission set',
    true,
  ],
  [
    `An error occurred (ExpiredToken) ${operation}: The security token included in the request is expired`,
    'a session that has expired',
    true,
  ],
  [
    `An error occurred (InvalidClientTokenId) ${operation}: The security token included in the request is invalid`,
    'an access key that AWS does not know',
    true,
  ],
  [
    `An error occurred (SignatureDoesNotMatch) ${operation}: Signature expired: 20260101T000000Z is now earlier than ` +
      '20260101T001500Z (20260101T003000Z - 15 min.)',
    'a clock',
    false,
  ],
  [
    `An error occurred (SignatureDoesNotMatch) ${operation}: The request signature we calculated does not match the ` +
      'signature you provided. Check your AWS Secret Access Key and signing method.',
    'a secret key',
    true,
  ],
  [
    'An error occurred (AccessDenied) when calling the AssumeRole operation: User: arn:aws:iam::111111111111:user/x is not ' +
      'authorized to perform: sts:AssumeRole on resource: arn:aws:iam::222222222222:role/x',
    'a role that must not be assumed',
    true,
  ],
  [
    'An error occurred (ExpiredToken) when calling the AssumeRole operation: The security token included in the request is expired',
    'a session that has expired',
    true,
  ],
  [
    `An error occurred (Throttling) ${operation} (reached max retries: 4): Rate exceeded`,
    'AWS asking for fewer calls',
    false,
  ],
  [`An error occurred (ServiceUnavailable) ${operation}: Service Unavailable`, 'AWS in trouble', false],
  [`An error occurred (502) ${operation}: Bad Gateway`, 'AWS in trouble', false],
  ['Unable to locate credentials. You can configure credentials by running "aws login".', 'no credentials', true],
  ['Could not connect to the endpoint URL: "https://portal.sso.eu-west-1.amazonaws.com/"', 'no connection', false],
  ['Connect timeout on endpoint URL: "https://sts.eu-west-1.amazonaws.com/"', 'no connection', false],
  [
    'SSL validation failed for https://sts.eu-west-1.amazonaws.com/ [SSL: CERTIFICATE_VERIFY_FAILED]',
    'a certificate',
    false,
  ],
  ['Failed to connect to proxy URL: "http://proxy.example.com:3128"', 'a proxy', false],
  ['env: python3: No such file or directory', 'no answer that tells the account', false],
  ['', 'no answer that tells the account', false],
] as const)('%s: found %s', (said, found, ofCredentials) => {
  const failure = identityFailure(said, 'dev', 'ours');

  expect(failure.found).toMatch(new RegExp(`^${found}`));
  expect(failure.ofCredentials).toBe(ofCredentials);
  // Who is told to choose other credentials where they may be right will take wrong ones.
  if (!ofCredentials) {
    expect(failure.whatToDo).not.toMatch(/--profile dev=|log in/i);
  }
});

test('whoever logs in is told the profile that it is for', () => {
  const said = 'Error loading SSO Token: Token for s does not exist';

  expect(identityFailure(said, 'dev', 'ours').whatToDo).toBe('Log in: aws sso login --profile ours');
  expect(identityFailure(said, 'dev', undefined).whatToDo).toBe('Log in: aws sso login');
});

describe('with the AWS CLI itself', () => {
  let folder: string;
  let endpoint: string;
  let answer = { status: 400, code: 'ExpiredToken', message: 'expired' };
  const server = createServer((_, response) => {
    const { status, code, message } = answer;
    response.writeHead(status, { 'Content-Type': 'text/xml' });
    response.end(
      `<ErrorResponse><Error><Code>${code}</Code><Message>${message}</Message></Error><RequestId>1</RequestId></ErrorResponse>`,
    );
  });
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'identity-'));
    const keys = 'aws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = x\n';
    writeFileSync(
      join(folder, 'config'),
      `[profile keys]\n${keys}[profile half]\naws_access_key_id = AKIAEXAMPLE\n` +
        '[profile process]\ncredential_process = false\n' +
        '[profile chain]\nrole_arn = arn:aws:iam::111111111111:role/x\nsource_profile = nobody\n' +
        '[profile sso]\nsso_session = s\nsso_account_id = 111111111111\nsso_role_name = r\n' +
        '[sso-session s]\nsso_start_url = https://example.com/start\nsso_region = eu-west-1\n',
    );
    writeFileSync(join(folder, 'broken'), '[profile keys\n');
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });

  /** What is found when the AWS CLI is asked with a profile and other settings. */
  async function found(profile: string, ...options: string[]): Promise<string> {
    const environment = {
      AWS_CONFIG_FILE: join(folder, 'config'),
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_MAX_ATTEMPTS: '1',
      AWS_ENDPOINT_URL: '',
    };
    const settings = options.filter((one) => /^[A-Z_]+=/.test(one)).map((one) => one.split('=') as [string, string]);
    for (const [name, value] of [...Object.entries(environment), ...settings]) {
      vi.stubEnv(name, value);
    }
    try {
      const words = options.filter((one) => !/^[A-Z_]+=/.test(one));
      const region = words.includes('--region') ? [] : ['--region', 'eu-west-1'];
      const { succeeded, stderr } = await awsCli([
        ['aws', 'sts', 'get-caller-identity', '--profile', profile, ...region, ...words],
      ]);
      expect(succeeded).toBe(false);
      return identityFailure(stderr, 'dev', profile).found;
    } finally {
      vi.unstubAllEnvs();
    }
  }

  test.each([
    ['nobody', [], /^nothing$/],
    ['half', [], /^half of the credentials/],
    ['process', [], /^a source of credentials that failed/],
    ['chain', [], /^a profile that builds on another one/],
    ['sso', [], /^no session of IAM Identity Center/],
    ['keys', ['--endpoint-url', 'http://127.0.0.1:1'], /^no connection to AWS/],
    ['keys', ['--endpoint-url', 'nowhere'], /^no Region or endpoint/],
    ['keys', ['--region', 'eu_west_1'], /^no Region or endpoint/],
    ['keys', ['HTTPS_PROXY=http://127.0.0.1:1'], /^a proxy/],
  ] as const)('the profile %s with %j', async (profile, options, wanted) => {
    expect(await found(profile, ...options)).toMatch(wanted);
  });

  test('a configuration that cannot be read', async () => {
    expect(await found('keys', `AWS_CONFIG_FILE=${join(folder, 'broken')}`)).toMatch(/^a configuration/);
  });

  test.each([
    [400, 'Throttling', 'Rate exceeded', /^AWS asking for fewer calls/],
    [403, 'ExpiredToken', 'The security token included in the request is expired', /^a session that has expired/],
    [403, 'InvalidClientTokenId', 'The security token included in the request is invalid.', /^an access key/],
    [403, 'SignatureDoesNotMatch', 'Signature not yet current: 20260101T000000Z is still later than', /^a clock/],
    [503, 'ServiceUnavailable', 'Service Unavailable', /^AWS in trouble/],
    [403, 'AccessDenied', 'User is not authorized to perform: sts:GetCallerIdentity', /^a refusal/],
  ])('AWS answers %i %s', async (status, code, message, wanted) => {
    answer = { status, code, message };
    expect(await found('keys', '--endpoint-url', endpoint)).toMatch(wanted);
  });

  test('the script tells bash, a line each', () => {
    const said = join(folder, 'said');
    writeFileSync(said, 'Unable to locate credentials\n');
    const { stdout } = spawnSync(
      process.execPath,
      ['-r', 'tsx/cjs', join(__dirname, 'identity-failure.ts'), said, 'dev', ''],
      { encoding: 'utf8', cwd: join(__dirname, '..', '..') },
    );

    expect(stdout).toBe('no credentials\nChoose a profile with --profile dev=NAME.\ncredentials\n');
  });
});
