import type { FunctionSettings } from '../../model/function-settings';
import type { Buildspec } from './build-project';

/** What must not compile; `tsc` fails when one of these lines does. */

const build = ['true'];

// What is right compiles.
({ install: { 'runtime-versions': { nodejs: 24, python: 3.14 } }, build }) satisfies Buildspec;
({ runtime: 'python3.12', architecture: 'arm64' }) satisfies Partial<FunctionSettings>;

// @ts-expect-error the image does not offer this version
({ install: { 'runtime-versions': { nodejs: 26 } }, build }) satisfies Buildspec;
// @ts-expect-error the number 3.10 is 3.1
({ install: { 'runtime-versions': { python: 3.1 } }, build }) satisfies Buildspec;
// @ts-expect-error CodeBuild calls it nodejs
({ install: { 'runtime-versions': { node: 24 } }, build }) satisfies Buildspec;
// @ts-expect-error a runtime of Amazon Linux 2, whose glibc is older
({ runtime: 'python3.11' }) satisfies Partial<FunctionSettings>;
// @ts-expect-error Lambda calls it arm64
({ architecture: 'aarch64' }) satisfies Partial<FunctionSettings>;
