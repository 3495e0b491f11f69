// @ts-check

/**
 * @typedef {{
 *   port: number, buildId: string, environment: string, drainSeconds: number, shutdownSeconds: number,
 * }} Config
 */

/**
 * Reads the settings from the environment.
 *
 * @param {Record<string, string | undefined>} env
 * @returns {Config}
 * @throws {Error} that names the variable, its value and what was expected
 */
export function readConfig(env) {
  /**
   * @param {string} name
   * @param {number} fallback
   * @param {number} min
   * @param {number} max
   */
  const integer = (name, fallback, min, max) => {
    const text = env[name] ?? '';
    const value = text === '' ? fallback : Number(text);
    if (!/^\d*$/.test(text) || value < min || value > max) {
      throw new Error(`${name} is "${text}": expected a whole number from ${min} to ${max}.`);
    }
    return value;
  };

  const config = {
    // 0 lets the system choose a free port, which the tests use.
    port: integer('PORT', 8080, 0, 65535),
    buildId: env.BUILD_ID || 'development',
    environment: env.ENVIRONMENT_NAME || 'local',
    // How long requests are still taken after SIGTERM, so that a load balancer that does not know yet gets answers.
    drainSeconds: integer('DRAIN_SECONDS', 5, 0, 110),
    // When the process ends at the latest. ECS kills it `stopTimeout` after SIGTERM: 30 s unless the task definition
    // says otherwise, 120 s at most on Fargate. Stay below that, or the log never says why it ended.
    shutdownSeconds: integer('SHUTDOWN_SECONDS', 25, 1, 115),
  };
  if (config.shutdownSeconds <= config.drainSeconds) {
    throw new Error(
      `SHUTDOWN_SECONDS is ${config.shutdownSeconds} and DRAIN_SECONDS ${config.drainSeconds}: ` +
        'shutting down must take longer than draining, or requests in flight are cut off.',
    );
  }
  return config;
}
