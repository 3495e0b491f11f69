import { type Resource, resolveStack } from '../lib/resolve/resolve-stack';
import { parseTemplate, type ResourceNode } from '../lib/template/document';
import { type Aws, eightAtATime } from './aws-cli';
import type { DeployStep } from './deployment-plan';
import type { Command } from './shell-text';

/** A resource from an earlier life of a stack: retained when the stack was deleted, under the name that it gets again. */
export interface Survivor {
  readonly logicalId: string;
  readonly type: string;
  /** Its name or id, for the operator. */
  readonly name: string;
  /** What CloudFormation's import takes. */
  readonly identifier: Readonly<Record<string, string>>;
  /** What the import has to say of it besides its name: properties that could never be changed afterwards. */
  readonly properties: Readonly<Record<string, unknown>>;
}

/** Something that is in the way of a stack and cannot be adopted. */
export interface Blocker {
  readonly logicalId: string;
  readonly type: string;
  readonly name: string;
  readonly why: string;
  /** What to do, ready to be pasted. */
  readonly remedies: readonly Command[];
}

/** What an earlier life of a stack has left. */
export interface Remains {
  readonly survivors: readonly Survivor[];
  readonly blockers: readonly Blocker[];
}

/** What a search for one resource found. */
type Finding = (Survivor & { readonly keyArn?: string }) | Blocker | undefined;

/** A retained resource, and how to ask about it. */
interface Search {
  readonly resource: Resource;
  readonly name: string;
  readonly accountId: string;
  /** The answer as JSON, or undefined where the error is one that says there is none. */
  readonly ask: (command: Command, missing: RegExp) => Promise<unknown>;
  /** The command, with the options of the account. */
  readonly inAccount: (command: Command) => Command;
}

/** A type of resource that templates retain: the property that names it, and how to find it. */
interface Retained {
  readonly nameProperty: string;
  readonly find: (search: Search) => Promise<Finding>;
}

/**
 * CloudFormation can import all of these but CodeCommit's repositories. It does so on its own, too
 * (`--import-existing-resources`), but only names without a function in them, and neither keys nor queues, whose
 * identifiers are not in the template (CloudFormation User Guide, "Import AWS resources into a CloudFormation stack
 * automatically"; aws-cloudformation/cloudformation-coverage-roadmap #2376).
 */
const retainedTypes: Readonly<Record<string, Retained>> = {
  'AWS::CodeCommit::Repository': {
    nameProperty: 'RepositoryName',
    find: async ({ resource, name, ask, inAccount }) => {
      const found = await ask(
        [
          ['aws', 'codecommit', 'get-repository', '--repository-name', name],
          ['--query', 'repositoryMetadata.repositoryId'],
        ],
        /RepositoryDoesNotExist/,
      );
      return found === undefined
        ? undefined
        : {
            ...told(resource, name),
            why:
              'CloudFormation cannot import repositories of CodeCommit. Give it another name: its commits stay, and ' +
              'scripts/publish-repositories.sh fills the new one',
            remedies: [
              inAccount([
                ['aws', 'codecommit', 'update-repository-name'],
                ['--old-name', name, '--new-name', `${name}-before`],
              ]),
            ],
          };
    },
  },
  'AWS::ECR::Repository': {
    nameProperty: 'RepositoryName',
    find: async ({ resource, name, ask }) => {
      const found = (await ask(
        [
          ['aws', 'ecr', 'describe-repositories', '--repository-names', name],
          ['--query', 'repositories[0].encryptionConfiguration'],
        ],
        /RepositoryNotFound/,
      )) as { encryptionType: string; kmsKey?: string } | undefined;
      return found === undefined
        ? undefined
        : {
            ...survivor(resource, name, { RepositoryName: name }),
            // Decided once, when the repository is created: another value would replace it.
            properties: {
              RepositoryName: name,
              EncryptionConfiguration: {
                EncryptionType: found.encryptionType,
                ...(found.kmsKey === undefined ? {} : { KmsKey: found.kmsKey }),
              },
            },
            ...(found.kmsKey === undefined ? {} : { keyArn: found.kmsKey }),
          };
    },
  },
  'AWS::Logs::LogGroup': {
    nameProperty: 'LogGroupName',
    find: async ({ resource, name, ask }) => {
      const groups = (await ask(
        [
          ['aws', 'logs', 'describe-log-groups', '--log-group-name-prefix', name],
          ['--query', 'logGroups[].[logGroupName, kmsKeyId]'],
        ],
        /ResourceNotFound/,
      )) as readonly (readonly [string, string | null])[] | undefined;
      const [, keyArn] = groups?.find(([group]) => group === name) ?? [];
      return keyArn === undefined
        ? undefined
        : { ...survivor(resource, name, { LogGroupName: name }), ...(keyArn === null ? {} : { keyArn }) };
    },
  },
  'AWS::S3::Bucket': {
    nameProperty: 'BucketName',
    find: async ({ resource, name, accountId, ask }) => {
      const found = await ask(
        [['aws', 's3api', 'get-bucket-location', '--bucket', name, '--expected-bucket-owner', accountId]],
        /NoSuchBucket/,
      );
      return found === undefined ? undefined : survivor(resource, name, { BucketName: name });
    },
  },
  'AWS::SQS::Queue': {
    nameProperty: 'QueueName',
    find: async ({ resource, name, ask }) => {
      const url = await ask(
        [
          ['aws', 'sqs', 'get-queue-url', '--queue-name', name],
          ['--query', 'QueueUrl'],
        ],
        /NonExistentQueue|QueueDoesNotExist/,
      );
      return url === undefined
        ? undefined
        : { ...survivor(resource, name, { QueueUrl: String(url) }), properties: { QueueName: name } };
    },
  },
};

/** Has no name of its own: it is found through what it encrypts. */
const keyType = 'AWS::KMS::Key';

/** The types of resources that are looked for; a test sees to it that templates retain no others. */
export const searchedTypes: readonly string[] = [...Object.keys(retainedTypes), keyType];

const told = ({ logicalId, type }: Resource, name: string) => ({ logicalId, type, name });

const survivor = (resource: Resource, name: string, identifier: Readonly<Record<string, string>>): Survivor => ({
  ...told(resource, name),
  identifier,
  properties: identifier,
});

/** Stands for what other stacks export, which no name of a retained resource is made of. */
class AnyExport extends Map<string, string> {
  override get(name: string): string {
    return name;
  }
}

/**
 * Looks for what an earlier life of a stack has left under the names that the stack is going to use.
 *
 * @param template its text
 * @throws Error when something cannot be looked for
 */
export async function remainsOf(
  { stack, target, parameters }: DeployStep,
  template: string,
  aws: Aws,
): Promise<Remains> {
  const document = parseTemplate(template, stack.name);
  const words = target.options.flat();
  const { resources } = resolveStack({
    stack,
    template: document,
    accountId: target.accountId,
    region: String(words[words.indexOf('--region') + 1]),
    // What is fed or passed by a pipeline names nothing either.
    parameters: { ...Object.fromEntries(Object.keys(document.Parameters).map((name) => [name, name])), ...parameters },
    imports: new AnyExport(),
  });
  const retained = [...resources.values()].filter(({ logicalId }) =>
    policyOf(document.Resources[logicalId]).startsWith('Retain'),
  );
  const inAccount = (command: Command): Command => [...command, ...target.options];
  const ask: Search['ask'] = async (command, missing) => {
    const { succeeded, stdout, stderr } = await aws([...inAccount(command), ['--output', 'json']]);
    if (!succeeded && !missing.test(stderr)) {
      throw new Error(`cannot see what is left of ${stack.name}: ${stderr}`);
    }
    return succeeded ? (JSON.parse(stdout) as unknown) : undefined;
  };
  const findings = await eightAtATime(retained, async (resource) => {
    const { nameProperty, find } = retainedTypes[resource.type] ?? {};
    const name = nameProperty === undefined ? undefined : resource.properties[nameProperty];
    return typeof name === 'string'
      ? find?.({ resource, name, accountId: target.accountId, ask, inAccount })
      : undefined;
  });
  const found = findings.filter((finding) => finding !== undefined);
  const keys = await keysOf(retained, found, ask, inAccount);
  return {
    survivors: [...found, ...keys].filter((finding) => 'identifier' in finding),
    blockers: [...found, ...keys].filter((finding) => 'remedies' in finding),
  };
}

const policyOf = (node: ResourceNode | undefined) =>
  (node as { readonly DeletionPolicy?: string } | undefined)?.DeletionPolicy ?? '';

/** The keys that survivors are encrypted with. With another key a repository would have to be replaced. */
async function keysOf(
  retained: readonly Resource[],
  found: readonly NonNullable<Finding>[],
  ask: Search['ask'],
  inAccount: Search['inAccount'],
): Promise<NonNullable<Finding>[]> {
  const keys = retained.filter(({ type }) => type === keyType);
  const looked = await eightAtATime(keys, async (key): Promise<Finding> => {
    // In the resolved template whatever is encrypted with the key has the key's made-up ARN.
    const encrypted = found.find(
      (finding) =>
        'keyArn' in finding &&
        finding.keyArn !== undefined &&
        JSON.stringify(retained.find(({ logicalId }) => logicalId === finding.logicalId)?.properties).includes(
          `"${key.ids.arn}"`,
        ),
    );
    if (encrypted === undefined || !('keyArn' in encrypted) || encrypted.keyArn === undefined) {
      return undefined;
    }
    const id = encrypted.keyArn.replace(/^.*:key\//, '');
    const state = await ask(
      [
        ['aws', 'kms', 'describe-key', '--key-id', id],
        ['--query', 'KeyMetadata.KeyState'],
      ],
      /NotFoundException/,
    );
    if (state === undefined) {
      return undefined;
    }
    return state === 'Enabled'
      ? { ...survivor(key, id, { KeyId: id }), properties: {} }
      : { ...told(key, id), ...unusable(String(state), id, encrypted.logicalId, inAccount) };
  });
  return looked.filter((finding) => finding !== undefined);
}

/**
 * Why a key in this state can't be adopted. With it in any state but Enabled, whatever it encrypts cannot be used, nor
 * can its rotation be switched on (AWS KMS Developer Guide, "Key states of AWS KMS keys").
 */
function unusable(
  state: string,
  id: string,
  encrypted: string,
  inAccount: Search['inAccount'],
): Pick<Blocker, 'why' | 'remedies'> {
  const onKey = (operation: string, ...options: string[]) =>
    inAccount([['aws', 'kms', operation, '--key-id', id, ...options]]);
  const why = `it is in the state ${state}, and ${encrypted} is encrypted with it`;
  switch (state) {
    // A key whose deletion was cancelled is disabled.
    case 'PendingDeletion':
      return {
        why: `${why}. Cancel its deletion, and enable it`,
        remedies: [onKey('cancel-key-deletion'), onKey('enable-key')],
      };
    case 'Disabled':
      return { why: `${why}. Enable it`, remedies: [onKey('enable-key')] };
    default:
      return {
        why: `${why}. Go on once it is Enabled`,
        remedies: [onKey('describe-key', '--query', 'KeyMetadata.KeyState')],
      };
  }
}

/** The commands that make a stack of what has survived; the deployment that follows gives it all its other properties. */
export function adoptionCommands(
  { stack, target }: Pick<DeployStep, 'stack' | 'target'>,
  survivors: readonly Survivor[],
  changeSet: string,
): Command[] {
  const template = {
    Resources: Object.fromEntries(
      survivors.map(({ logicalId, type, properties }) => [
        logicalId,
        { Type: type, DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain', Properties: properties },
      ]),
    ),
  };
  const resources = survivors.map(({ logicalId, type, identifier }) => ({
    ResourceType: type,
    LogicalResourceId: logicalId,
    ResourceIdentifier: identifier,
  }));
  const onChangeSet = (...words: string[]): Command => [
    ['aws', 'cloudformation', ...words],
    ['--stack-name', stack.name, '--change-set-name', changeSet],
    ...target.options,
  ];
  return [
    [
      ...onChangeSet('create-change-set', '--change-set-type', 'IMPORT'),
      ['--resources-to-import', JSON.stringify(resources)],
      ['--template-body', JSON.stringify(template)],
    ],
    onChangeSet('wait', 'change-set-create-complete'),
    onChangeSet('execute-change-set'),
    [['aws', 'cloudformation', 'wait', 'stack-import-complete'], ['--stack-name', stack.name], ...target.options],
  ];
}
