import { load } from 'js-yaml';

const phaseNames = ['install', 'pre_build', 'build', 'post_build'] as const;
export type PhaseName = (typeof phaseNames)[number];

/** A buildspec, as far as the rehearsal understands it. */
export interface Buildspec {
  readonly shell: 'bash' | 'sh';
  readonly variables: Readonly<Record<string, string>>;
  /** Names of the variables that later actions of the pipeline get. */
  readonly exportedVariables: readonly string[];
  /** In the order in which they run. */
  readonly phases: readonly Phase[];
  readonly runtimeVersions: Readonly<Record<string, string>>;
  readonly artifacts?: { readonly baseDirectory: string; readonly files: readonly string[] };
  /** Where test reports lie, by their name. */
  readonly reports: Readonly<Record<string, { readonly baseDirectory: string; readonly files: readonly string[] }>>;
}

/** Commands of a phase. The first that fails ends it. */
export interface Phase {
  readonly name: PhaseName;
  readonly commands: readonly string[];
}

type Part = Readonly<Record<string, unknown>>;

/**
 * Reads a buildspec.
 * https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html
 *
 * @throws Error that names every part that the rehearsal does not understand, rather than leave it out unnoticed
 */
export function readBuildspec(text: string): Buildspec {
  const problems: string[] = [];
  const part = (path: string, value: unknown, ...known: readonly string[]): Part => {
    const found = (value ?? {}) as Part;
    problems.push(
      ...Object.keys(found)
        .filter((key) => known.length > 0 && !known.includes(key))
        .map(below(path)),
    );
    return found;
  };
  const spec = part('', load(text), 'version', 'env', 'phases', 'artifacts', 'reports');
  const env = part('env', spec.env, 'shell', 'variables', 'exported-variables');
  const shell = env.shell ?? 'sh';
  if (shell !== 'bash' && shell !== 'sh') {
    problems.push(`env.shell ${shell}`);
  }
  if (String(spec.version) !== '0.2') {
    problems.push(`version ${spec.version}`);
  }
  const phases = part('phases', spec.phases, ...phaseNames);
  const read = phaseNames.flatMap((name) => {
    const known = ['commands', ...(name === 'install' ? ['runtime-versions'] : [])];
    const phase = part(`phases.${name}`, phases[name], ...known);
    return name in phases ? [{ name, commands: list(phase.commands), phase }] : [];
  });
  const files = (path: string, value: unknown, ...more: readonly string[]) => {
    const found = part(path, value, 'files', 'base-directory', ...more);
    return { baseDirectory: String(found['base-directory'] ?? '.'), files: list(found.files) };
  };
  const reports = Object.entries(part('reports', spec.reports)).map(
    ([name, report]) => [name, files(`reports.${name}`, report, 'file-format')] as const,
  );
  const artifacts = spec.artifacts === undefined ? undefined : files('artifacts', spec.artifacts);
  if (problems.length > 0) {
    throw new Error(`The rehearsal does not know what CodeBuild makes of ${problems.join(', ')} in a buildspec.`);
  }
  return {
    shell: shell as Buildspec['shell'],
    variables: texts(env.variables),
    exportedVariables: list(env['exported-variables']),
    phases: read.map(({ phase: _, ...rest }) => rest),
    runtimeVersions: texts(read.find(({ name }) => name === 'install')?.phase['runtime-versions']),
    ...(artifacts ? { artifacts } : {}),
    reports: Object.fromEntries(reports),
  };
}

const below = (path: string) => (key: string) => (path === '' ? key : `${path}.${key}`);
const list = (value: unknown): string[] => ((value ?? []) as unknown[]).map(String);
const texts = (value: unknown): Record<string, string> =>
  Object.fromEntries(Object.entries((value ?? {}) as Part).map(([key, text]) => [key, String(text)]));
