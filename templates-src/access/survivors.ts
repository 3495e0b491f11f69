/**
 * Changes of policies that no case notices, with the reason why none can. `npm run prove-access -- --mutate` fails on
 * every other change that goes unnoticed, and on an entry that no change needs any more.
 */
export interface Survivors {
  /** What is done to the statements: `widen resource`. */
  readonly kind: string;
  /** What is removed, for changes that remove something. */
  readonly detail?: string;
  /** Only statements of policies of this kind. */
  readonly policies: 'trust' | 'resource';
  readonly sids: readonly string[];
  readonly reason: string;
}

/** All of them. */
export const survivors: readonly Survivors[] = [
  {
    kind: 'drop condition',
    detail: 'StringEquals aws:SourceAccount',
    policies: 'trust',
    sids: ['AssumedByService'],
    reason:
      'aws:SourceArn stands beside it and names the account, too. AWS recommends both, and no request has a source ' +
      'in one account and its ARN in another.',
  },
  {
    kind: 'drop condition',
    detail: 'StringEquals aws:SourceAccount',
    policies: 'resource',
    sids: ['EventsPublishFailures'],
    reason:
      'aws:SourceArn stands beside it and names the account, too. AWS recommends both, and no request has a source ' +
      'in one account and its ARN in another.',
  },
  {
    kind: 'widen resource',
    policies: 'resource',
    sids: [
      'DenyInsecureTransport',
      'DenyOtherEncryption',
      'DenyOtherKeys',
      'EnvironmentRolesRead',
      'EventsPublishFailures',
      'S3DeliversAccessLogs',
    ],
    reason:
      'A resource policy decides about its own bucket, topic or queue alone, and these statements name all of it: ' +
      'their actions know nothing else there.',
  },
];
