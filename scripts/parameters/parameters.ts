import { Ajv, type AnySchemaObject, type ErrorObject } from 'ajv';
import type { ParameterDeclaration } from '../../templates-src/dsl';
import { likelyCause, nearest, printable } from '../../templates-src/model/likely-cause';
import { regionPattern } from '../../templates-src/model/region';
import { type Feed, notInFile, type Stack } from '../../templates-src/model/stacks';

/** The parameters of a template, as CloudFormation declares them. */
export type ParameterDeclarations = Readonly<Record<string, ParameterDeclaration>>;

/** A parameters file that is JSON: what stands in it, and where. */
export interface ParameterFile {
  readonly file: string;
  readonly content: unknown;
  /** Line of the entry at a path of keys (1 is the first), and its value as it is written. */
  readonly at: (path: readonly string[]) => { readonly line: number; readonly source: string } | undefined;
}

/** Something in the parameter files that AWS would refuse or, worse, accept. */
export interface ParameterProblem {
  readonly file: string;
  readonly line?: number | undefined;
  readonly column?: number | undefined;
  readonly key?: string | undefined;
  readonly found: string;
  readonly rule: string;
  readonly likelyCause?: string | undefined;
  readonly whatToDo: string;
}

/** A problem as a person reads it: place and value in the first line, then the rule, the likely cause and the way out. */
export function describeProblem(problem: ParameterProblem): string {
  const { file, line, column, key, found, rule, whatToDo } = problem;
  const place = [file, line, column].filter((part) => part !== undefined).join(':');
  const named = key === undefined ? '' : `${nameOf(key)}: `;
  return [
    `${place}: ${named}found ${found}`,
    `  rule:         ${rule}`,
    ...(problem.likelyCause === undefined ? [] : [`  likely cause: ${problem.likelyCause}`]),
    `  what to do:   ${whatToDo}`,
  ].join('\n');
}

/** A key as it is, if it looks like one; it can be anything, also text that moves the cursor, or a megabyte of it. */
const nameOf = (key: string) => (/^[\w.:-]{1,255}$/.test(key) ? key : printable(key));

/** How many problems are printed: who has more has one cause for many of them. */
const MOST_PRINTED = 50;

/** Problems as a person reads them, not more than anybody would read. */
export function describeProblems(problems: readonly ParameterProblem[]): string {
  const more = problems.length - MOST_PRINTED;
  return [
    ...problems.slice(0, MOST_PRINTED).map(describeProblem),
    ...(more > 0 ? [`... and ${more} more ${more === 1 ? 'problem' : 'problems'}`] : []),
  ].join('\n');
}

/**
 * The JSON Schema of a file that holds the parameters of a template.
 *
 * All values are strings, as CloudFormation's API takes them; `listMembers`, `minValue` and `maxValue` are keywords
 * of our own that look into these strings. Parameters with a default may be left out, fed ones must be.
 *
 * @param fed Parameters that `deploy.sh` or a pipeline feeds.
 */
export function parameterFileSchema(declarations: ParameterDeclarations, fed: readonly string[]): AnySchemaObject {
  const own = Object.entries(declarations).filter(([name]) => !fed.includes(name));
  return {
    type: 'object',
    required: ['Parameters'],
    additionalProperties: false,
    properties: {
      Parameters: {
        type: 'object',
        required: own.filter(([, { Default }]) => Default === undefined).map(([name]) => name),
        additionalProperties: false,
        properties: Object.fromEntries(own.map(([name, declaration]) => [name, valueSchema(declaration)])),
      },
    },
  };
}

/**
 * The JSON Schema of one value: each rule is a subschema whose description says what it asks for.
 *
 * AWS applies AllowedPattern, AllowedValues, MinValue and MaxValue to each member of a list, which it trims
 * (CloudFormation User Guide, "Parameters syntax"); what MinLength and MaxLength mean for a list it doesn't say.
 */
function valueSchema(declaration: ParameterDeclaration): AnySchemaObject {
  const { Type, Description, AllowedPattern, AllowedValues, MinLength, MaxLength, MinValue, MaxValue } = declaration;
  const memberType = Type === 'CommaDelimitedList' ? 'String' : /^List<(.+)>$/.exec(Type)?.[1];
  const declared = (rule: string) => declaration.ConstraintDescription ?? rule;
  const rules: AnySchemaObject[] = [...typeRules(memberType ?? Type)];
  if (AllowedPattern !== undefined) {
    // CloudFormation matches the whole value; JSON Schema is content with a part of it.
    rules.push({ pattern: `^(?:${AllowedPattern})$`, description: declared(`must match ${AllowedPattern}`) });
  }
  if (AllowedValues !== undefined) {
    const values = AllowedValues.map(String);
    rules.push({ enum: values, description: declared(`must be one of ${values.join(', ')}`) });
  }
  if (MinLength !== undefined && memberType === undefined) {
    rules.push({ minLength: MinLength, description: declared(`must have at least ${MinLength} characters`) });
  }
  if (MaxLength !== undefined && memberType === undefined) {
    rules.push({ maxLength: MaxLength, description: declared(`must have at most ${MaxLength} characters`) });
  }
  if (MinValue !== undefined) {
    rules.push({ minValue: MinValue, description: declared(`must be at least ${MinValue}`) });
  }
  if (MaxValue !== undefined) {
    rules.push({ maxValue: MaxValue, description: declared(`must be at most ${MaxValue}`) });
  }
  const schema = { type: 'string', ...(rules.length > 0 ? { allOf: rules } : {}) };
  return memberType === undefined
    ? { description: Description, ...schema }
    : { description: Description, type: 'string', listMembers: schema };
}

/** Ids that CloudFormation looks up in EC2 before it starts: a prefix, and 8 (old) or 17 hexadecimal digits. */
const idPrefixes: Readonly<Record<string, string>> = {
  'AWS::EC2::Image::Id': 'ami',
  'AWS::EC2::Instance::Id': 'i',
  'AWS::EC2::SecurityGroup::Id': 'sg',
  'AWS::EC2::Subnet::Id': 'subnet',
  'AWS::EC2::VPC::Id': 'vpc',
  'AWS::EC2::Volume::Id': 'vol',
};

/**
 * A number in the one way in which everybody reads it alike.
 *
 * CloudFormation checks that a Number is "an integer or float", in words that it documents no further, and then hands it
 * on as literal text (User Guide, "Parameters syntax", Type): conditions compare that text, so that "0.0" is not "0", and
 * resources get it as it stands; of "5e+08" a service has said "invalid parameter value: 5.0E8"
 * (awslabs/aws-cloudformation-template-formatter, issue 10). So no exponent, sign +, leading or trailing zeros, and no more
 * digits than a double holds exactly.
 */
const writtenOut = '^(?!-0$)(?!(?:\\D*\\d){16})-?(0|[1-9]\\d*)(\\.\\d*[1-9])?$';

function typeRules(type: string): AnySchemaObject[] {
  if (type === 'String') {
    return [];
  }
  if (type === 'Number') {
    return [{ pattern: writtenOut, description: 'must be a number, written out in digits as in 10, -1 or 0.5' }];
  }
  if (type.startsWith('AWS::SSM::Parameter::')) {
    // The file holds the name; nobody but Parameter Store can check the value.
    const description = 'must be the name of a parameter in Systems Manager Parameter Store';
    return [{ pattern: '^[\\w./:-]+$', description }];
  }
  if (type === 'AWS::EC2::AvailabilityZone::Name') {
    const description = 'must be the name of an availability zone, such as eu-west-1a';
    return [{ pattern: `^(${regionPattern})[a-z]$`, description }];
  }
  const prefix = idPrefixes[type];
  return prefix === undefined
    ? [{ minLength: 1, description: `must be an existing ${type}` }]
    : [{ pattern: `^${prefix}-([0-9a-f]{8}|[0-9a-f]{17})$`, description: `must be an id such as ${prefix}-0a1b2c3d` }];
}

const ajv = withOwnKeywords(
  // Patterns are written for CloudFormation (Java), which allows escapes that JavaScript's unicode mode refuses.
  new Ajv({ strict: true, allErrors: true, verbose: true, unicodeRegExp: false }),
);

function withOwnKeywords(ajv: Ajv): Ajv {
  const bound = (keyword: string, holds: (limit: number, value: number) => boolean) =>
    ajv.addKeyword({
      keyword,
      type: 'string',
      schemaType: 'number',
      // 1e999 and Infinity are beyond every bound. What is no number at all breaks the rule of the type.
      validate: (limit: number, value: string) => Number.isNaN(Number(value)) || holds(limit, Number(value)),
    });
  bound('minValue', (limit, value) => value >= limit);
  bound('maxValue', (limit, value) => value <= limit);
  ajv.addKeyword({
    keyword: 'listMembers',
    type: 'string',
    schemaType: 'object',
    compile(schema: AnySchemaObject) {
      const accepts = ajv.compile(schema);
      const check: { (value: string): boolean; errors?: Partial<ErrorObject>[] } = (value) => {
        check.errors = value
          .split(',')
          .map((member) => member.trim())
          .flatMap((member) => (accepts(member) ? [] : (accepts.errors ?? [])))
          // Without a path of its own ajv fills in that of the list.
          .map(({ instancePath, ...error }) => ({ ...error, params: { ...error.params, member: error.data } }));
        return check.errors.length === 0;
      };
      return check;
    },
  });
  return ajv;
}

/**
 * Checks one value against its declaration alone.
 *
 * @returns What is wrong with it, or nothing.
 */
export function problemOfValue(
  declaration: ParameterDeclaration,
  value: string,
): Pick<ParameterProblem, 'found' | 'rule' | 'likelyCause' | 'whatToDo'> | undefined {
  const validate = ajv.compile(valueSchema(declaration));
  return validate(value) ? undefined : refusedValue(declaration, value, validate.errors ?? []);
}

/**
 * Makes the function that checks the files of a template's stacks; the schema is compiled once for all of them.
 *
 * @param fed Parameters that `deploy.sh` or a pipeline feeds to these stacks.
 * @returns A function from a stack and its file to all problems of the file.
 * @throws Error when the template declares a pattern that is not a regular expression.
 */
export function fileChecker(
  declarations: ParameterDeclarations,
  fed: readonly string[],
): (stack: Stack, file: ParameterFile) => ParameterProblem[] {
  const validate = ajv.compile(parameterFileSchema(declarations, fed));
  return (stack, file) => (validate(file.content) ? [] : problemsOf(stack, declarations, file, validate.errors ?? []));
}

/** The parameters in a file: nothing if it hasn't the right shape. */
export function valuesOf({ content }: ParameterFile): Readonly<Record<string, unknown>> | undefined {
  const parameters = isObject(content) ? content.Parameters : undefined;
  return isObject(parameters) ? parameters : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Turns ajv's errors into problems: one for each key, however many rules it breaks. */
function problemsOf(
  stack: Stack,
  declarations: ParameterDeclarations,
  { file, content, at }: ParameterFile,
  errors: readonly ErrorObject[],
): ParameterProblem[] {
  const values = valuesOf({ file, content, at });
  if (values === undefined) {
    return [wrongShape({ file, content, at })];
  }
  const problems: ParameterProblem[] = Object.keys(content as object)
    .filter((key) => key !== 'Parameters')
    .map((key) => ({
      file,
      line: at([key])?.line,
      key,
      found: 'a key beside Parameters',
      rule:
        key === 'Tags'
          ? 'the file must hold the key Parameters and no other: stack tags reach every resource, and so update even ' +
            'those that must never change'
          : 'the file must hold the key Parameters and no other',
      likelyCause: Object.hasOwn(declarations, key) ? 'a parameter that stands outside of Parameters' : undefined,
      whatToDo: Object.hasOwn(declarations, key) ? 'move it into Parameters' : 'remove it',
    }));

  const missing = new Set(errors.flatMap(({ params }) => (params.missingProperty as string | undefined) ?? []));
  const own = Object.keys(declarations).filter((name) => !notInFile(stack).includes(name));
  const absent = own.filter((name) => !Object.hasOwn(values, name));
  for (const key of Object.keys(values)) {
    const place = { file, line: at(['Parameters', key])?.line, key };
    const feed = stack.feeds.find(({ parameter }) => parameter === key);
    const declaration = Object.hasOwn(declarations, key) ? declarations[key] : undefined;
    if (feed !== undefined) {
      problems.push({ ...place, ...fedValue(feed) });
    } else if (stack.passedByPipeline?.includes(key)) {
      problems.push({ ...place, ...passedValue });
    } else if (declaration === undefined) {
      const meant = nearest(key, absent);
      if (meant !== undefined) {
        missing.delete(meant);
      }
      problems.push({ ...place, ...undeclaredKey(stack, own, meant) });
    } else {
      const broken = errors.filter(({ instancePath }) => instancePath === `/Parameters/${key}`);
      const value = values[key];
      if (broken.length > 0) {
        const source = at(['Parameters', key])?.source ?? JSON.stringify(value);
        problems.push({
          ...place,
          ...(typeof value === 'string'
            ? refusedValue(declaration, value, broken)
            : notAString(declaration, value, source)),
        });
      }
    }
  }
  for (const key of missing) {
    problems.push({
      file,
      line: at(['Parameters'])?.line,
      key,
      found: 'no value',
      rule: `${stack.template} declares it without a default: ${declarations[key]?.Description}`,
      whatToDo: `add "${key}" to Parameters`,
    });
  }
  return problems;
}

function wrongShape({ file, content, at }: ParameterFile): ParameterProblem {
  const expected = { rule: 'the file must be {"Parameters": {"Name": "value", ...}}', line: at([])?.line };
  if (Array.isArray(content)) {
    return {
      file,
      ...expected,
      found: 'a list',
      likelyCause: 'the form that `aws cloudformation create-stack --parameters` takes',
      whatToDo: 'write {"Parameters": {"Name": "value", ...}} instead of ParameterKey and ParameterValue',
    };
  }
  if (!isObject(content)) {
    return { file, ...expected, found: kindOf(content), whatToDo: 'write an object' };
  }
  if (Object.hasOwn(content, 'Parameters')) {
    const { line } = at(['Parameters']) ?? {};
    const found = kindOf(content.Parameters);
    return { file, ...expected, line, key: 'Parameters', found, whatToDo: 'write an object of names and values' };
  }
  const keys = Object.keys(content);
  const meant = keys.find((key) => nearest(key, ['Parameters']) !== undefined);
  return {
    file,
    ...expected,
    found: keys.length > 0 ? `an object with ${listed(keys)}` : 'an empty object',
    likelyCause:
      meant !== undefined
        ? `a misspelling; did you mean Parameters instead of ${meant}?`
        : keys.length > 0
          ? 'the values stand at the top level'
          : undefined,
    whatToDo: meant !== undefined ? 'correct the name' : 'put the values into an object under the key Parameters',
  };
}

/** The first of some names, and how many there are besides. */
function listed(names: readonly string[]): string {
  const shown = names.slice(0, 10).map(nameOf);
  return names.length > shown.length ? `${shown.join(', ')} and ${names.length - shown.length} more` : shown.join(', ');
}

function fedValue({ parameter, stack, output }: Feed) {
  return {
    found: 'a value in the file',
    rule: `deploy.sh feeds ${parameter} from the output ${output} of the stack ${stack}`,
    likelyCause: 'a value that was copied from a stack; it would go stale here',
    whatToDo: 'remove it',
  };
}

const passedValue = {
  found: 'a value in the file',
  rule: 'the pipeline passes it: the key of the package that this execution has made',
  likelyCause: 'a value that was copied from a stack; it would ship old code',
  whatToDo: 'remove it',
};

function undeclaredKey({ template }: Stack, declared: readonly string[], meant: string | undefined) {
  // The value is not shown: it may be the secret of a misspelled NoEcho parameter.
  return {
    found: 'a parameter that the template does not declare',
    rule: `must be a parameter of ${template}: the AWS CLI would ignore any other, CodePipeline would refuse it`,
    likelyCause: meant === undefined ? undefined : `a misspelling; did you mean ${meant}?`,
    whatToDo: meant === undefined ? `remove it; declared are ${declared.join(', ')}` : 'correct the name',
  };
}

function refusedValue(declaration: ParameterDeclaration, value: string, errors: readonly ErrorObject[]) {
  const accepts = ajv.compile(valueSchema(declaration));
  const members = [...new Set(errors.flatMap(({ params }) => (params.member as string | undefined) ?? []))];
  const [member] = members;
  const rule = rulesOf(errors).join('; ');
  const cause = likelyCause(member ?? value, accepts, declaration.AllowedValues?.map(String));
  if (declaration.NoEcho) {
    return {
      found: 'a value that is not shown (NoEcho)',
      rule,
      likelyCause: cause?.cause,
      whatToDo: 'correct the value',
    };
  }
  return {
    found: members.length > 0 ? `${members.map(printable).join(' and ')} in ${printable(value)}` : printable(value),
    rule,
    likelyCause: cause?.cause,
    whatToDo:
      cause?.meant === undefined
        ? corrected(declaration)
        : `write ${JSON.stringify(cause.meant)}${member === undefined ? '' : ` instead of ${printable(member)}`}`,
  };
}

function notAString(declaration: ParameterDeclaration, value: unknown, source: string) {
  const accepts = ajv.compile(valueSchema(declaration));
  const written = typeof value === 'number' || typeof value === 'boolean';
  const quoted = written && accepts(source);
  const alsoBroken = written && !quoted ? rulesOf(accepts.errors ?? []) : [];
  const found = written && !declaration.NoEcho ? `${short(source)} (${kindOf(value)})` : kindOf(value);
  return {
    found: declaration.NoEcho ? `${found} that is not shown (NoEcho)` : found,
    rule: ['must be a string: CloudFormation takes no other kind of value', ...alsoBroken].join('; '),
    likelyCause: quoted ? 'quotes forgotten' : written ? likelyCause(source, accepts)?.cause : undefined,
    whatToDo:
      quoted && !declaration.NoEcho
        ? `write "${short(source)}"`
        : `${corrected(declaration)}, as one string between quotes`,
  };
}

/** Not more than fits on a line. */
const short = (text: string) => (text.length > 80 ? `${text.slice(0, 80)}...` : text);

/** What the broken rules ask for; several may say the same. */
function rulesOf(errors: readonly ErrorObject[]): readonly string[] {
  return [...new Set(errors.map(({ parentSchema }) => parentSchema?.description as string))];
}

function corrected({ Description }: ParameterDeclaration): string {
  return `correct the value (${Description})`;
}

function kindOf(value: unknown): string {
  if (value === null) {
    return 'null';
  }
  return Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
