import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { installedPython } from '../../scripts/lib/python-tools';
import { isZoneOf, partitionOf, regionPattern, usualZones } from './region';

const repository = join(__dirname, '..', '..');

/** What others know about AWS's Regions: zones by Region from moto, Regions with CodePipeline from botocore. */
const { zones, pipelines } = JSON.parse(
  execFileSync(installedPython(repository) ?? 'python3', [
    '-c',
    `
import json
import botocore.session
from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend
session = botocore.session.get_session()
print(json.dumps({
    "zones": {region: [zone.name for zone in zones] for region, zones in RegionsAndZonesBackend.zones.items()},
    "pipelines": {
        partition: session.get_available_regions("codepipeline", partition)
        for partition in session.get_available_partitions()
    },
}))`,
  ]).toString(),
) as {
  readonly zones: Readonly<Record<string, readonly string[]>>;
  readonly pipelines: Readonly<Record<string, readonly string[]>>;
};
const accepts = (region: string) => new RegExp(`^(${regionPattern})$`).test(region);

test('every Region of AWS and of GovCloud that has CodePipeline is accepted', () => {
  const offered = [...(pipelines.aws ?? []), ...(pipelines['aws-us-gov'] ?? [])];
  expect(offered).toEqual(expect.arrayContaining(['us-east-1', 'ap-southeast-6', 'us-gov-west-1']));
  expect(offered.filter((region) => !accepts(region))).toEqual([]);
});

test('Regions of other partitions are refused, and what is no Region', () => {
  expect(pipelines['aws-cn']).toEqual(['cn-north-1', 'cn-northwest-1']);
  const others = Object.entries(pipelines).filter(([partition]) => !['aws', 'aws-us-gov'].includes(partition));
  expect(others.flatMap(([, regions]) => regions).filter(accepts)).toEqual([]);
  expect(['us-iso-east-1', 'eusc-de-east-1', 'eu-west', 'eu-wesst-1', 'eu-west-1a', 'Ireland'].filter(accepts)).toEqual(
    [],
  );
});

test('ARNs of GovCloud have a partition of their own', () => {
  expect(pipelines['aws-us-gov']?.map(partitionOf)).toEqual(['aws-us-gov', 'aws-us-gov']);
  expect(new Set(pipelines.aws?.map(partitionOf))).toEqual(new Set(['aws']));
});

test('the usual zones of every Region exist', () => {
  const regions = Object.keys(zones).filter(accepts);
  expect(regions.length).toBeGreaterThan(30);
  for (const region of regions) {
    expect(usualZones(region), region).toEqual(zones[region]?.slice(0, 3));
    expect(usualZones(region).every((zone) => isZoneOf(region, zone))).toBe(true);
  }
});

test('a zone is one of its Region only', () => {
  expect(isZoneOf('us-east-1', 'us-east-1f')).toBe(true);
  expect(
    ['us-east-1', 'us-east-2a', 'us-east-1-bos-1a', 'us-east-1A'].some((zone) => isZoneOf('us-east-1', zone)),
  ).toBe(false);
});
