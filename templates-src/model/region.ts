/** The Regions that a route to live can be in, and what follows from their names. */

/**
 * Regions of the partitions `aws` and `aws-us-gov`: open to new ones, closed to misspelled points of the compass. The
 * Regions of China are left out because CodePipeline has no actions for CloudFormation there; the other partitions have
 * no CodeCommit, and nobody has tried the rest in them.
 */
export const regionPattern =
  '(us-gov|(?!cn-)[a-z]{2})-(north|south|east|west|central|(north|south)(east|west))-[0-9]{1,2}';

/** What a Region has to be, in words. */
export const regionInWords =
  'a Region of AWS or GovCloud, such as eu-west-1; not of China, where CodePipeline has no actions for CloudFormation';

/** The partition of a Region, as its ARNs name it. */
export const partitionOf = (region: string): 'aws' | 'aws-us-gov' =>
  region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';

/** Where the zones of a Region are not called a, b and c, or where new accounts see two of them only. */
const unusualZones: Readonly<Record<string, string>> = {
  'ap-northeast-1': 'acd',
  'ca-central-1': 'abd',
  'us-west-1': 'ab',
};

/**
 * The names that the first zones of a Region usually have, three at most. Accounts see different zones, so these are
 * for a person to correct; CloudFormation refuses those that an account does not have.
 */
export const usualZones = (region: string): readonly string[] =>
  [...(unusualZones[region] ?? 'abc')].map((letter) => `${region}${letter}`);

/** Whether a name is that of an availability zone of a Region; Local Zones and Wavelength Zones have longer names. */
export const isZoneOf = (region: string, zone: string): boolean => zone.slice(0, -1) === region && /[a-z]$/.test(zone);
