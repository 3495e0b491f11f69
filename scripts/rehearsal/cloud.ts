import type { Credentials, Emulator } from '../emulator/client';
import type { Parameters, ServiceCaller } from './authorization/call';
import type { ArtifactLocation } from './pipeline';

/** The emulated AWS, as the services of AWS see it that the rehearsal plays. */
export interface Cloud {
  readonly emulator: Pick<Emulator, 'endpoint' | 'call' | 'authorize'>;
  /** Ids of the accounts by name: `tooling` and the environments. */
  readonly accounts: Readonly<Record<string, string>>;
  readonly region: string;
}

/** What a role does in its account. */
export interface Session {
  readonly roleArn: string;
  readonly account: { readonly name: string; readonly id: string };
  readonly credentials: Credentials;
  /**
   * Calls an API of AWS in the account of the role.
   *
   * @throws Error with AWS's code and message when the call fails, or AWS would not allow it
   */
  call<Result>(service: string, operation: string, parameters?: object): Promise<Result>;
  /**
   * Asks whether AWS would allow a call that the rehearsal does not make.
   *
   * @param service as policies name it
   * @throws Error with AWS's message when it would not
   */
  authorize(service: string, operation: string, parameters: Parameters): Promise<void>;
}

/**
 * Assumes a role, which has to exist and to trust the caller; AWS answers alike when it does not.
 *
 * @param caller who assumes it: a session, or a service for one of its resources
 * @param sessionName what the sessions of the role are told apart by
 * @throws Error when there is no such role, it must not be assumed, or its account is not one of the rehearsal
 */
export async function assumeRole(
  cloud: Cloud,
  caller: Session | ServiceCaller,
  roleArn: string,
  sessionName: string,
): Promise<Session> {
  const { emulator, accounts, region } = cloud;
  const [, id = '', role = ''] = /^arn:[a-z-]+:iam::(\d{12}):role\/(?:.*\/)?([^/]+)$/.exec(roleArn) ?? [];
  const name = Object.keys(accounts).find((account) => accounts[account] === id);
  const who = 'roleArn' in caller ? caller.roleArn : caller.service;
  const denied = `AccessDenied: ${who} is not authorized to perform sts:AssumeRole on ${roleArn}`;
  if (name === undefined) {
    throw new Error(`${denied}: it is in none of the accounts ${Object.values(accounts).join(', ')}.`);
  }
  try {
    await emulator.call(name, 'iam', 'GetRole', { RoleName: role });
  } catch (error) {
    throw new Error(`${denied}: there is no such role. ${(error as Error).message}`);
  }
  const parameters = {
    RoleArn: roleArn,
    RoleSessionName: sessionName.replaceAll(/[^\w+=,.@-]/g, '-').slice(0, 64),
  };
  if (!('roleArn' in caller)) {
    await emulator.authorize({ caller, service: 'sts', region, operation: 'AssumeRole', parameters });
  }
  const { Credentials } =
    'roleArn' in caller
      ? await caller.call<{ Credentials: Credentials }>('sts', 'AssumeRole', parameters)
      : await emulator.call<{ Credentials: Credentials }>(name, 'sts', 'AssumeRole', parameters);
  return {
    roleArn,
    account: { name, id },
    credentials: Credentials,
    call: (service, operation, input) => emulator.call(name, service, operation, input, Credentials),
    authorize: (service, operation, input) =>
      emulator.authorize({
        caller: { roleArn, sessionName: parameters.RoleSessionName },
        ...{ service, region, operation, parameters: input },
      }),
  };
}

/**
 * Puts an object into S3, encrypted with a key.
 *
 * @throws Error with what S3 answers when it refuses
 */
export async function putObject(
  cloud: Cloud,
  session: Session,
  { bucket, key }: ArtifactLocation,
  body: Uint8Array,
  kmsKeyId: string | undefined,
): Promise<void> {
  const encryption: Record<string, string> =
    kmsKeyId === undefined
      ? {}
      : { 'x-amz-server-side-encryption': 'aws:kms', 'x-amz-server-side-encryption-aws-kms-key-id': kmsKeyId };
  await s3(cloud, session, `${bucket}/${key}`, { method: 'PUT', body, headers: encryption });
}

/**
 * Reads an object of S3.
 *
 * @throws Error with what S3 answers when it refuses
 */
export async function getObject(cloud: Cloud, session: Session, { bucket, key }: ArtifactLocation): Promise<Buffer> {
  return Buffer.from(await (await s3(cloud, session, `${bucket}/${key}`, { method: 'GET' })).arrayBuffer());
}

async function s3(
  { emulator, region }: Cloud,
  { credentials }: Session,
  path: string,
  { headers, ...request }: { method: string; body?: Uint8Array; headers?: Record<string, string> },
): Promise<Response> {
  const response = await fetch(`${emulator.endpoint}/${path.split('/').map(encodeURIComponent).join('/')}`, {
    ...request,
    headers: {
      ...headers,
      // The emulator reads the key's id, which tells it the account, and checks no signature.
      authorization:
        `AWS4-HMAC-SHA256 Credential=${credentials.AccessKeyId}/20260101/${region}/s3/aws4_request, ` +
        'SignedHeaders=host, Signature=none',
      'x-amz-security-token': credentials.SessionToken,
    },
  });
  if (!response.ok) {
    const text = await response.text();
    const [code, message] = ['Code', 'Message'].map((tag) => new RegExp(`<${tag}>([^<]*)`).exec(text)?.[1]);
    throw new Error(`s3 ${request.method} s3://${path}: ${code ?? response.status}: ${message ?? text}`);
  }
  return response;
}
