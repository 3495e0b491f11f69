import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FunctionSettings } from '../../templates-src/model/function-settings';
import type { Topology } from '../../templates-src/model/topology';
import { topology as topologyOfTests } from '../../templates-src/topology.fixture';
import { functionFolderProblems } from './function-folders';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lambda-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const settings: FunctionSettings = {
  description: 'Sends invoices',
  runtime: 'nodejs24.x',
  handler: 'index.handler',
  memory: 128,
  timeout: 5,
  trigger: { kind: 'url' },
  environment: () => ({}),
};

const problems = (
  folders: readonly string[],
  functions: Readonly<Record<string, FunctionSettings>>,
  topology: Topology = topologyOfTests,
) => {
  for (const name of folders) {
    mkdirSync(join(folder, name), { recursive: true });
  }
  return functionFolderProblems(folder, { ...topology, workloads: [{ functions }] });
};

describe('a folder of lambda/', () => {
  test('is one function; files, hidden folders and caches of Python are none', () => {
    writeFileSync(join(folder, 'README.md'), 'Notes');
    mkdirSync(join(folder, '.git'));
    mkdirSync(join(folder, '__pycache__'));
    expect(problems(['b', 'a'], { a: settings, b: settings })).toEqual([]);
  });

  test('without function is an error that says where to type it', () => {
    expect(problems(['send-invoices'], {})).toEqual([
      "lambda/send-invoices: found no function of this name in the workloads of templates-src/topology.ts. Add 'send-invoices' " +
        'to a workload (a file of templates-src/workloads/ that topology.ts names), or remove the folder.',
    ]);
  });

  test('under a misspelt name is recognised', () => {
    expect(problems(['send-invoices'], { 'send-invoice': settings })[0]).toBe(
      'lambda/send-invoices: found no function of this name in the workloads of templates-src/topology.ts. ' +
        "Is 'send-invoice' of a workload meant? Give both the same name.",
    );
  });

  test('that is missing for a function is an error, and all errors come at once', () => {
    expect(problems(['Upper', 'a--b'], { gone: settings })).toEqual([
      expect.stringContaining("lambda/Upper: found the name 'Upper', expected lower-case letters, digits and single"),
      expect.stringContaining("lambda/a--b: found the name 'a--b'"),
      "templates-src/topology.ts: found a workload with the function 'gone', but no folder lambda/gone. " +
        'Create the folder with the code, or take the function out of the workload.',
    ]);
  });

  test('may be as long as its role name allows in the environment with the longest name', () => {
    const longest = 'a'.repeat(64 - 'route-to-live-prod-workload-function-'.length);
    expect(problems([longest], { [longest]: settings })).toEqual([]);
    const wider = { ...topologyOfTests, environments: [{ name: 'preproductio', approval: false }] };
    expect(problems([longest], { [longest]: settings }, wider)).toEqual([
      expect.stringContaining('expected 19 at the most'),
    ]);
    const tooLong = `${longest}b`;
    rmSync(join(folder, longest), { recursive: true });
    expect(problems([tooLong], { [tooLong]: settings })).toEqual([
      expect.stringContaining(`lambda/${tooLong}: found a name of 28 characters, expected 27 at the most`),
    ]);
  });
});
