import { defineTopology } from '../define-topology';
import type { HandleTo } from '../dsl/intrinsics';
import { Reference } from '../dsl/intrinsics';
import { template } from '../dsl/template';
import type { Project } from '../resources/codebuild';
import { Repository } from '../resources/codecommit';
import { approve, blueGreen, buildWith, declarePipeline, deployStack, environmentStage, stage } from './pipeline';
import { sourceFrom } from './source';

/** What must not compile; `tsc` fails when one of these lines does. */

const topology = defineTopology({ project: 'route-to-live', environments: [{ name: 'dev', approval: false }] });
const [dev] = topology.environments;
declare const project: HandleTo<typeof Project>;
declare const account: Reference;
const t = template('types');
const source = sourceFrom(t, topology, 'containerBuild', { description: 'source', files: ['**'] });
const target = { environment: dev as NonNullable<typeof dev>, account };
const { repository } = t.resources({ repository: Repository({ RepositoryName: 'name' }) });

// What is right compiles.
const build = buildWith('Build', project, source.action.output, { output: 'Built' });
const checked = buildWith('Check', project, build.output);
stage('Build', [build, [checked, checked]], 'retry');
deployStack(topology, 'CREATE_UPDATE', { target, template: 'infrastructure', source: build.output });
blueGreen(topology, { target, definitions: source.action.output, image: build.output });

// @ts-expect-error an artifact can't be named, only be handed on by the action that produces it
buildWith('Build', project, 'Source');
// @ts-expect-error an artifact can't be made up
buildWith('Build', project, { name: 'Source', file: (path: string) => path });
// @ts-expect-error this action produces no artifact
buildWith('Check', project, checked.output);
// @ts-expect-error a build runs a project, not a repository
buildWith('Build', repository, source.action.output);
// @ts-expect-error a project can't be named, it has to be declared
buildWith('Build', 'route-to-live-build-image', source.action.output);
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
