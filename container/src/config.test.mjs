import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readConfig } from './config.mjs';

describe('readConfig', () => {
  it('has a default for everything', () => {
    assert.deepEqual(readConfig({}), {
      port: 8080,
      buildId: 'development',
      environment: 'local',
      drainSeconds: 5,
      shutdownSeconds: 25,
    });
  });

  it('takes everything from the environment', () => {
    const env = {
      PORT: '0',
      BUILD_ID: 'b-1',
      ENVIRONMENT_NAME: 'prod',
      DRAIN_SECONDS: '0',
      SHUTDOWN_SECONDS: '115',
    };
    assert.deepEqual(readConfig(env), {
      port: 0,
      buildId: 'b-1',
      environment: 'prod',
      drainSeconds: 0,
      shutdownSeconds: 115,
    });
  });

  for (const [name, value] of [
    ['PORT', '65536'],
    ['PORT', 'http'],
    ['PORT', '-1'],
    ['PORT', '80.5'],
    ['PORT', ' 80'],
    ['DRAIN_SECONDS', '111'],
    ['SHUTDOWN_SECONDS', '0'],
    ['SHUTDOWN_SECONDS', '116'],
    ['SHUTDOWN_SECONDS', '5'],
    ['DRAIN_SECONDS', '25'],
  ]) {
    it(`refuses ${name}="${value}" and names it`, () => {
      assert.throws(() => readConfig({ [name]: value }), new RegExp(`${name} (is )?"?${value}`));
    });
  }
});
