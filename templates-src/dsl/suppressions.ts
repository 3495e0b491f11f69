import type { Resource } from './resources';

/**
 * Rules of scanners that a resource breaks on purpose, and why. `npm run check` counts and prints what is suppressed,
 * and refuses a suppression that nothing needs any more.
 */
export interface Suppression {
  /** A whole sentence that a reviewer can judge: why the rule can't hold for this one resource. */
  readonly reason: string;
  /** Rules of cfn-nag: `W28`. */
  readonly cfn_nag?: readonly `${'F' | 'W'}${number}`[];
  /** Rules of AWS Control Tower, which Guard evaluates: `CT.S3.PR.9`. */
  readonly guard?: readonly `CT.${string}.PR.${number}`[];
  /** Rules of cdk-nag, with the pack: `AwsSolutions-IAM5`, or one finding of it: `AwsSolutions-IAM5[Resource::*]`. */
  readonly cdk_nag?: readonly `${'AwsSolutions' | 'NIST.800.53.R5'}-${string}`[];
  /** Rules of this project; those about statements with the Sid: `wildcard-resources-are-needed[FindLogGroup]`. */
  readonly rules?: readonly string[];
}

/**
 * Suppresses findings at one resource, in its `Metadata`.
 *
 * Only cfn-nag reads the metadata of templates by itself, in a format of its own. For the others, which have none,
 * `npm run check` reads the list `suppressed`.
 */
export function suppressed<Type extends string, Attribute extends string>(
  resource: Resource<Type, Attribute>,
  ...suppressions: readonly Suppression[]
): Resource<Type, Attribute> {
  const ofCfnNag = suppressions.flatMap(({ reason, cfn_nag = [] }) => cfn_nag.map((id) => ({ id, reason })));
  const others = suppressions.filter(({ guard, cdk_nag, rules }) => guard ?? cdk_nag ?? rules);
  if (suppressions.length === 0) {
    return resource;
  }
  return {
    ...resource,
    Metadata: {
      ...resource.Metadata,
      ...(others.length > 0 ? { suppressed: others.map(({ cfn_nag: _, ...rest }) => rest) } : {}),
      ...(ofCfnNag.length > 0 ? { cfn_nag: { rules_to_suppress: ofCfnNag } } : {}),
    },
  };
}
