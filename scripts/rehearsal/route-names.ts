import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { nearest } from '../../templates-src/model/likely-cause';
import { readTemplate } from '../lib/template/document';

/** The names in the generated pipelines: what a person can point at. */
export interface PipelineNames {
  readonly pipeline: string;
  readonly stages: readonly { readonly name: string; readonly actions: readonly string[] }[];
}

/** An action of a pipeline. */
export interface ActionName {
  readonly pipeline: string;
  readonly stage: string;
  readonly action: string;
}

interface PipelineProperties {
  readonly Name: string;
  readonly Stages: readonly { readonly Name: string; readonly Actions: readonly { readonly Name: string }[] }[];
}

/** What somebody asked for does not exist. Its message lists what does. */
export class NameError extends Error {}

/**
 * Reads the pipelines among the generated templates of the tooling account.
 *
 * @param generated the folder `generated`
 */
export function readPipelineNames(generated: string): PipelineNames[] {
  const folder = join(generated, 'tooling');
  return readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .sort()
    .flatMap((file) => Object.values(readTemplate(join(folder, file)).Resources))
    .filter(({ Type }) => Type === 'AWS::CodePipeline::Pipeline')
    .map((resource) => (resource as unknown as { Properties: PipelineProperties }).Properties)
    .map(({ Name, Stages }) => ({
      pipeline: Name,
      stages: Stages.map((stage) => ({ name: stage.Name, actions: stage.Actions.map((action) => action.Name) })),
    }));
}

/**
 * Finds a pipeline.
 *
 * @throws NameError when there is none of that name
 */
export function findPipeline(pipelines: readonly PipelineNames[], name: string): PipelineNames {
  const found = pipelines.find(({ pipeline }) => pipeline === name);
  if (found === undefined) {
    throw unknown(
      'pipeline',
      name,
      pipelines.map(({ pipeline }) => pipeline),
    );
  }
  return found;
}

/**
 * Checks that one of the pipelines has a stage.
 *
 * @throws NameError when none has
 */
export function checkStage(pipelines: readonly PipelineNames[], name: string): void {
  const stages = [...new Set(pipelines.flatMap(({ stages: all }) => all.map((stage) => stage.name)))];
  if (!stages.includes(name)) {
    throw unknown('stage', name, stages);
  }
}

/**
 * Finds an action by its name, with as much of `PIPELINE.STAGE.` before it as it takes to mean one.
 *
 * @throws NameError when none is meant, or several are
 */
export function findAction(pipelines: readonly PipelineNames[], name: string): ActionName {
  const all = pipelines.flatMap(({ pipeline, stages }) =>
    stages.flatMap((stage) => stage.actions.map((action) => ({ pipeline, stage: stage.name, action }))),
  );
  const full = (it: ActionName) => `${it.pipeline}.${it.stage}.${it.action}`;
  const found = all.filter((it) => full(it) === name || full(it).endsWith(`.${name}`));
  const [only] = found;
  if (only === undefined) {
    throw unknown('action', name, all.map(full));
  }
  if (found.length > 1) {
    throw new NameError(`The name ${name} can mean ${found.map(full).join(' or ')}.`);
  }
  return only;
}

function unknown(kind: string, name: string, known: readonly string[]): NameError {
  const close = nearest(name, known);
  return new NameError(
    `There is no ${kind} ${name}${close === undefined ? '' : `; did you mean ${close}?`}\n` +
      `There ${known.length === 1 ? 'is' : 'are'}: ${known.join(', ')}`,
  );
}
