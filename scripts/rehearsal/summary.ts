import type { Cloud } from './cloud';
import { table } from './report';

/** What runs in an environment. */
export interface Versions {
  readonly stacks: ReadonlyMap<string, string>;
  /** CodeSha256 by function. */
  readonly functions: ReadonlyMap<string, string>;
  /** Images by service. */
  readonly images: ReadonlyMap<string, string>;
}

interface Services {
  readonly services: readonly { readonly serviceName: string; readonly taskDefinition: string }[];
}

/**
 * Reads what runs in an account.
 *
 * @param prefix what the names of the environment begin with; they are given back without it
 */
export async function readVersions({ emulator }: Cloud, account: string, prefix: string): Promise<Versions> {
  const call = <Result>(service: string, operation: string, parameters: object = {}) =>
    emulator.call<Result>(account, service, operation, parameters);
  const bare = (name: string) => (name.startsWith(prefix) ? name.slice(prefix.length) : name);
  const ours = (name: string) => name.startsWith(prefix);

  const { Stacks } = await call<{ Stacks: readonly { StackName: string; StackStatus: string }[] }>(
    'cloudformation',
    'DescribeStacks',
  );
  const { Functions } = await call<{ Functions: readonly { FunctionName: string; CodeSha256: string }[] }>(
    'lambda',
    'ListFunctions',
  );
  const images = new Map<string, string>();
  const { clusterArns } = await call<{ clusterArns: readonly string[] }>('ecs', 'ListClusters');
  for (const cluster of clusterArns.filter((arn) => ours(arn.split('/').at(-1) ?? ''))) {
    const { serviceArns } = await call<{ serviceArns: readonly string[] }>('ecs', 'ListServices', { cluster });
    if (serviceArns.length > 0) {
      const { services } = await call<Services>('ecs', 'DescribeServices', { cluster, services: serviceArns });
      for (const { serviceName, taskDefinition } of services) {
        const { taskDefinition: definition } = await call<{
          taskDefinition: { containerDefinitions: readonly { image: string }[] };
        }>('ecs', 'DescribeTaskDefinition', { taskDefinition });
        images.set(bare(serviceName), definition.containerDefinitions.map(({ image }) => image).join(' '));
      }
    }
  }
  return {
    stacks: new Map(
      Stacks.filter(({ StackName }) => ours(StackName)).map((it) => [bare(it.StackName), it.StackStatus]),
    ),
    functions: new Map(
      Functions.filter(({ FunctionName }) => ours(FunctionName)).map((it) => [bare(it.FunctionName), it.CodeSha256]),
    ),
    images,
  };
}

/**
 * What is where, as a table: a row for each stack, function and service, a column for each environment.
 *
 * @param environments in their order
 */
export function versionTable(environments: ReadonlyMap<string, Versions>): string[] {
  return environmentTable(environments, [
    ...rows(environments, 'stack', ({ stacks }) => stacks, String),
    ...functionRows(environments),
    ...rows(environments, 'image of', ({ images }) => images, shortImage),
  ]);
}

/** Which code the functions run, as a table like the one of all versions. */
export function functionTable(environments: ReadonlyMap<string, Versions>): string[] {
  return environmentTable(environments, functionRows(environments));
}

const environmentTable = (environments: ReadonlyMap<string, Versions>, body: string[][]) =>
  table([['', ...environments.keys()], ...body]);

const functionRows = (environments: ReadonlyMap<string, Versions>) =>
  rows(
    environments,
    'function',
    ({ functions }) => functions,
    (sha256) => sha256.slice(0, 12),
  );

function rows(
  environments: ReadonlyMap<string, Versions>,
  title: string,
  values: (versions: Versions) => ReadonlyMap<string, string>,
  show: (value: string) => string,
): string[][] {
  const names = [...new Set([...environments.values()].flatMap((versions) => [...values(versions).keys()]))];
  return names.map((name) => [
    `${title} ${name}`,
    ...[...environments.values()].map((versions) => {
      const value = values(versions).get(name);
      return value === undefined ? '-' : show(value);
    }),
  ]);
}

/** `sha256:` and 12 digits of an image by digest, else its tag. */
function shortImage(image: string): string {
  const [, digest] = /@(sha256:[0-9a-f]{12})/.exec(image) ?? [];
  return digest ?? image.split('/').at(-1) ?? image;
}
