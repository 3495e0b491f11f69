import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import type { ParameterDeclaration } from '../../templates-src/dsl';
import { type Command, shellLines, shellText } from '../deploy/shell-text';
import { readParameterFile } from './parameter-file';
import { problemOfValue, valuesOf } from './parameters';

vi.setConfig({ testTimeout: 120_000 });

// A failure prints the seed that repeats it.
const number = fc.oneof(
  fc.double().map(String),
  fc.integer().map(String),
  fc.bigInt().map(String),
  fc.stringMatching(/^[-+ ]?[0-9_.]{0,20}([eE][-+]?[0-9]{1,4})?[ \n]?$/),
  fc.constantFrom('NaN', 'Infinity', '-Infinity', '0x1F', '1e999', '-0', '00', '1.', '.5', '\uff11', '1d', '1,5'),
  fc.string({ unit: 'binary' }),
);

describe('any text for a number', () => {
  /** A number as everybody reads it: what a double prints of itself, in digits, within the bounds. */
  function accepts(text: string, least: number, most: number): boolean {
    const value = Number.parseFloat(text);
    const digits = text.replace(/[^0-9]/g, '').length;
    return String(value) === text && /^[-.0-9]+$/.test(text) && digits <= 15 && value >= least && value <= most;
  }

  test('is refused with what was found and why, or is a number within the bounds', () => {
    fc.assert(
      fc.property(number, fc.integer(), fc.nat(), (text, MinValue, range) => {
        const MaxValue = MinValue + range;
        const problem = problemOfValue({ Type: 'Number', Description: 'N', MinValue, MaxValue }, text);

        expect(problem === undefined, JSON.stringify(text)).toBe(accepts(text, MinValue, MaxValue));
        if (problem !== undefined) {
          expect(problem.found.length).toBeLessThan(700);
          expect(problem.rule).toMatch(/must be/);
          expect(problem.whatToDo).not.toBe('');
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('that is said to be meant is taken itself', () => {
    fc.assert(
      fc.property(number, (text) => {
        const declaration = { Type: 'Number', Description: 'N', MinValue: -1e6, MaxValue: 1e6 } as const;
        const [, meant] = /^write (".*")$/.exec(problemOfValue(declaration, text)?.whatToDo ?? '') ?? [];
        if (meant !== undefined) {
          expect(problemOfValue(declaration, JSON.parse(meant))).toBeUndefined();
        }
      }),
      { numRuns: 2000 },
    );
  });
});

test('any text for text is refused, or has the length and is one of the values that are declared', () => {
  const rules = fc.record(
    {
      MinLength: fc.nat(10),
      MaxLength: fc.nat(20),
      AllowedValues: fc.uniqueArray(fc.string(), { minLength: 1 }),
      AllowedPattern: fc.constantFrom('[a-z]+', 'a|b', '(arn:.*)?', '[^\\n]*', '\\d{12}'),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(rules, fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[ab0-9]{0,14}$/)), (given, text) => {
      const declaration: ParameterDeclaration = { Type: 'String', Description: 'T', ...given };
      const length = [...text].length;
      const whole = new RegExp(`^(?:${given.AllowedPattern ?? '[^]*'})$`).exec(text)?.[0];
      const accepted =
        length >= (given.MinLength ?? 0) &&
        length <= (given.MaxLength ?? Number.POSITIVE_INFINITY) &&
        (given.AllowedValues?.includes(text) ?? true) &&
        whole === text;

      expect(problemOfValue(declaration, text) === undefined).toBe(accepted);
    }),
    { numRuns: 1000 },
  );
});

/** Files: what JSON can be, and what it nearly is. */
const file = fc.oneof(
  fc
    .dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }))
    .map((Parameters) => JSON.stringify({ Parameters })),
  fc.json().map((json) => `{"Parameters":${json}}`),
  fc.json(),
  fc
    .tuple(
      fc.json(),
      fc.nat(),
      fc.constantFrom('', ',', '"', '{', ']', '\\', '\u00a0', '\f', '\n', '//', '0', '\ud800', '-', '\ufeff', '\\u12'),
    )
    .map(([json, place, more]) => {
      const text = `{"Parameters": ${json}}`;
      const at = place % (text.length + 1);
      return `${text.slice(0, at)}${more}${text.slice(at + (more === '' ? 1 : 0))}`;
    }),
);

test('any file is taken by the pipeline just where validate takes it, with the same values', () => {
  const seed = Date.now();
  const texts = fc.sample(file, { numRuns: 1500, seed });
  const folder = mkdtempSync(join(tmpdir(), 'parameter-properties-'));
  try {
    texts.forEach((text, index) => {
      writeFileSync(join(folder, `${index}.json`), text);
    });
    const program = `
import json, sys
sys.path.insert(0, sys.argv[1])
from configuration import read_parameters
from failure import Failure
def read(index):
    try:
        return read_parameters(f"{sys.argv[2]}/{index}.json")
    except Failure:
        return None
print(json.dumps([read(index) for index in range(int(sys.argv[3]))]))
`;
    const library = join(__dirname, '..', 'codebuild', 'lib');
    const run = spawnSync('python3', ['-c', program, library, folder, String(texts.length)], {
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    });
    expect(run.stderr).toBe('');
    const ofPipeline: unknown[] = JSON.parse(run.stdout);
    const ofValidate = texts.map((text) => {
      const { file: read, problems } = readParameterFile('dev.json', Buffer.from(text));
      const values = read && valuesOf(read);
      const only = values !== undefined && Object.keys(read?.content as object).length === 1;
      return problems.length === 0 && only && Object.values(values).every((value) => typeof value === 'string')
        ? values
        : null;
    });
    for (const [index, text] of texts.entries()) {
      expect(ofPipeline[index], `seed ${seed}: ${JSON.stringify(text)}`).toEqual(ofValidate[index]);
    }
    expect(ofValidate.filter((values) => values !== null).length).toBeGreaterThan(100);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

describe('any value arrives literally at the AWS CLI', () => {
  // No argument of a program holds U+0000, and none is half a character; the files are refused before.
  const word = fc.string({ unit: 'binary' }).map((text) => Buffer.from(text.replaceAll('\0', '')).toString());
  const seed = Date.now();
  const commands = fc
    .sample(fc.array(fc.array(word, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 4 }), {
      numRuns: 300,
      seed,
    })
    .map((lines): Command => [['aws', 'cloudformation', 'deploy'], ...lines]);

  /** Runs a script in which aws prints its arguments, each with U+0000 behind it, and a further one at the end. */
  function argumentsIn(script: string): string[] {
    const recorder = `aws() { printf '%s\\0' "$@" END; }\n`;
    const { stdout, stderr } = spawnSync('bash', ['-c', recorder + script], {
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    });
    expect(stderr).toBe('');
    return stdout.split('\0').slice(0, -1);
  }
  const expected = commands.flatMap((command) => [...command.flat().slice(1), 'END']);

  test('from the plan, as stacks.sh runs it', () => {
    // A record of the plan is a line; `read` and `eval` are those of load_plan and run_text.
    const plan = commands.map((command) => `${shellText(command)}\n`).join('');
    const folder = mkdtempSync(join(tmpdir(), 'shell-text-'));
    try {
      writeFileSync(join(folder, 'plan'), plan);
      const script = `while IFS=$'\\t' read -r text; do eval "words=($text)"; "\${words[@]}"; done <'${folder}/plan'`;
      expect(argumentsIn(script), `seed ${seed}`).toEqual(expected);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('from what --dry-run prints', () => {
    expect(argumentsIn(commands.map((command) => `${shellLines(command)}\n`).join('')), `seed ${seed}`).toEqual(
      expected,
    );
  });
});
