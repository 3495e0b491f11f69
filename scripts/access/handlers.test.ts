import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { environmentResourceTypes } from '../../templates-src/patterns/environment/execution-permissions';
import { readHandlers } from './handlers';

const file = join(__dirname, '..', '..', 'templates-src', 'access', 'resource-handlers.json');

it('what handlers call is what the pinned cfn-lint says: else run `npm run prove-access -- --update-handlers`', () => {
  expect(readFileSync(file, 'utf8')).toBe(readHandlers(environmentResourceTypes));
}, 30_000);

it('a type without handlers is refused', () => {
  expect(() => readHandlers(['AWS::SQS::Queue', 'AWS::Nothing::Known'])).toThrow('no handlers of AWS::Nothing::Known');
}, 30_000);
