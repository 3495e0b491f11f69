import type { Container } from './container';
import { pascalCase } from './function-names';
import { likelyCause, nearest, printable } from './likely-cause';
import type { Environment, PipelineChoices, TopologyDefinition, toolingAccount } from './topology';
import type { Workload } from './workload';
import { workloadProblems } from './workload-problems';

/** Why a value is refused; what it is, and where, is for the caller to say. */
interface Refusal {
  readonly expected: string;
  /** What it probably is instead. */
  readonly cause?: string | undefined;
  readonly toDo: string;
}

/** Nothing for a value that is right. */
type Rule = (value: unknown) => Refusal | undefined;

/** For values that are looked at together with others. */
const anything: Rule = () => undefined;

const yesOrNo: Rule = (value) => {
  const quoted = value === 'true' || value === 'false';
  return typeof value === 'boolean'
    ? undefined
    : {
        expected: 'true or false',
        cause: quoted ? 'quotes around it' : undefined,
        toDo: quoted ? `write ${value} without quotes` : 'write which of them it is',
      };
};

/**
 * One of some words.
 *
 * @param explained words that somebody may expect to be among them, and what to know of each
 */
function oneOf<Word extends string>(words: readonly Word[], explained: Readonly<Record<string, string>> = {}): Rule {
  const all = words.map((word) => `'${word}'`).join(' or ');
  return (value) => {
    if (words.some((word) => word === value)) {
      return undefined;
    }
    const word = String(value);
    const meant = nearest(word, words);
    return {
      expected: all,
      cause: meant === undefined ? explained[word] : 'a misspelling',
      toDo: meant === undefined ? 'write one of these, or leave it out' : `did you mean '${meant}'?`,
    };
  };
}

/** Text of a certain shape. */
function text(accepts: (value: string) => boolean, expected: string, longest: number, toDo: string): Rule {
  return (value) => {
    if (typeof value !== 'string') {
      return { expected, toDo };
    }
    if (accepts(value)) {
      return undefined;
    }
    const likely = likelyCause(value, accepts);
    return {
      expected,
      cause: likely?.cause ?? (value.length > longest ? `${value.length} characters` : undefined),
      toDo: likely?.meant === undefined ? toDo : `write '${likely.meant}'`,
    };
  };
}

/** A whole number. */
const numberFrom =
  (lowest: number, highest: number, expected: string, toDo: string): Rule =>
  (value) =>
    Number.isInteger(value) && Number(value) >= lowest && Number(value) <= highest
      ? undefined
      : { expected, cause: typeof value === 'string' ? 'quotes around it' : undefined, toDo };

const limit = 'names in AWS are made of it, and the shortest of them may have 32 characters';

/** Beginnings that names of AWS must not have; those of the project's buckets and load balancers begin with the project. */
const takenByAws = [
  // Elastic Load Balancing API Reference, CreateLoadBalancer
  { beginning: 'internal-', cause: 'no load balancer may be called so' },
  // Amazon S3 User Guide, "General purpose bucket naming rules"
  ...['xn--', 'sthree-', 'amzn-s3-demo-'].map((beginning) => ({ beginning, cause: 'S3 keeps such names of buckets' })),
];

const projectText = text(
  (value) => /^[a-z][a-z0-9-]{1,14}[a-z0-9]$/.test(value),
  '3 to 16 lower-case letters, digits and hyphens, a letter first and no hyphen last',
  16,
  `write such a name: ${limit}`,
);

const project: Rule = (value) => {
  const taken = takenByAws.find(({ beginning }) => `${value}-`.startsWith(beginning));
  return taken === undefined
    ? projectText(value)
    : {
        expected: `another beginning than '${taken.beginning}'`,
        cause: taken.cause,
        toDo: 'begin it with another word, such as that of your team',
      };
};

/**
 * First words of the names that the tooling account has: `<project>-packages-...`. What an environment may do is told
 * by names that begin with `<project>-<environment>-`.
 */
const wordsOfTooling: readonly string[] = [
  'access',
  'approvals',
  'approver',
  'approvers',
  'artifact',
  'artifacts',
  'build',
  'check',
  'container',
  'not',
  'package',
  'packages',
  'publish',
  'review',
  'update',
  'verify',
];

/** Stages of the pipelines that deploy to environments. */
const stages: readonly string[] = ['Source', 'Package', 'Check', 'Verify'];

const environmentText = text(
  (value) => /^[a-z][a-z0-9]{1,11}$/.test(value),
  '2 to 12 lower-case letters or digits, a letter first',
  12,
  `write such a name: ${limit}`,
);

const tooling: typeof toolingAccount = 'tooling';

function takenWord(word: string): string | undefined {
  if (word === tooling) {
    return 'the account of the pipelines is called so';
  }
  if (word === 'all') {
    return 'it means every stack to scripts/deploy.sh and scripts/destroy.sh';
  }
  if (stages.includes(pascalCase(word))) {
    return `the pipelines have a stage ${pascalCase(word)}, and CodePipeline takes no second one`;
  }
  return wordsOfTooling.includes(word)
    ? `names of the tooling account begin with <project>-${word}, as those of this environment would`
    : undefined;
}

const environmentName: Rule = (value) => {
  const cause = takenWord(String(value));
  return cause === undefined
    ? environmentText(value)
    : { expected: 'a name that is not taken', cause, toDo: 'give the environment another name' };
};

/** What git takes (git-check-ref-format), as far as it is made of characters that stand for themselves everywhere. */
const isBranch = (value: string) =>
  /^[A-Za-z0-9._/-]{1,100}$/.test(value) && !/^[-./]|[./]$|\/[./]|\.\.|\.lock(\/|$)|^refs\//i.test(value);

const branchText = text(
  isBranch,
  'the name of one branch: letters, digits and any of . _ / -',
  100,
  'write the branch whose commits are to be deployed',
);

const branch: Rule = (value) => {
  const refused = branchText(value);
  if (refused === undefined || typeof value !== 'string') {
    return refused;
  }
  const short = value.replace(/^refs\/heads\//, '');
  if (short !== value && isBranch(short)) {
    return { ...refused, cause: 'a full reference of git', toDo: `write '${short}'` };
  }
  return /[*?[\]]/.test(value) ? { ...refused, cause: 'a wildcard, and a source takes one branch' } : refused;
};

const hosts = ['github', 'gitlab', 'bitbucket'];

/**
 * A rule for each key that may stand in a part of the topology. `npm run build` and the scripts do not check types, so
 * whatever is no key here is refused when they run; a key of the types that is missing here does not compile.
 */
const rules = {
  topology: {
    project,
    environments: (value) =>
      Array.isArray(value) && value.length > 0
        ? undefined
        : { expected: 'a list of at least one environment', toDo: "write [{ name: 'dev', approval: false }]" },
    pipelines: anything,
    container: anything,
    workloads: (value) =>
      Array.isArray(value) ? undefined : { expected: 'a list of workloads', toDo: 'write a list, or leave it out' },
  } satisfies Record<keyof TopologyDefinition<string>, Rule>,
  environment: {
    name: environmentName,
    approval: yesOrNo,
    production: yesOrNo,
    plainHttp: yesOrNo,
    sharesAccountWith: anything,
  } satisfies Record<keyof Environment, Rule>,
  pipelines: {
    source: oneOf<PipelineChoices['source']>(
      ['codecommit', 'connection'],
      Object.fromEntries(hosts.map((host) => [host, "what leads there is a 'connection'"])),
    ),
    branch,
    executionMode: oneOf<PipelineChoices['executionMode']>(['QUEUED', 'SUPERSEDED'], {
      PARALLEL: 'two executions could deploy to one environment at the same time, and the older one last',
    }),
    approvalTimeoutInMinutes: numberFrom(
      5,
      86_400,
      'a whole number from 5 to 86400, as CodePipeline takes it',
      'write the minutes, 60 days at most, or leave it out for 7 days',
    ),
    onBuildFailure: oneOf<PipelineChoices['onBuildFailure']>(['retry', 'fail']),
    onDeploymentFailure: oneOf<PipelineChoices['onDeploymentFailure']>(['fail', 'rollback']),
    approvers: oneOf<PipelineChoices['approvers']>(['email', 'email-json']),
  } satisfies Record<keyof PipelineChoices, Rule>,
  container: {
    name: text(
      (value) => /^[A-Za-z0-9_-]{1,255}$/.test(value),
      'letters, digits, hyphens and underscores, as ECS takes them',
      255,
      'write such a name',
    ),
    // The container runs without capabilities, so it can't listen below.
    port: numberFrom(
      1024,
      65_535,
      'a whole number from 1024 to 65535: the container has no right to listen below',
      'write the port on which it listens',
    ),
    healthCheckPath: text(
      (value) => /^\/[\x21-\x7e]{0,1023}$/.test(value),
      'a path that begins with /',
      1024,
      'write the path that it answers with 200',
    ),
  } satisfies Record<keyof Container, Rule>,
};

type Entry = Readonly<Record<string, unknown>>;

const isEntry = (value: unknown): value is Entry =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A value as it can be told in half a line. */
function told(value: unknown): string {
  switch (typeof value) {
    case 'undefined':
      return 'nothing';
    case 'string':
      return printable(value);
    case 'object':
      return Array.isArray(value) ? `a list of ${value.length}` : value === null ? 'null' : 'an object';
    default:
      return typeof value === 'function' ? 'a function' : String(value);
  }
}

const problem = (path: string, found: string, { expected, cause, toDo }: Refusal) =>
  `${path}: found ${found}${cause === undefined ? '' : ` (${cause})`}, expected ${expected}: ${toDo}`;

/** What is wrong with the keys of a part of the topology, and with the value of each. */
function problemsOf(
  path: string,
  entry: unknown,
  known: Readonly<Record<string, Rule>>,
  required: readonly string[],
): string[] {
  const keys = Object.keys(known);
  if (!isEntry(entry)) {
    return [problem(path, told(entry), { expected: `an object with ${keys.join(', ')}`, toDo: 'write { ... }' })];
  }
  const at = (key: string) => (path === '' ? key : `${path}.${key}`);
  return [
    ...Object.keys(entry)
      .filter((key) => !keys.includes(key))
      .map((key) => {
        const meant = nearest(key, keys);
        return problem(at(key), 'a key that nothing reads', {
          cause: meant === undefined ? undefined : 'a misspelling',
          expected: keys.join(', '),
          toDo: meant === undefined ? 'remove it' : `did you mean ${meant}?`,
        });
      }),
    ...Object.entries(known).flatMap(([key, rule]) => {
      const refused = required.includes(key) || Object.hasOwn(entry, key) ? rule(entry[key]) : undefined;
      return refused === undefined ? [] : [problem(at(key), told(entry[key]), refused)];
    }),
  ];
}

/** An environment of which nothing is known for sure. */
type Claimed = { readonly [Key in keyof Environment]?: unknown };

/** What is wrong with the name that an environment gives as owner of its account; chains are followed from there. */
function sharing(environments: readonly Claimed[], index: number): Refusal | undefined {
  const { name, production, sharesAccountWith: other } = environments[index] ?? {};
  const earlier = [tooling, ...environments.slice(0, index).map((one) => String(one.name))];
  const owner = environments.slice(0, index).find((one) => one.name === other);
  if (other === tooling || owner !== undefined) {
    const otherIsProduction = owner?.production === true;
    // Names keep the environments of an account apart, but not all that AWS has is named.
    return production !== true && !otherIsProduction
      ? undefined
      : {
          expected: `an account of its own for ${otherIsProduction ? other : name}, which is production`,
          cause:
            other === tooling
              ? 'builds run there that nobody has approved'
              : `what was approved for ${otherIsProduction ? name : other} alone could reach it`,
          toDo: `remove sharesAccountWith, and give ${name} an account of its own`,
        };
  }
  const expected = `${earlier.join(' or ')} (tooling, or an environment declared earlier)`;
  const toDo = 'name one of these, or remove sharesAccountWith';
  if (other === name) {
    return { expected, cause: 'its own name', toDo: 'remove sharesAccountWith: without it the account is its own' };
  }
  const later = environments.find((one) => one.name === other);
  if (later === undefined) {
    const meant = nearest(String(other), earlier);
    return meant === undefined
      ? { expected, toDo }
      : { expected, cause: 'a misspelling', toDo: `did you mean '${meant}'?` };
  }
  const path = chainFrom(environments, index);
  return path.at(-1) === name
    ? { expected, cause: `a cycle: ${path.join(' -> ')}`, toDo: `remove sharesAccountWith of ${name}` }
    : { expected, cause: 'declared later', toDo: `let ${other} share the account of ${name} instead` };
}

/** The names that lead from an environment to the owner of its account, up to one that occurs a second time. */
function chainFrom(environments: readonly Claimed[], index: number): unknown[] {
  const chain: unknown[] = [];
  let name: unknown = environments[index]?.name;
  while (name !== undefined && !chain.includes(name)) {
    chain.push(name);
    const current = name;
    name = environments.find((one) => one.name === current)?.sharesAccountWith;
  }
  return name === undefined ? chain : [...chain, name];
}

function problemsOfEnvironments(declared: readonly unknown[]): string[] {
  const environments = declared.map((one): Claimed => (isEntry(one) ? one : {}));
  return declared.flatMap((environment, index) => {
    const path = `environments[${index}]`;
    const { name, sharesAccountWith } = environments[index] as Claimed;
    const first = environments.findIndex((one) => one.name === name);
    const refused = sharesAccountWith === undefined ? undefined : sharing(environments, index);
    return [
      ...problemsOf(path, environment, rules.environment, ['name', 'approval']),
      ...(name === undefined || first === index
        ? []
        : [
            problem(`${path}.name`, told(name), {
              expected: 'a name of its own',
              cause: `the name of environments[${first}]`,
              toDo: 'give one of them another name',
            }),
          ]),
      ...(refused === undefined ? [] : [problem(`${path}.sharesAccountWith`, told(sharesAccountWith), refused)]),
    ];
  });
}

/** Everything that is wrong with a definition, whatever it is: where, what was found, what was expected, what to do. */
export function topologyProblems(definition: TopologyDefinition<string>): string[] {
  if (!isEntry(definition)) {
    return problemsOf('defineTopology', definition, rules.topology, []);
  }
  const { project: name, environments, pipelines, container, workloads } = definition as Entry;
  const list = Array.isArray(environments) ? (environments as readonly unknown[]) : [];
  const longestName = Math.max(0, ...list.map((one) => (isEntry(one) ? String(one.name).length : 0)));
  return [
    ...problemsOf('', definition, rules.topology, ['project', 'environments']),
    ...problemsOfEnvironments(list),
    ...(pipelines === undefined ? [] : problemsOf('pipelines', pipelines, rules.pipelines, [])),
    ...(container === undefined
      ? []
      : problemsOf('container', container, rules.container, Object.keys(rules.container))),
    ...(Array.isArray(workloads)
      ? workloadProblems(workloads as readonly Workload[], `${name}--`.length + longestName)
      : []),
  ];
}
