import CfAlias from 'cloudform-types/types/kms/alias';
import CfKey, { type KeyProperties } from 'cloudform-types/types/kms/key';
import type { Policy, ResourceStatement } from '../dsl/policies';
import { type ResourceClass, resourceType } from '../dsl/resources';

const allowedValues = { KeyUsage: ['ENCRYPT_DECRYPT', 'SIGN_VERIFY', 'GENERATE_VERIFY_MAC', 'KEY_AGREEMENT'] } as const;

type Properties = Omit<KeyProperties, 'KeyPolicy'> & {
  readonly KeyPolicy: Policy<ResourceStatement>;
};

/** `!Ref`: the key id. Outside of its account a key needs its full ARN. */
export const Key = resourceType('AWS::KMS::Key', CfKey as ResourceClass<Properties>, {
  attributes: ['Arn', 'KeyId'],
  allowedValues,
});

/** `!Ref`: the alias. An alias resolves in its owner's account only. */
export const Alias = resourceType('AWS::KMS::Alias', CfAlias);
