import { chmod, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { makeFolder, writeFiles } from './test-support/project';
import { type Result, runScript } from './test-support/script';

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const image = (letter: string) => `111111111111.dkr.ecr.us-east-1.amazonaws.com/shop-container@${digest(letter)}`;

const definition = (more: object = {}, ofContainer: object = {}) => ({
  family: 'shop-live-container',
  cpu: '256',
  containerDefinitions: [
    { name: 'shop', image: '<IMAGE1_NAME>', environment: [{ name: 'A', value: 'b' }], user: '1000', ...ofContainer },
  ],
  ...more,
});

/** What AWS answers, by the operation of the AWS CLI; a text is an error. */
type Answers = Readonly<Record<string, object | string>>;

const healthy: Answers = {
  'sts assume-role': 'AKIA\tsecret\ttoken\t2030-01-01T00:00:00Z',
  'ecs describe-services': {
    services: [{ taskSets: [{ status: 'PRIMARY', taskDefinition: 'shop-live-container:4' }] }],
  },
  'ecs describe-task-definition': {
    taskDefinition: {
      ...definition({ revision: 4, status: 'ACTIVE', volumes: [] }, { image: image('a'), mountPoints: [], cpu: 0 }),
      taskDefinitionArn: 'arn:aws:ecs:us-east-1:333333333333:task-definition/shop-live-container:4',
    },
  },
  'ecr describe-images': { imageDetails: [{ imageTags: ['latest', '0a1b'] }] },
  'codebuild batch-get-builds': { builds: [{ id: 'shop-build-image:0a1b', resolvedSourceVersion: 'c0ffee' }] },
};

interface Review extends Result {
  readonly summary: () => Promise<string>;
  /** The calls, with the access key that each was made with. */
  readonly calls: () => Promise<string>;
}

/** Reviews a deployment, with a program in the place of the AWS CLI that gives the answers. */
async function review(answers: Answers = {}, next: object = definition()): Promise<Review> {
  const cwd = await makeFolder(onTestFinished);
  const all = Object.entries({ ...healthy, ...answers });
  await writeFiles(cwd, {
    'taskdef-live.json': JSON.stringify(next),
    'image/imageDetail.json': JSON.stringify({ ImageURI: image('b') }),
    'bin/aws':
      '#!/bin/sh\n[ "$1" != --version ] || exit 0\necho "$AWS_ACCESS_KEY_ID: $*" >>calls\n' +
      'if [ -f "answers/$1 $2" ]; then cat "answers/$1 $2"; else cat "errors/$1 $2" >&2; exit 254; fi\n',
    ...Object.fromEntries(
      all.map(([operation, answer]) =>
        typeof answer === 'string' && !operation.startsWith('sts')
          ? [`errors/${operation}`, answer]
          : [`answers/${operation}`, typeof answer === 'string' ? answer : JSON.stringify(answer)],
      ),
    ),
  });
  await chmod(join(cwd, 'bin/aws'), 0o755);
  const args = [
    ...['--environment', 'live', '--role-arn', 'arn:aws:iam::333333333333:role/shop-live-container-review'],
    ...['--cluster', 'shop-live-cluster', '--service', 'shop-live-container', '--repository', 'shop-container'],
    ...['--builds', 'shop-build-image', '--image', 'image', '--output', 'review'],
  ];
  const env = { ...process.env, PATH: `${cwd}/bin:${process.env.PATH}`, AWS_ACCESS_KEY_ID: 'OWN' };
  return {
    ...(await runScript('review-deployment.sh', args, { cwd, env })),
    summary: async () => (await readFile(join(cwd, 'review/summary'), 'utf8')).trimEnd(),
    calls: () => readFile(join(cwd, 'calls'), 'utf8'),
  };
}

test('says where the image comes from, and what differs from what serves now', async () => {
  const { code, stdout, stderr, summary } = await review(
    {},
    definition(
      { cpu: '512' },
      {
        environment: [
          { name: 'A', value: 'c' },
          { name: 'D', value: '' },
        ],
        command: ['sh'],
      },
    ),
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout.split('\n')).toEqual([
    `Image ${digest('b')}: built from commit c0ffee.`,
    `Serves now: ${digest('a')}, task definition shop-live-container:4.`,
    '  containerDefinitions.shop.command: nothing -> ["sh"]',
    '  containerDefinitions.shop.environment.A.value: "b" -> "c"',
    '  containerDefinitions.shop.environment.D: nothing -> {"name": "D", "value": ""}',
    `  containerDefinitions.shop.image: "${image('a')}" -> "${image('b')}"`,
    '  cpu: "256" -> "512"',
    '',
  ]);
  expect(await summary()).toBe(
    `The image is built from commit c0ffee. It serves ${digest('a')}. Task definition: ` +
      'containerDefinitions.shop.command, containerDefinitions.shop.environment.A.value, ' +
      'containerDefinitions.shop.environment.D, cpu differ.',
  );
});

test('of an image alone says that the task definition is as it is', async () => {
  const { summary } = await review();
  expect(await summary()).toBe(
    `The image is built from commit c0ffee. It serves ${digest('a')}. Task definition: as it is.`,
  );
});

test('of a first deployment says that nothing serves yet', async () => {
  const { code, summary } = await review({ 'ecs describe-services': { services: [{ taskSets: [] }] } });
  expect(code).toBe(0);
  expect(await summary()).toBe('The image is built from commit c0ffee. Nothing serves there yet.');
});

test.each([
  ['no build that CodeBuild knows', { 'codebuild batch-get-builds': { builds: [] } }, 'CodeBuild knows no build 0a1b'],
  ['no tag', { 'ecr describe-images': { imageDetails: [{ imageTags: ['latest'] }] } }, "no build's tag is on it"],
])('an image of %s is told as such, whatever it says of itself', async (_, answers, words) => {
  expect(await (await review(answers)).summary()).toContain(`The image is ${words}`);
});

test.each([
  'ecs describe-services',
  'ecs describe-task-definition',
  'ecr describe-images',
  'codebuild batch-get-builds',
])('fails where %s is denied, so that nobody is asked', async (operation) => {
  const denied = 'An error occurred (AccessDeniedException): not authorized';
  const { code, stderr } = await review({ [operation]: denied });
  expect(code).toBe(1);
  expect(stderr).toContain(denied);
  expect(stderr).toContain('live: not everything that the approval would let through can be seen, so nobody is asked;');
});

test('looks at the service as the role of the environment, and at images and builds as itself', async () => {
  const calls = (await (await review()).calls()).split('\n').map((line) => line.split(' ').slice(0, 3).join(' '));
  expect(calls).toEqual([
    'OWN: sts assume-role',
    'AKIA: ecs describe-services',
    'AKIA: ecs describe-task-definition',
    'OWN: ecr describe-images',
    'OWN: codebuild batch-get-builds',
    '',
  ]);
});

test('without its options ends with 2', async () => {
  const cwd = await makeFolder(onTestFinished);
  expect(await runScript('review-deployment.sh', [], { cwd, env: process.env })).toEqual({
    code: 2,
    stdout: '',
    stderr: 'review-deployment.sh: --image is missing. Try --help.\n',
  });
});
