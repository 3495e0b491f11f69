/**
 * The definition of a pipeline as `aws codepipeline get-pipeline` answers it, as far as the rehearsal understands it.
 * https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_PipelineDeclaration.html
 */
export interface PipelineDefinition {
  readonly name: string;
  readonly roleArn: string;
  readonly artifactStore: ArtifactStore;
  readonly executionMode: 'SUPERSEDED' | 'QUEUED';
  readonly stages: readonly StageDefinition[];
  /** What starts it, where its source is a connection; a CodeCommit repository starts it with an event. */
  readonly triggers: readonly Trigger[];
}

/** Pushes to a connected repository that start a pipeline. */
export interface Trigger {
  readonly gitConfiguration: {
    readonly sourceActionName: string;
    readonly push?: readonly {
      readonly branches?: Patterns;
      readonly filePaths?: Patterns;
    }[];
  };
}

/** Names, with wildcards. */
export interface Patterns {
  readonly includes?: readonly string[];
  readonly excludes?: readonly string[];
}

/** The bucket through which actions hand on artifacts. */
export interface ArtifactStore {
  readonly location: string;
  readonly encryptionKey?: { readonly id: string; readonly type: 'KMS' };
}

/** A stage; its actions run in the order of their `runOrder`, those with the same one side by side. */
export interface StageDefinition {
  readonly name: string;
  readonly actions: readonly ActionDefinition[];
  readonly onFailure?: {
    readonly result?: 'RETRY' | 'ROLLBACK' | 'FAIL';
    readonly retryConfiguration?: { readonly retryMode?: 'FAILED_ACTIONS' };
  };
}

/** An action; who does it is its provider. */
export interface ActionDefinition {
  readonly name: string;
  readonly actionTypeId: { readonly category: string; readonly provider: string };
  readonly runOrder: number;
  readonly configuration: Readonly<Record<string, string>>;
  readonly inputArtifacts: readonly { readonly name: string }[];
  readonly outputArtifacts: readonly { readonly name: string }[];
  readonly namespace?: string;
  /** The role that the pipeline's role assumes for the action; without one, the pipeline's role itself acts. */
  readonly roleArn?: string;
  readonly timeoutInMinutes?: number;
}

/** What may stand in each part of a definition. What is not here would be left undone without anybody noticing. */
const known = {
  pipeline: new Set([
    ...['name', 'roleArn', 'artifactStore', 'executionMode', 'stages', 'triggers', 'version', 'pipelineType'],
  ]),
  trigger: new Set(['sourceActionName', 'push']),
  push: new Set(['branches', 'filePaths']),
  artifactStore: new Set(['type', 'location', 'encryptionKey']),
  stage: new Set(['name', 'actions', 'onFailure', 'blockers']),
  onFailure: new Set(['result', 'retryConfiguration']),
  action: new Set([
    ...['name', 'actionTypeId', 'runOrder', 'configuration', 'inputArtifacts', 'outputArtifacts'],
    ...['namespace', 'roleArn', 'timeoutInMinutes'],
  ]),
};

type Part = Readonly<Record<string, unknown>>;

/**
 * Reads what get-pipeline answers.
 *
 * @throws Error that names every part that the rehearsal does not understand
 */
export function readDefinition(pipeline: Part): PipelineDefinition {
  const problems: string[] = [];
  const check = (kind: keyof typeof known, path: string, part: Part) => {
    for (const [key, value] of Object.entries(part)) {
      if (!known[kind].has(key) && !isEmpty(value)) {
        problems.push(`${path}.${key}`);
      }
    }
  };
  const definition = {
    executionMode: 'SUPERSEDED',
    ...pipeline,
  } as unknown as PipelineDefinition;
  check('pipeline', definition.name, pipeline);
  check('artifactStore', `${definition.name}.artifactStore`, (definition.artifactStore ?? {}) as unknown as Part);
  for (const { gitConfiguration } of definition.triggers ?? []) {
    const path = `${definition.name}.triggers.${gitConfiguration.sourceActionName}`;
    check('trigger', path, gitConfiguration as unknown as Part);
    for (const push of gitConfiguration.push ?? []) {
      check('push', `${path}.push`, push as Part);
    }
  }
  for (const stage of definition.stages) {
    const path = `${definition.name}.${stage.name}`;
    check('stage', path, stage as unknown as Part);
    check('onFailure', `${path}.onFailure`, (stage.onFailure ?? {}) as Part);
    if (!['RETRY', 'ROLLBACK', 'FAIL'].includes(stage.onFailure?.result ?? 'FAIL')) {
      problems.push(`${path}.onFailure.result ${stage.onFailure?.result}`);
    }
    const retryMode: string | undefined = stage.onFailure?.retryConfiguration?.retryMode;
    if (retryMode !== undefined && retryMode !== 'FAILED_ACTIONS') {
      problems.push(`${path}.onFailure.retryConfiguration.retryMode ${retryMode}`);
    }
    for (const action of stage.actions) {
      check('action', `${path}.${action.name}`, action as unknown as Part);
    }
  }
  if (!['SUPERSEDED', 'QUEUED'].includes(definition.executionMode)) {
    problems.push(`${definition.name}.executionMode ${definition.executionMode}`);
  }
  if (problems.length > 0) {
    throw new Error(`The rehearsal does not know how CodePipeline treats ${problems.join(', ')}.`);
  }
  return {
    ...definition,
    triggers: definition.triggers ?? [],
    stages: definition.stages.map((stage) => ({
      ...stage,
      actions: stage.actions.map((action) => ({
        ...action,
        runOrder: action.runOrder ?? 1,
        configuration: action.configuration ?? {},
        inputArtifacts: action.inputArtifacts ?? [],
        outputArtifacts: action.outputArtifacts ?? [],
      })),
    })),
  };
}

const isEmpty = (value: unknown) =>
  value === null || value === undefined || (Array.isArray(value) && value.length === 0);
