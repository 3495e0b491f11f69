import type { AliasProperties } from 'cloudform-types/types/kms/alias';
import type { KeyProperties } from 'cloudform-types/types/kms/key';
import { type Policy, type ResourceStatement, resourceType } from '../dsl';

const allowedValues = { KeyUsage: ['ENCRYPT_DECRYPT', 'SIGN_VERIFY', 'GENERATE_VERIFY_MAC', 'KEY_AGREEMENT'] } as const;

type Properties = Omit<KeyProperties, 'KeyPolicy'> & {
  readonly KeyPolicy: Policy<ResourceStatement>;
};

/** `!Ref`: the key id. Outside of its account a key needs its full ARN. */
export const Key = resourceType<Properties>()('AWS::KMS::Key', {
  attributes: ['Arn', 'KeyId'],
  allowedValues,
});

/** `!Ref`: the alias. An alias resolves in its owner's account only. */
export const Alias = resourceType<AliasProperties>()('AWS::KMS::Alias');
