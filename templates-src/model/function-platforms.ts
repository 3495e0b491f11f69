/**
 * Runtimes that a function can have: those of Amazon Linux 2023, whose glibc native code may need ("Lambda runtimes").
 * Packages are built for exactly one of them, whatever machine builds them.
 */
export const runtimes = ['nodejs20.x', 'nodejs22.x', 'nodejs24.x', 'python3.12', 'python3.13', 'python3.14'] as const;

/** Processors that a function can run on, as Lambda calls them. */
export const architectures = ['x86_64', 'arm64'] as const;

export type Runtime = (typeof runtimes)[number];

export type Architecture = (typeof architectures)[number];

/** What a function without the setting runs on, as in Lambda itself. */
export const defaultArchitecture: Architecture = 'x86_64';

/** The part of a function's settings that decides about its package. */
export interface FunctionPlatform {
  readonly runtime: Runtime;
  readonly architecture?: Architecture;
}

/** The file below `generated/` that tells the packager; CodeBuild has no library to read it out of a template with. */
export const functionPlatformsFile = 'environment/lambda-functions.json';

/** The text of that file: runtime and architecture of each function, in alphabetical order. */
export function functionPlatforms(functions: Readonly<Record<string, FunctionPlatform>>): string {
  const platforms = Object.entries(functions)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, { runtime, architecture = defaultArchitecture }]) => [name, { runtime, architecture }]);
  return `${JSON.stringify(Object.fromEntries(platforms), null, 2)}\n`;
}
