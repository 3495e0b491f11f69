import { expect, test } from 'vitest';
import { importTemplates } from '../../scripts/build/templates.fixture';
import { compile, toYaml } from '../dsl';
import { topologyWith } from '../topology.fixture';
import { defineTopology } from './define-topology';

const isRefused = (name: string) => {
  try {
    defineTopology({ project: 'shop', environments: [{ name, approval: false }] });
    return false;
  } catch {
    return true;
  }
};

/** The text of all templates of the tooling account. */
async function toolingTexts(): Promise<readonly string[]> {
  const templates = (await importTemplates()).filter(({ path }) => path.startsWith('tooling/'));
  return (['codecommit', 'connection'] as const).flatMap((source) => {
    const topology = topologyWith({
      project: 'shop',
      environments: [{ name: 'somewhere', approval: true }],
      pipelines: { source },
    });
    return templates.map(({ make }) => toYaml(compile(make(topology)), []));
  });
}

/** The first group of each match, once, without the name of the environment. */
const wordsIn = (texts: readonly string[], pattern: RegExp) =>
  [...new Set(texts.flatMap((text) => [...text.matchAll(pattern)].map(([, word]) => String(word).toLowerCase())))]
    .filter((word) => word !== 'somewhere')
    .sort();

test('no environment may be called like the first word of a name that the tooling account has', async () => {
  const words = wordsIn(await toolingTexts(), /\bshop-([a-z0-9]+)/g);

  expect(words).toEqual(expect.arrayContaining(['artifacts', 'container', 'packages', 'update']));
  expect(words.filter((word) => !isRefused(word))).toEqual([]);
});

test('no environment may be called like a stage of the pipelines that deploy to environments', async () => {
  const deploying = (await toolingTexts()).filter((text) => /^ +- Name: Somewhere$/m.test(text));
  const stages = wordsIn(deploying, /^ {8}- Name: ([A-Za-z]+)$/gm);

  expect(deploying).toHaveLength(4);
  expect(stages).toEqual(['check', 'package', 'source', 'verify']);
  expect(stages.filter((name) => !isRefused(name))).toEqual([]);
});
