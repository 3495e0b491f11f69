import { afterAll, describe, expect, test } from 'vitest';
import { type Emulator, startEmulator } from './client';
import { Deployments } from './deployment';

const emulators: Emulator[] = [];
afterAll(() => Promise.all(emulators.map((emulator) => emulator.stop())));

/** Stacks of an emulated AWS in a Region. */
async function stacksIn(region: string): Promise<Deployments> {
  const emulator = await startEmulator({ region });
  emulators.push(emulator);
  return new Deployments(emulator, 'dev');
}

const template = {
  Parameters: {
    Zone: { Type: 'AWS::EC2::AvailabilityZone::Name' },
    Others: { Type: 'List<AWS::EC2::AvailabilityZone::Name>' },
  },
  Resources: { Bucket: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'somewhere' } } },
  Outputs: {
    Arn: { Value: { 'Fn::GetAtt': ['Bucket', 'Arn'] } },
    Stack: { Value: { 'Fn::Select': [1, { 'Fn::Split': [':', { Ref: 'AWS::StackId' }] }] } },
    Zones: { Value: { 'Fn::Join': [' ', { 'Fn::GetAZs': '' }] } },
  },
};

describe.each([
  ['us-east-1', 'aws', 'us-east-1a us-east-1b us-east-1c us-east-1d us-east-1e us-east-1f'],
  ['us-west-1', 'aws', 'us-west-1a us-west-1b'],
  ['us-gov-west-1', 'aws-us-gov', 'us-gov-west-1a us-gov-west-1b us-gov-west-1c'],
])('in %s', (region, partition, Zones) => {
  test('a stack with a bucket is created, in the partition and the zones of the Region', async () => {
    const stacks = await stacksIn(region);
    const zones = Zones.split(' ');
    const { outputs } = await stacks.deploy('here', template, { Zone: zones[1] ?? '', Others: zones.join(',') });
    expect(outputs).toEqual({ Arn: `arn:${partition}:s3:::somewhere`, Stack: partition, Zones });
    for (const [name, value] of [
      ['Zone', `${region}z`],
      ['Zone', ''],
      ['Others', `${zones[0]}, eu-west-1a`],
    ] as const) {
      const parameters = { Zone: zones[0] ?? '', Others: zones[0] ?? '', [name]: value };
      await expect(stacks.deploy('refused', template, parameters)).rejects.toThrow(
        new RegExp(`Parameter validation failed: parameter value .* for parameter name ${name} does not exist`),
      );
    }
  }, 30_000);
});
