// @ts-check
/**
 * The process: settings in, a listening server, and an orderly end.
 *
 * It is process 1 of its container, where the system has no default actions for signals: a SIGTERM that is not handled
 * here is ignored, and ECS kills the task after its stop time-out with every request in flight.
 */

import { createApp } from './app.mjs';
import { readConfig } from './config.mjs';

/** @type {import('./app.mjs').Log} One line of JSON on standard output, which ECS sends to CloudWatch Logs. */
const log = (level, message, fields) => {
  process.stdout.write(`${JSON.stringify({ timestamp: new Date().toISOString(), level, message, ...fields })}\n`);
};

// After an error that nobody caught nothing is certain any more: say so and end, ECS starts another task. Rejected
// promises that nobody handles arrive here, too.
process.on('uncaughtException', (error) => {
  log('FATAL', 'uncaught error', { cause: error instanceof Error ? error.stack : String(error) });
  process.exit(1);
});

const config = readConfig(process.env);
const { server, drain } = createApp({ buildId: config.buildId, environment: config.environment, log });

let stopping = false;

/**
 * 1. /health turns to 503, requests are still answered: the load balancer may not know yet that this task goes.
 * 2. No new connections; the requests in flight are finished.
 * 3. The process ends by itself, because nothing is left to do: exit code 0.
 *
 * @param {NodeJS.Signals} signal
 */
function stop(signal) {
  if (stopping) {
    return;
  }
  stopping = true;
  const { drainSeconds, shutdownSeconds } = config;
  log('INFO', 'shutdown started', { signal, drainSeconds, shutdownSeconds });
  drain();
  const deadline = setTimeout(() => {
    log('ERROR', 'shutdown deadline passed with requests in flight', { shutdownSeconds });
    process.exit(1);
  }, shutdownSeconds * 1000);
  setTimeout(() => {
    server.close(() => {
      clearTimeout(deadline);
      log('INFO', 'shutdown complete');
    });
    log('INFO', 'listener closed');
  }, drainSeconds * 1000);
}

process.on('SIGTERM', stop);
process.on('SIGINT', stop);

server.listen(config.port, () => {
  const address = server.address();
  log('INFO', 'listening', {
    port: typeof address === 'object' ? address?.port : address,
    buildId: config.buildId,
    environment: config.environment,
    node: process.version,
  });
});
