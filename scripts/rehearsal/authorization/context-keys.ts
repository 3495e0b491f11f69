import type { Context } from '../../../templates-src/access/case';
import { engine } from '../../lib/iam/engine';
import type { Call } from './call';
import type { Deployed, DeployedResource } from './deployed';

/** The parameter behind a condition key, where it is called otherwise: headers of S3, and others; keys in lower case. */
const parameterOf: Readonly<Record<string, string>> = {
  'ec2:vpceservicename': 'ServiceName',
  'ecs:auto-assign-public-ip': 'assignPublicIp',
  'lambda:functionurlauthtype': 'AuthType',
  's3:x-amz-server-side-encryption': 'ServerSideEncryption',
  's3:x-amz-server-side-encryption-aws-kms-key-id': 'SSEKMSKeyId',
};

/**
 * The condition keys that AWS sends with a request, as far as parameters and deployed resources tell: of those that the
 * Service Authorization Reference has for it.
 *
 * @param account of the caller
 * @param more keys that the kind of request brings
 */
export async function contextOf(
  action: string,
  resource: string,
  call: Call,
  account: string,
  deployed: Deployed,
  more: Context,
): Promise<Context> {
  const [service = '', name = ''] = action.split(':');
  const allowed = await engine()
    .allowedContextKeysForRequest(service, name, resource, false, undefined)
    .catch(() => []);
  const isSent = (key: string) =>
    allowed.some((pattern) =>
      new RegExp(`^${pattern.replace(/(\$\{[^}]*\}|tag-key|<key>)$/, '.+')}$`).test(key.toLowerCase()),
    );
  const known: Record<string, string | readonly string[]> = {
    ...ofRole(action, resource, deployed),
    // After the role's own: who gives a role another boundary is judged by the new one.
    ...ofParameters(service, call, allowed),
    ...ofTags('aws:ResourceTag', tagsOf(deployed.byArn(resource))),
    ...ofTags('aws:RequestTag', requestTags(call)),
    ...(name.endsWith('EventSourceMapping') ? { 'lambda:FunctionArn': functionArn(call, account) } : {}),
    ...more,
  };
  return Object.fromEntries(Object.entries(known).filter(([key]) => isSent(key)));
}

const plain = (name: string) => name.toLowerCase().replaceAll('-', '');

/** Keys that are called as a parameter is: `cloudformation:ChangeSetName`. */
function ofParameters(service: string, { parameters }: Call, allowed: readonly string[]): Record<string, string> {
  // Where tasks of ECS have their addresses is said two levels down.
  const { networkConfiguration } = parameters as { networkConfiguration?: { awsvpcConfiguration?: object } };
  const values = new Map(
    Object.entries({ ...parameters, ...networkConfiguration?.awsvpcConfiguration }).flatMap(([name, value]) =>
      ['string', 'number', 'boolean'].includes(typeof value) ? [[plain(name), String(value)]] : [],
    ),
  );
  return Object.fromEntries(
    allowed
      .filter((key) => key.startsWith(`${service}:`))
      .flatMap((key) => {
        const value = values.get(plain(parameterOf[key] ?? key.slice(service.length + 1)));
        return value === undefined ? [] : [[key, value]];
      }),
  );
}

const ofTags = (key: 'aws:ResourceTag' | 'aws:RequestTag', tags: ReadonlyMap<string, string>) => ({
  ...Object.fromEntries([...tags].map(([name, value]) => [`${key}/${name}`, value])),
  ...(key === 'aws:RequestTag' && tags.size > 0 ? { 'aws:TagKeys': [...tags.keys()] } : {}),
});

/** Tags of a resource; one that is being made has none yet that policies see. */
function tagsOf(resource: DeployedResource | undefined): ReadonlyMap<string, string> {
  return resource?.isComplete ? tagMap(resource.properties.Tags) : new Map();
}

/** Tags that a call gives. */
function requestTags({ parameters }: Call): ReadonlyMap<string, string> {
  const { Tags, tags, TagSpecifications } = parameters;
  const [first] = (TagSpecifications ?? []) as readonly { readonly Tags?: unknown }[];
  return tagMap(Tags ?? tags ?? first?.Tags);
}

/** Tags as the services write them: a list of keys and values under names of their own, or a map. */
function tagMap(tags: unknown): ReadonlyMap<string, string> {
  if (!Array.isArray(tags)) {
    return new Map(Object.entries((tags ?? {}) as Record<string, string>));
  }
  return new Map(
    (tags as readonly Record<string, string>[]).map((tag) => [
      tag.Key ?? tag.key ?? tag.TagKey ?? '',
      tag.Value ?? tag.value ?? tag.TagValue ?? '',
    ]),
  );
}

/** The boundary of the role that a call changes, unless the call itself brings one. */
function ofRole(action: string, resource: string, deployed: Deployed): Record<string, string> {
  const boundary = action.startsWith('iam:') ? deployed.byArn(resource)?.properties.PermissionsBoundary : undefined;
  return boundary === undefined ? {} : { 'iam:permissionsboundary': String(boundary) };
}

/** The function that a mapping is for, which the API takes by name or ARN. */
function functionArn({ parameters, region }: Call, account: string): string {
  const name = String(parameters.FunctionName ?? '');
  return name.startsWith('arn:') ? name : `arn:aws:lambda:${region}:${account}:function:${name}`;
}
