/**
 * What the code of a function runs on. Packages are built for exactly this, whatever machine builds them, so runtimes
 * of one operating system only: Amazon Linux 2023, whose glibc native code may need ("Lambda runtimes").
 */

/** Runtimes that a function can have. */
export type Runtime = 'nodejs20.x' | 'nodejs22.x' | 'nodejs24.x' | 'python3.12' | 'python3.13' | 'python3.14';

/** Processors that a function can run on, as Lambda calls them. */
export type Architecture = 'x86_64' | 'arm64';

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
