import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { taskSizes } from '../../templates-src/model/container';
import { regionPattern } from '../../templates-src/model/region';
import { accountIdParameter, type Environment, type Topology } from '../../templates-src/model/topology';
import {
  appspec,
  type DeployedEnvironment,
  isTaskDefinitionOf,
  source,
  taskDefinitionFile,
} from '../../templates-src/patterns/environment/ecs-deploy';
import { type BuildPlan, isGeneratedFrom, type PlannedFile, planFile, planStray } from './build';

const repository = join(__dirname, '..', '..');

/** Where the files of the container deployment are committed. */
export const ecsDeployFolder = join(repository, 'ecs-deploy');

/**
 * Builds the files of `ecs-deploy/` in memory and compares with what is there. Unlike templates they hold values of
 * `parameters/`: the account, the Region and the size of a task.
 *
 * @param parameters the folder of parameter files
 */
export function planEcsDeploy(
  topology: Topology,
  folder: string = ecsDeployFolder,
  parameters: string = join(repository, 'parameters'),
): BuildPlan {
  const errors: string[] = [];
  if (topology.container === undefined) {
    return { files: generatedFiles(folder).map(planOld), errors: [] };
  }
  const files: PlannedFile[] = [planFile(join(folder, 'appspec.yaml'), appspec(topology.container))];
  for (const environment of topology.environments) {
    const path = join(folder, `taskdef-${environment.name}.json`);
    try {
      files.push(planFile(path, taskDefinitionFile(topology, readEnvironment(environment, parameters))));
    } catch (error) {
      errors.push((error as Error).message);
    }
  }
  const expected = files.map(({ path }) => path);
  const stray = generatedFiles(folder).filter((path) => errors.length === 0 && !expected.includes(path));
  return { files: [...files, ...stray.map(planOld)], errors };
}

/** Where a file would lie that has been generated; other files there belong to whoever put them there. */
const generatedFiles = (folder: string) =>
  (existsSync(folder) ? readdirSync(folder) : [])
    .filter((name) => /^(appspec\.yaml|taskdef-.*\.json)$/.test(name))
    .map((name) => join(folder, name));

const planOld = (path: string): PlannedFile =>
  planStray(path, (text) => {
    const [, environment] = /taskdef-(.*)\.json$/.exec(path) ?? [];
    return environment === undefined ? isGeneratedFrom(source, text) : isTaskDefinitionOf(environment, text);
  });

function readEnvironment(environment: Environment, parameters: string): DeployedEnvironment {
  const needed = (file: string, key: string, expected: RegExp, inWords: string): string => {
    const path = join(parameters, file);
    const problem = (found: string) =>
      new Error(
        `parameters/${file}: ${key}: found ${found}, expected ${inWords}; ` +
          `ecs-deploy/taskdef-${environment.name}.json needs it. Run \`npm run configure\`, or correct the file.`,
      );
    let value: unknown;
    try {
      value = JSON.parse(readFileSync(path, 'utf8')).Parameters?.[key];
    } catch (error) {
      throw problem(existsSync(path) ? `a file that is no JSON (${(error as Error).message})` : 'no such file');
    }
    if (typeof value !== 'string' || !expected.test(value)) {
      throw problem(value === undefined ? 'nothing' : JSON.stringify(value));
    }
    return value;
  };
  const own = `${environment.name}/container-service.json`;
  const sizes = Object.keys(taskSizes);
  return {
    name: environment.name,
    account: needed('tooling/artifact-store.json', accountIdParameter(environment), /^\d{12}$/, '12 digits in quotes'),
    region: needed(own, 'Region', new RegExp(`^(${regionPattern})$`), 'a Region, such as "eu-west-1"'),
    size: needed(
      own,
      'TaskSize',
      new RegExp(`^(${sizes.join('|')})$`),
      sizes.join(', '),
    ) as DeployedEnvironment['size'],
  };
}
