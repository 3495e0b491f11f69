import { expect, test } from 'vitest';
import type { Resource } from './resources';
import { suppressed } from './suppressions';

const resource: Resource = { Type: 'AWS::S3::Bucket', Properties: {}, attributes: [], Metadata: { kept: true } };
const reason = 'It takes the logs of others.';

test('what no tool reads by itself is listed by its reason', () => {
  expect(suppressed(resource, { reason, guard: ['CT.S3.PR.2'], cdk_nag: ['AwsSolutions-S1'] }).Metadata).toEqual({
    kept: true,
    suppressed: [{ reason, guard: ['CT.S3.PR.2'], cdk_nag: ['AwsSolutions-S1'] }],
  });
});

test('cfn-nag gets the format that it reads', () => {
  expect(suppressed(resource, { reason, cfn_nag: ['W35', 'W41'] }).Metadata).toEqual({
    kept: true,
    cfn_nag: {
      rules_to_suppress: [
        { id: 'W35', reason },
        { id: 'W41', reason },
      ],
    },
  });
});

test('one reason may hold for several tools', () => {
  const { Metadata } = suppressed(resource, { reason, cfn_nag: ['W35'], rules: ['buckets-refuse-plain-http'] });
  expect(Metadata).toEqual({
    kept: true,
    suppressed: [{ reason, rules: ['buckets-refuse-plain-http'] }],
    cfn_nag: { rules_to_suppress: [{ id: 'W35', reason }] },
  });
});

test('nothing to suppress leaves a resource as it is', () => {
  expect(suppressed(resource)).toBe(resource);
});

test('a rule that no tool can have does not compile', () => {
  // @ts-expect-error: rules of cfn-nag begin with F or W
  suppressed(resource, { reason, cfn_nag: ['X1'] });
  // @ts-expect-error: rules of cdk-nag begin with their pack
  suppressed(resource, { reason, cdk_nag: ['S1'] });
  // @ts-expect-error: a reason has to be given
  suppressed(resource, { guard: ['CT.S3.PR.2'] });
  expect(resource.Metadata).toEqual({ kept: true });
});
