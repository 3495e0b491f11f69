import { isZoneOf, usualZones } from '../../templates-src/model/region';
import type { Environment } from '../../templates-src/model/topology';
import { zoneParameters } from './parameters-across-files';

/**
 * The availability zones of an environment's network, by parameter: those that its file names, as far as they are in
 * the Region, and the usual ones of the Region in place of the others. Production gets a third zone where the Region
 * has one, other environments keep it if they had one.
 *
 * @param present the values in the file; what is no string is left to the check of the files
 */
export function zonesFor(
  { production }: Pick<Environment, 'production'>,
  region: string,
  present: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const kept = (value: unknown) =>
    value !== undefined && (typeof value !== 'string' || value === '' || isZoneOf(region, value));
  const taken = zoneParameters.map((name) => present[name]).filter(kept);
  const free = usualZones(region).filter((zone) => !taken.includes(zone));
  return Object.fromEntries(
    zoneParameters.map((name, index) => {
      const value = present[name];
      if (kept(value)) {
        return [name, value];
      }
      const optional = index === zoneParameters.length - 1;
      return [name, optional && value === undefined && !production ? undefined : (free.shift() ?? '')];
    }),
  );
}
