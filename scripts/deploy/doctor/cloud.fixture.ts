import { accountsOf } from '../../../templates-src/model/accounts';
import type { Topology } from '../../../templates-src/model/topology';
import { sourceOf } from '../../access/access.fixture';
import type { RouteSource } from '../../lib/resolve/resolve-route';
import { madeUpId } from '../../lib/values.fixture';
import type { Answer as Said } from '../aws-cli';
import type { Target } from '../deployment-target';
import type { AccountView } from './account-view';
import { AwsApi } from './aws-api';
import { checks } from './checks';
import { examine, type Result } from './examine';
import { type Answer, firstDayAnswers, healthyAnswers } from './healthy-answers.fixture';
import { viewsOf } from './route-views';

/** Answers by `service operation`; a function may change the healthy answer, or leave it. */
export type Answers = Readonly<Record<string, Answer | ((call: Call, healthy: () => Answer) => Answer | undefined)>>;

export interface Call {
  readonly service: string;
  readonly operation: string;
  /** Name of the account in the topology, its owner's where several share it. */
  readonly account: string;
  // biome-ignore lint/suspicious/noExplicitAny: its shape is checked against the models of botocore
  readonly input: any;
}

/** What was asked and answered, for check_answers.py. */
export type Recorded = Call & ({ readonly output: object } | { readonly error: string });

export const now = new Date('2026-11-26T12:00:00Z');

export interface Cloud {
  readonly topology: Topology;
  /** Answers that take the place of healthy ones. */
  readonly answers?: Answers;
  /** Values of parameters, in the files of all stacks that have them. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Whether nothing is deployed yet. */
  readonly empty?: boolean;
  /** Told of every call. */
  readonly record?: (call: Recorded) => void;
}

/** Templates take a while to generate. */
const sources = new Map<Topology, RouteSource>();

/** Runs all checks in a made-up cloud, in which everything is as it should be save for some answers. */
export async function examineCloud(cloud: Cloud): Promise<Result[]> {
  const { topology, parameters = {} } = cloud;
  const generated = await (sources.get(topology) ?? sourceOf(topology));
  sources.set(topology, generated);
  const source: RouteSource = {
    ...generated,
    parameters: (stack) => {
      const declared = generated.template(stack.template);
      const own = Object.entries(parameters).filter(([key]) => declared.includes(`\n  ${key}:\n    Type:`));
      return { ...generated.parameters(stack), ...Object.fromEntries(own) };
    },
  };
  let views: AccountView[] = [];
  const aws = new AwsApi(async (command) => play(cloud, views, callOf(command.flat().map(String))));
  views = viewsOf(aws, topology, targetsOf(topology), source, now);
  return examine(views, checks, () => {});
}

function targetsOf(topology: Topology): Target[] {
  return accountsOf(topology).map(({ name, owner }) => ({
    account: name,
    accountId: madeUpId(topology, name),
    accountIdSource: 'the parameter files',
    profile: owner,
    usualProfile: owner,
    options: [
      ['--region', 'eu-west-1'],
      ['--profile', owner],
    ],
  }));
}

function callOf(words: readonly string[]): Call {
  const [, service = '', operation = ''] = words;
  const option = (name: string) => words[words.indexOf(name) + 1] as string;
  const input = words.includes('--cli-input-json') ? JSON.parse(option('--cli-input-json')) : {};
  return { service, operation, account: option('--profile'), input };
}

function play(cloud: Cloud, views: readonly AccountView[], call: Call): Said {
  const key = `${call.service} ${call.operation}`;
  const injected = cloud.answers?.[key];
  const usual = () => healthy(cloud, views, call);
  const answer = (typeof injected === 'function' ? injected(call, usual) : injected) ?? usual();
  if ('error' in answer) {
    const { error, message = 'no message' } = answer;
    cloud.record?.({ ...call, error });
    const stderr = `\nAn error occurred (${error}) when calling the Some operation: ${message}\n`;
    return { succeeded: false, stdout: '', stderr };
  }
  cloud.record?.({ ...call, output: answer.output });
  return { succeeded: true, stdout: JSON.stringify(answer.output), stderr: '' };
}

function healthy(cloud: Cloud, views: readonly AccountView[], call: Call): Answer {
  const view = views.find(({ targets }) => targets.some((target) => target.account === call.account)) as AccountView;
  const stack = view.stacks.find((expected) => expected.stack.name === call.input.StackName);
  const key = `${call.service} ${call.operation}`;
  const answer = (cloud.empty ? firstDayAnswers[key] : undefined) ?? healthyAnswers[key];
  if (answer === undefined) {
    throw new Error(`healthy-answers.fixture.ts has none to aws ${key}`);
  }
  return answer({ view, stack, input: call.input });
}
