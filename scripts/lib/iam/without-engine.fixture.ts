import Module from 'node:module';

/** Preloaded by `node -r`: finds the packages of the engine as little as if nobody had installed them. */

const loader = Module as unknown as { _resolveFilename: (request: string, ...rest: unknown[]) => string };
const resolveFilename = loader._resolveFilename;
loader._resolveFilename = (request, ...rest) => {
  if (/^@cloud-copilot\/iam-(policy|simulate|utils)\b/.test(request)) {
    throw Object.assign(new Error(`Cannot find module '${request}'`), { code: 'MODULE_NOT_FOUND' });
  }
  return resolveFilename(request, ...rest);
};
