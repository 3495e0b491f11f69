import { type AuthorizedType, authorizationOf, families } from '../../../templates-src/access/authorization';
import { logGroupItself } from '../../../templates-src/access/needs';
import { parseSubstitution, substitute } from '../../../templates-src/dsl';
import { type Call, textsIn } from './call';

/**
 * For which resources AWS decides a call. The Service Authorization Reference has their ARNs with placeholders; what
 * fills them is found among the parameters: ARNs, ids of EC2, addresses of queues, and names that are called alike.
 */

/** Ids of EC2 begin with a word for their kind. */
const kindsOfEc2: Readonly<Record<string, string>> = {
  acl: 'network-acl',
  eipalloc: 'elastic-ip',
  fl: 'vpc-flow-log',
  igw: 'internet-gateway',
  nat: 'natgateway',
  pl: 'prefix-list',
  rtb: 'route-table',
  sg: 'security-group',
  sgr: 'security-group-rule',
  subnet: 'subnet',
  vpc: 'vpc',
  vpce: 'vpc-endpoint',
};

/** Placeholders and parameters that mean the same and are not called alike. */
const synonyms: Readonly<Record<string, string>> = {
  deploymentconfiguration: 'deploymentconfig',
  family: 'taskdefinition',
  object: 'key',
  targetkey: 'key',
  taskdefinitionfamily: 'taskdefinition',
};

/** What kinds of load balancers are called in ARNs; they are `application` unless a call says otherwise. */
const kindsOfLoadBalancers: Readonly<Record<string, string>> = {
  application: 'app',
  gateway: 'gwy',
  network: 'net',
  undefined: 'app',
};

/** Stands for what a call makes, and for anything that there may be. */
const NEW = 'AbCdEfGh12345678';

/** The account of the caller, or of the call, and its Region. */
interface Place {
  readonly account: string;
  readonly region: string;
}

/**
 * The ARNs of the resources that AWS decides an action of a call for.
 *
 * @returns undefined when the parameters don't tell
 */
export async function resourcesOf(action: string, call: Call, account: string): Promise<readonly string[] | undefined> {
  const { types } = await authorizationOf(action);
  if (types.length === 0) {
    return ['*'];
  }
  const place = { account, region: call.region };
  const arns = arnsIn(call, place);
  const named = namesIn(call);
  const found: string[] = [];
  for (const family of families(types.filter(({ required }) => required))) {
    const ofFamily = family.flatMap(({ matches }) => arns.filter(matches));
    const resources = ofFamily.length > 0 ? ofFamily : filled(family, named, call, place);
    if (resources === undefined) {
      return undefined;
    }
    found.push(...resources);
  }
  for (const type of types.filter(({ required }) => !required)) {
    found.push(...arns.filter(type.matches));
  }
  if (found.length === 0) {
    const resources = filled(types, named, call, place);
    return resources?.map((arn) => asDecided(action, arn));
  }
  return [...new Set(found)].map((arn) => asDecided(action, arn));
}

const asDecided = (action: string, arn: string) =>
  action.startsWith('logs:') && !/Tag/.test(action) && /:log-group:[^:]*$/.test(arn) ? logGroupItself(arn) : arn;

/** ARNs among the parameters, or for what names a resource as clearly. */
function arnsIn({ service, parameters }: Call, { account, region }: Place): readonly string[] {
  return textsIn(parameters).flatMap(([name, text]) => {
    if (text.startsWith('arn:')) {
      return [text.replace(/:\*$/, '')];
    }
    if (name === 'QueueUrl') {
      return [`arn:aws:sqs:${region}:${account}:${text.replace(/^.*\//, '')}`];
    }
    const kind = service === 'ec2' ? kindsOfEc2[/^([a-z]+)-[0-9a-f]{8,17}$/.exec(text)?.[1] ?? ''] : undefined;
    return kind === undefined ? [] : [`arn:aws:ec2:${region}:${account}:${kind}/${text}`];
  });
}

/** `ClusterName`, `cluster` and `clusterArn` name a cluster. */
function stem(name: string): string {
  const bare = name
    .toLowerCase()
    .replace(/(withpath|withoutleadingslash)$/, '')
    .replace(/(name|id|arn|url)s?$/, '')
    .replace(/s$/, '');
  return synonyms[bare] ?? bare;
}

/** Texts by what they name; those called just `name` name what the call is about. */
function namesIn({ parameters }: Call): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, string[]>();
  const entries = Object.entries(parameters).flatMap(([key, value]) =>
    // As CodePipeline has it: { pipeline: { name: ... } }
    typeof value === 'object' && value !== null && !Array.isArray(value) && 'name' in value
      ? [[key, value.name] as const]
      : [[key, value] as const],
  );
  for (const [key, value] of entries) {
    const texts = [value].flat().filter((text): text is string => typeof text === 'string');
    names.set(stem(key), [...(names.get(stem(key)) ?? []), ...texts.map(bare)]);
  }
  return names;
}

/** A name, without the ARN or the kind before it; the id of a build names its project. */
const bare = (text: string) =>
  text.startsWith('arn:')
    ? text.replace(/^.*[/]/, '').replace(/^arn:.*:/, '')
    : text.replace(/^alias\//, '').replace(/:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, '');

/** ARNs of the type whose placeholders are filled best. */
function filled(
  types: readonly AuthorizedType[],
  named: ReadonlyMap<string, readonly string[]>,
  { service, operation, parameters }: Call,
  { account, region }: Place,
): readonly string[] | undefined {
  // Nothing is named: a read asks for all, so that it takes a permission for all, and what is made has no name yet.
  const namesNothing = /^(Describe|Get|List|BatchGet|Search|Create|Register|Run|Allocate|Authorize|Start|Publish|Put)/;
  const candidates = types.map((type) => {
    // The reference has the ARN of the older API for it.
    const kind = service === 'elasticloadbalancing' ? kindsOfLoadBalancers[String(parameters.Type)] : undefined;
    const arn = type.arn.replace(
      /loadbalancer\/(\$\{LoadBalancerName\})$/,
      `loadbalancer/${kind}/$1/\${LoadBalancerId}`,
    );
    const placeholders = parseSubstitution(arn).flatMap((part) => (typeof part === 'string' ? [] : [part.reference]));
    const own = placeholders.filter((name) => !['Partition', 'Region', 'Account'].includes(name));
    const values = own.map((name, index) => textsFor(name, named, own, index));
    const gaps = values.filter((texts) => texts.length === 0).length;
    return { arn, own, values, gaps };
  });
  const [chosen] = candidates.sort((one, other) => one.gaps / one.own.length - other.gaps / other.own.length);
  if (chosen === undefined || (chosen.gaps === chosen.own.length && !namesNothing.test(operation))) {
    return undefined;
  }
  const count = Math.max(1, ...chosen.values.map((texts) => texts.length));
  return Array.from({ length: count }, (_, index) => {
    const fills = new Map(
      chosen.own.map((name, place) => {
        const texts = chosen.values[place] ?? [];
        return [name, texts[Math.min(index, texts.length - 1)] ?? NEW];
      }),
    );
    return substitute(
      chosen.arn,
      (name) => ({ Partition: 'aws', Region: region, Account: account })[name] ?? fills.get(name) ?? NEW,
    );
  });
}

/** What fills a placeholder. The first and the last of an ARN may be called just `name` among the parameters. */
function textsFor(
  placeholder: string,
  named: ReadonlyMap<string, readonly string[]>,
  all: readonly string[],
  index: number,
): readonly string[] {
  if (all.includes(placeholder.replace(/Id$/, 'Name')) && placeholder.endsWith('Id')) {
    // AWS makes it, beside the name.
    return [];
  }
  const isFirstOrLast = index === 0 || index === all.length - 1;
  const texts = named.get(stem(placeholder)) ?? (isFirstOrLast ? named.get('') : undefined) ?? [];
  return placeholder.endsWith('WithoutLeadingSlash') ? texts.map((text) => text.replace(/^\//, '')) : texts;
}
