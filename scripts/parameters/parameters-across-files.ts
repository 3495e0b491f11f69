import { type Account, accountsOf } from '../../templates-src/model/accounts';
import { printable } from '../../templates-src/model/likely-cause';
import { isZoneOf, usualZones } from '../../templates-src/model/region';
import type { Stack } from '../../templates-src/model/stacks';
import type { Topology } from '../../templates-src/model/topology';
import { type ParameterFile, type ParameterProblem, valuesOf } from './parameters';

/** The parameters that name the availability zones of an environment's network; the last one may be empty. */
export const zoneParameters: readonly string[] = ['FirstZone', 'SecondZone', 'ThirdZone'];

/** A value, and where it stands. */
interface Occurrence {
  readonly stack: Stack;
  readonly file: string;
  readonly line: number | undefined;
  readonly key: string;
  readonly value: string;
}

/**
 * Compares values with one another: the Region and each account's id are the same in all files, no two accounts are
 * equal unless the topology says so, the files of an environment name that environment, its zones are different
 * ones of the Region, and production has a certificate.
 *
 * @param refused Problems of single files; a value that has one of its own is not compared.
 */
export function problemsAcrossFiles(
  topology: Topology,
  files: readonly { readonly stack: Stack; readonly file: ParameterFile }[],
  refused: readonly ParameterProblem[],
): ParameterProblem[] {
  const occurrences = files.flatMap(({ stack, file }) =>
    Object.entries(valuesOf(file) ?? {}).flatMap(([key, value]): Occurrence[] =>
      typeof value === 'string' && !refused.some((problem) => problem.file === file.file && problem.key === key)
        ? [{ stack, file: file.file, line: file.at(['Parameters', key])?.line, key, value }]
        : [],
    ),
  );
  const of = (key: string) => occurrences.filter((occurrence) => occurrence.key === key);
  const accounts = accountsOf(topology).map((account) => ({ ...account, id: mostFrequent(of(account.parameter)) }));
  return [
    ...of('EnvironmentName').flatMap(foreignEnvironment),
    ...zoneParameters.flatMap((key) => of(key).flatMap((zone) => misplacedZone(zone, occurrences))),
    ...files.flatMap((each) => plainHttpOf(topology, each)),
    ...['Region', ...accounts.map(({ parameter }) => parameter)].flatMap((key) => deviating(of(key))),
    ...accounts.flatMap((account, index) => clashing(account, accounts.slice(0, index))),
  ];
}

/** A zone that is not in the Region of its file, or is the zone of an earlier parameter there. */
function misplacedZone(zone: Occurrence, occurrences: readonly Occurrence[]): ParameterProblem[] {
  const { file, line, key, value } = zone;
  if (value === '') {
    return [];
  }
  const beside = occurrences.filter((other) => other.file === file);
  const region = beside.find((other) => other.key === 'Region');
  if (region !== undefined && !isZoneOf(region.value, value)) {
    return [
      {
        file,
        line,
        key,
        found: printable(value),
        rule: `must be an availability zone of ${region.value}, the Region in ${place(region)}`,
        likelyCause: 'a Region that was changed without its zones',
        whatToDo: `write a zone such as ${usualZones(region.value).join(' or ')} (\`npm run configure\` does)`,
      },
    ];
  }
  const earlier = zoneParameters.slice(0, zoneParameters.indexOf(key));
  const taken = beside.find((other) => earlier.includes(other.key) && other.value === value);
  return taken === undefined
    ? []
    : [
        {
          file,
          line,
          key,
          found: printable(value),
          rule: `must be another availability zone than ${place(taken)}`,
          whatToDo: 'write the name of another zone; `aws ec2 describe-availability-zones` lists those of the account',
        },
      ];
}

/** No certificate for an environment of production, of which nobody has said that it speaks plain HTTP. */
function plainHttpOf(
  { environments }: Topology,
  { stack, file }: { readonly stack: Stack; readonly file: ParameterFile },
): ParameterProblem[] {
  const key = 'CertificateArn';
  const environment = environments.find(({ name }) => name === stack.account);
  const value = valuesOf(file)?.[key] ?? '';
  return stack.template !== 'environment/container-service' ||
    value !== '' ||
    environment?.production !== true ||
    environment.plainHttp === true
    ? []
    : [
        {
          file: file.file,
          line: file.at(['Parameters', key])?.line,
          key,
          found: 'no certificate',
          rule: `${environment.name} is production, whose clients must not speak plain HTTP`,
          whatToDo:
            'write the ARN of a certificate of ACM, or say `plainHttp: true` for the environment in ' +
            'templates-src/topology.ts until there is one',
        },
      ];
}

function foreignEnvironment({ stack, value, file, line, key }: Occurrence): ParameterProblem[] {
  return value === stack.account
    ? []
    : [
        {
          file,
          line,
          key,
          found: printable(value),
          rule: `must be ${printable(stack.account)}, the environment of the stack ${stack.name}`,
          likelyCause: 'a file that was copied from another environment',
          whatToDo: `write ${printable(stack.account)}, and look at the other values of the file`,
        },
      ];
}

/** Of the values of one parameter, those that differ from what most files say. */
function deviating(occurrences: readonly Occurrence[]): ParameterProblem[] {
  const usual = mostFrequent(occurrences);
  return usual === undefined
    ? []
    : occurrences
        .filter(({ value }) => value !== usual.value)
        .map(({ file, line, key, value }) => ({
          file,
          line,
          key,
          found: printable(value),
          rule: `must be the same in all files, but it is ${printable(usual.value)} in ${place(usual)}`,
          whatToDo: 'write the same value in all files (`npm run configure` does)',
        }));
}

type IdentifiedAccount = Account & { readonly id: Occurrence | undefined };

/** The first account before this one that it must share an id with but doesn't, or the other way round. */
function clashing({ name, owner, id }: IdentifiedAccount, earlier: readonly IdentifiedAccount[]): ParameterProblem[] {
  for (const other of earlier) {
    const shared = other.owner === owner;
    if (id !== undefined && other.id !== undefined && shared !== (id.value === other.id.value)) {
      const { file, line, key, value } = id;
      const theirs = printable(other.id.value);
      return [
        {
          file,
          line,
          key,
          found: printable(value),
          rule: shared
            ? `topology.ts lets ${name} share the account of ${other.name}, which is ${theirs} in ${place(other.id)}`
            : `${name} must have an account of its own, but this is the account of ${other.name} in ${place(other.id)}`,
          whatToDo: shared
            ? `write ${theirs}, or remove sharesAccountWith of ${name} in templates-src/topology.ts`
            : `write the account id of ${name}, or declare sharesAccountWith: '${other.name}' for it in templates-src/topology.ts`,
        },
      ];
    }
  }
  return [];
}

/** The first occurrence of the value that most files have. */
function mostFrequent(occurrences: readonly Occurrence[]): Occurrence | undefined {
  const counts = new Map<string, number>();
  for (const { value } of occurrences) {
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  const most = Math.max(...counts.values());
  return occurrences.find(({ value }) => counts.get(value) === most);
}

function place({ file, line, key }: Occurrence): string {
  return `${file}:${line} (${key})`;
}
