import { basename, dirname } from 'node:path/posix';
import type { ParameterDeclaration } from '../../templates-src/dsl';
import { accountsOf } from '../../templates-src/model/accounts';
import { type PipelineKey, pipelineNamesOf } from '../../templates-src/model/names';
import type { Stack } from '../../templates-src/model/stacks';
import type { Topology } from '../../templates-src/model/topology';
import { accountId, region } from '../../templates-src/patterns/shared/parameters';
import { UsageError } from '../lib/command';

/** A value that the first day asks for. */
export interface Setting {
  /** Its flag, without `--`. */
  readonly flag: string;
  readonly question: string;
  /** The parameters that get the value, in every file whose template declares them. */
  readonly parameters: readonly string[];
  /** What holds for it whatever the templates say. */
  readonly declaration: ParameterDeclaration;
  /** What a file gets of it, where that is more than the value itself. */
  readonly inFile?: {
    /** @param present what the file has */
    readonly valueFor: (value: string, stack: Stack, present: string | undefined) => string;
    /** The value that a file was made with. */
    readonly valueOf: (present: string) => string;
  };
}

/**
 * What `npm run configure` asks for: the tooling account, each environment with an account of its own (one that shares
 * an account follows the other), the region, and who approves.
 */
export function settingsOf(topology: Topology): readonly Setting[] {
  const accounts = accountsOf(topology);
  return [
    ...accounts
      .filter(({ name, owner }) => name === owner)
      .map(({ name }): Setting => {
        const sharing = accounts.filter(({ owner }) => owner === name);
        return {
          flag: `${name}-account-id`,
          question: `Account id of ${sharing.map((account) => account.name).join(' and ')}`,
          parameters: sharing.map(({ parameter }) => parameter),
          declaration: accountId(name),
        };
      }),
    {
      flag: 'region',
      question: 'Region',
      parameters: ['Region'],
      declaration: region,
    },
    {
      flag: 'approvers-email',
      question: 'E-mail address that is asked for approvals and told of failures',
      parameters: ['ApproversEmail'],
      declaration: {
        Type: 'String',
        Description: 'E-mail address of the approvers',
        AllowedPattern: "[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\\.)+[A-Za-z]{2,}",
        ConstraintDescription: 'an e-mail address is written like approvers@example.com',
      },
    },
    ...(topology.pipelines.source === 'connection' ? connectionSettings(topology) : []),
  ];
}

/** Owner and name of a repository: `shop/ECS-Container-Build`, in GitLab with all groups of the owner. */
const connectionSettings = (topology: Topology): readonly Setting[] => [
  {
    flag: 'connection-arn',
    question: 'ARN of the connection to GitHub, GitLab or Bitbucket',
    parameters: ['ConnectionArn'],
    declaration: { Type: 'String', Description: 'ARN of the connection' },
  },
  {
    flag: 'repository-owner',
    question: 'Owner of the repositories: GitHub organization, GitLab group, Bitbucket workspace',
    parameters: ['RepositoryId'],
    declaration: {
      Type: 'String',
      Description: 'Owner of the repositories',
      AllowedPattern: '[^/\\s]+(/[^/\\s]+)*',
      ConstraintDescription: 'a name without spaces; in GitLab groups are separated by /',
    },
    inFile: {
      valueFor: (owner, { template }, present) =>
        `${owner}/${present === undefined ? repositoryOf(topology, template) : basename(present)}`,
      valueOf: dirname,
    },
  },
];

/** `tooling/container-build-pipeline` -> `ECS-Container-Build` */
function repositoryOf(topology: Topology, template: string): string {
  const pipeline = basename(template)
    .replace(/-pipeline$/, '')
    .replace(/-./g, ([, letter = '']) => letter.toUpperCase());
  return pipelineNamesOf(topology)[pipeline as PipelineKey];
}

/** Values by flag. */
export type Answers = Readonly<Record<string, string>>;

/** What the flags say. */
export interface Flags {
  readonly folder: string | undefined;
  readonly answers: Answers;
  /** The environment that a new one is to be like; under '' for all that are not named. */
  readonly like: ReadonlyMap<string, string>;
  /** Whether what is left over is to go. */
  readonly removes: boolean;
}

/** The options of `npm run configure`: one for each setting, and for accounts that are shared, to say so. */
export const configureOptions = (topology: Topology) => ({
  ...Object.fromEntries(
    [...settingsOf(topology).map(({ flag }) => flag), ...sharedFlags(topology).keys()].map(
      (flag) => [flag, { type: 'string' as const }] as const,
    ),
  ),
  parameters: { type: 'string' as const },
  like: { type: 'string' as const, multiple: true },
  remove: { type: 'boolean' as const },
});

/** The flags that an account would have if it did not share that of another, with what to know. */
const sharedFlags = (topology: Topology) =>
  new Map(
    accountsOf(topology)
      .filter(({ name, owner }) => name !== owner)
      .map(({ name, owner }) => [
        `${name}-account-id`,
        `topology.ts lets ${name} share the account of ${owner}; use --${owner}-account-id`,
      ]),
  );

/**
 * Reads the values of the options.
 *
 * @throws UsageError for an account that has no id of its own, and for an environment that doesn't exist
 */
export function flagsFrom(topology: Topology, values: Readonly<Record<string, unknown>>): Flags {
  const { parameters, like = [], remove, ...answers } = values;
  for (const [flag, why] of sharedFlags(topology)) {
    if (flag in answers) {
      throw new UsageError(`--${flag}: ${why}`);
    }
  }
  return {
    folder: parameters as string | undefined,
    answers: answers as Answers,
    like: new Map((like as string[]).map((choice) => likeness(topology, choice))),
    removes: remove === true,
  };
}

/** `dr=live` -> dr, live; `live` -> '', live. */
function likeness({ environments }: Topology, choice: string): readonly [environment: string, model: string] {
  const [environment, model] = choice.includes('=') ? (choice.split('=') as [string, string]) : ['', choice];
  if (environment !== '' && !environments.some(({ name }) => name === environment)) {
    throw new UsageError(
      `--like ${choice}: topology.ts has no environment '${environment}', expected one of ` +
        environments.map(({ name }) => name).join(', '),
    );
  }
  return [environment, model];
}
