import { Reference, template } from '../../dsl';
import { defineTopology } from '../../model/define-topology';
import { Repository } from '../../resources/codecommit';
import { topologyWith } from '../../topology.fixture';
import type { ArtifactStore } from '../shared/artifacts';
import { approve, blueGreen, buildWith, deployStack } from './actions';
import { declareBuild } from './build-project';
import { declarePipeline, environmentStage, stage } from './pipeline';
import { sourceFrom } from './source';

/** What must not compile; `tsc` fails when one of these lines does. */

const topology = topologyWith({ project: 'route-to-live', environments: [{ name: 'dev', approval: false }] });
const [dev] = topology.environments;
declare const store: ArtifactStore;
declare const account: Reference;
const t = template('types');
const source = sourceFrom(t, topology, 'containerBuild', { description: 'source', files: ['**'] });
const target = { environment: dev as NonNullable<typeof dev>, account };
const { repository } = t.resources({ repository: Repository({ RepositoryName: 'name' }) });

// What is right compiles.
const definition = {
  name: 'build',
  description: 'A build',
  buildspec: { build: ['bash "$scripts/build.sh"'] },
  permissions: [],
  timeoutInMinutes: 5,
  runsCommittedCode: false,
} as const;
const building = declareBuild(t, topology, store, 'containerBuild', {
  ...definition,
  input: source.action.output,
  output: { name: 'Built', folder: 'built' },
});
const build = buildWith('Build', building);
const checking = declareBuild(t, topology, store, 'containerBuild', { ...definition, input: build.output });
const checked = buildWith('Check', checking);
stage('Build', [build, [checked, checked]], 'retry');
deployStack(topology, 'CREATE_UPDATE', { target, template: 'infrastructure', source: build.output });
blueGreen(topology, { target, definitions: source.action.output, image: build.output });

// @ts-expect-error an artifact can't be named, only be handed on by the action that produces it
declareBuild(t, topology, store, 'containerBuild', { ...definition, input: 'Source' });
// @ts-expect-error an artifact can't be made up
declareBuild(t, topology, store, 'containerBuild', { ...definition, input: { name: 'Source' } });
// @ts-expect-error this action produces no artifact
declareBuild(t, topology, store, 'containerBuild', { ...definition, input: checked.output });
// @ts-expect-error a build runs a project, not a repository
buildWith('Build', repository);
// @ts-expect-error a project can't be named, it has to be declared
buildWith('Build', 'route-to-live-build-image');
// @ts-expect-error an environment is one of the topology's, not a name
environmentStage(topology, 'staging', []);
// @ts-expect-error a target needs the parameter that holds the account id
deployStack(topology, 'CREATE_UPDATE', { target: { environment: dev }, template: 'x', source: build.output });
// @ts-expect-error CloudFormation has no such mode
deployStack(topology, 'REPLACE', { target, template: 'infrastructure', source: build.output });
// @ts-expect-error an approval says what is under review
approve(topology, new Reference('Topic'), { name: 'Approve', link: '' });
// @ts-expect-error there is no such answer to a failure
stage('Build', [build], 'ignore');
// @ts-expect-error there is no such pipeline
declarePipeline(t, topology, {} as never, { pipeline: 'containerTest', stages: [] });
defineTopology({
  project: 'route-to-live',
  environments: [
    { name: 'dev', approval: false },
    // @ts-expect-error no environment of this topology is called staging
    { name: 'test', approval: true, sharesAccountWith: 'staging' },
  ],
});
// @ts-expect-error two executions at once could deploy the older one last
defineTopology({ project: 'route-to-live', environments: [], pipelines: { executionMode: 'PARALLEL' } });
