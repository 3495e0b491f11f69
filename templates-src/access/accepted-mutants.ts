import type { Topology } from '../model/topology';

/**
 * Changes of policies that no case notices, with the reason why none can. `npm run prove-access -- --mutate` fails on
 * every other change that goes unnoticed, and on an entry that no change needs any more.
 */
export interface AcceptedMutants {
  /** What is done to the statements: `widen resource`. */
  readonly kind: string;
  /** What is removed, for changes that remove something. */
  readonly details?: readonly string[];
  /** Topologies whose templates have such statements; all, unless it says so. */
  readonly of?: (topology: Topology) => boolean;
  /** Only statements of policies of this kind. */
  readonly policies: 'boundary' | 'identity' | 'trust' | 'resource';
  readonly sids: readonly string[];
  readonly reason: string;
}

/** Those that a topology can have. */
export const acceptedMutantsOf = (topology: Topology): readonly AcceptedMutants[] =>
  acceptedMutants.filter(({ of }) => of === undefined || of(topology));

const acceptedMutants: readonly AcceptedMutants[] = [
  {
    kind: 'drop condition',
    details: ['StringEquals aws:SourceAccount'],
    policies: 'trust',
    sids: ['AssumedByService'],
    reason:
      'aws:SourceArn stands beside it and names the account, too. AWS recommends both, and no request has a source ' +
      'in one account and its ARN in another.',
  },
  {
    kind: 'drop action',
    details: ['codeconnections:UseConnection', 'codestar-connections:UseConnection'],
    of: ({ pipelines }) => pipelines.source === 'connection',
    policies: 'identity',
    sids: ['UseConnection'],
    reason:
      'The service was renamed: which of the two names a request has depends on the ARN of the connection, a value in ' +
      'parameters/, and the proof sees one value at a time.',
  },
  {
    kind: 'widen resource',
    of: ({ container }) => container !== undefined,
    policies: 'identity',
    sids: ['NameEndpoints'],
    reason: 'The action knows hosted zones alone, which are in no Region, and the statement names them all.',
  },
  ...[
    { kind: 'widen resource', sids: ['UseKeyThroughServices', 'UseOwnQueues', 'WriteOwnLogs'] },
    { kind: 'drop condition', details: ['StringEquals kms:ViaService'], sids: ['UseKeyThroughServices'] },
  ].map((change) => ({
    ...change,
    policies: 'boundary' as const,
    reason:
      'A boundary denies what it does not allow: the statement that denies the rest is beside the one that allows.',
  })),
  {
    kind: 'widen resource',
    policies: 'resource',
    sids: [
      'AlarmsPublish',
      'DenyInsecureTransport',
      'DenyOtherEncryption',
      'DenyOtherKeys',
      'DenyOverwriting',
      'EventsPublishFailures',
      'S3DeliversAccessLogs',
    ],
    reason:
      'A resource policy decides about its own bucket, topic or queue alone, and these statements name all of it: ' +
      'their actions know nothing else there.',
  },
];
