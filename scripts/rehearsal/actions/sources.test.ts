import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Bench, role, withFault } from '../action-context.fixture';
import { unpack } from '../archive';
import { getObject } from '../cloud';

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.start();
  await bench.context.repositories.create('Team-Repository');
  await bench.tooling('ecr', 'CreateRepository', { repositoryName: 'team/image' });
});
afterAll(() => bench.stop());

const output = { outputArtifacts: [{ name: 'SourceArtifact' }] };
const commitSource = (more = {}) =>
  bench.perform('CodeCommit', { RepositoryName: 'Team-Repository', BranchName: 'main' }, { ...output, ...more });

describe('a source in CodeCommit', () => {
  test('fails as long as nothing was pushed', async () => {
    await expect(commitSource()).rejects.toThrow(
      'The repository Team-Repository has no branch main: nothing was pushed to it yet.',
    );
  });

  test('leaves the files of the newest commit behind, and names the commit', async () => {
    await bench.commit('Team-Repository', { 'old.txt': 'gone' });
    const files = { 'run.sh': '#!/bin/sh\n', 'folder/.hidden': 'here', 'with space.txt': 'text' };
    const id = await bench.commit('Team-Repository', files, 'Subject\n\nAnd more.');

    const { summary, outputs, variables } = await commitSource();

    expect(summary).toBe(`${id.slice(0, 8)} Subject`);
    const location = outputs?.get('SourceArtifact');
    expect(await bench.filesOf(location)).toEqual(files);
    expect(variables).toMatchObject({
      RepositoryName: 'Team-Repository',
      BranchName: 'main',
      CommitId: id,
      CommitMessage: 'Subject\n\nAnd more.',
      AuthorDate: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      CommitterDate: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    });
  });

  test('keeps what is executable executable', async () => {
    await bench.commit('Team-Repository', { 'run.sh': '#!/bin/sh\n', 'text.txt': '' });
    const location = (await commitSource()).outputs?.get('SourceArtifact');
    const session = await bench.pipelineSession();
    const folder = join(bench.folder, 'modes');
    await unpack(await getObject(bench.context.cloud, session, location ?? { bucket: '', key: '' }), folder);

    expect((await stat(join(folder, 'run.sh'))).mode & 0o111).not.toBe(0);
    expect((await stat(join(folder, 'text.txt'))).mode & 0o111).toBe(0);
  });

  test('stores its artifact where CodePipeline would, encrypted with the key of the pipeline', async () => {
    await bench.commit('Team-Repository', { 'a.txt': '' });
    const location = (await commitSource()).outputs?.get('SourceArtifact');

    expect(location?.key).toMatch(/^Fixture-Pipeline\/SourceArti\/[0-9a-f]{7}$/);
    expect(await bench.tooling('s3', 'HeadObject', { Bucket: location?.bucket, Key: location?.key })).toMatchObject({
      ServerSideEncryption: 'aws:kms',
      SSEKMSKeyId: bench.keyArn,
    });
  });

  test('of an unknown repository names those there are', async () => {
    await expect(bench.perform('CodeCommit', { RepositoryName: 'Other', BranchName: 'main' }, output)).rejects.toThrow(
      'There is no repository Other; there are Team-Repository.',
    );
  });

  test('with a fault finds no branch', async () => {
    await bench.commit('Team-Repository', { 'a.txt': '' });
    await expect(commitSource({ context: withFault })).rejects.toThrow('has no branch not-main-by---fail-at');
  });

  test('needs the role of its pipeline', async () => {
    await bench.tooling('iam', 'DeleteRole', { RoleName: 'fixture-pipeline' });
    try {
      await expect(commitSource()).rejects.toThrow(
        `AccessDenied: codepipeline.amazonaws.com is not authorized to perform sts:AssumeRole on ` +
          `${role('tooling', 'fixture-pipeline')}: there is no such role.`,
      );
    } finally {
      await bench.makeRole('tooling', 'fixture-pipeline');
    }
  });
});

describe('a source behind a connection', () => {
  test('leaves the newest commit behind, and says that a local repository stands in', async () => {
    await bench.context.repositories.create('team/app');
    const id = await bench.commit('team/app', { 'a.txt': 'a' });
    const ConnectionArn = 'arn:aws:codeconnections:eu-west-1:111111111111:connection/0f0f';

    const { outputs, variables } = await bench.perform(
      'CodeStarSourceConnection',
      { FullRepositoryId: 'team/app', BranchName: 'main', ConnectionArn, OutputArtifactFormat: 'CODE_ZIP' },
      output,
    );

    expect(await bench.filesOf(outputs?.get('SourceArtifact'))).toEqual({ 'a.txt': 'a' });
    expect(variables).toMatchObject({
      FullRepositoryName: 'team/app',
      BranchName: 'main',
      CommitId: id,
      CommitMessage: 'A change',
      ConnectionArn,
    });
    expect(bench.differences).toEqual([
      'A local repository stands in for team/app; the connection to it is not tried.',
    ]);
  });

  test('that is to hand on a clone instead of files is refused', async () => {
    await expect(
      bench.perform(
        'CodeStarSourceConnection',
        { FullRepositoryId: 'team/app', BranchName: 'main', OutputArtifactFormat: 'CODEBUILD_CLONE_REF' },
        output,
      ),
    ).rejects.toThrow('The rehearsal does not know sources of the format CODEBUILD_CLONE_REF, only CODE_ZIP.');
  });
});

describe('a source in ECR', () => {
  const imageSource = (more = {}) =>
    bench.perform('ECR', { RepositoryName: 'team/image', ImageTag: 'latest' }, { ...output, ...more });
  const push = async (text: string, tag: string) => {
    const imageManifest = JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', size: 1, digest: `sha256:${text.repeat(64)}` },
      layers: [],
    });
    const { image } = await bench.tooling<{ image: { imageId: { imageDigest: string } } }>('ecr', 'PutImage', {
      repositoryName: 'team/image',
      imageTag: tag,
      imageManifest,
    });
    return image.imageId.imageDigest;
  };

  test('fails as long as there is no image', async () => {
    await expect(imageSource()).rejects.toThrow('ImageNotFoundException');
  });

  test('names the image that has the tag now by its digest', async () => {
    await push('a', 'latest');
    const digest = await push('b', 'latest');

    const { summary, outputs, variables } = await imageSource();

    const uri = `111111111111.dkr.ecr.eu-west-1.amazonaws.com/team/image@${digest}`;
    expect(summary).toBe(`latest is ${digest.slice(0, 19)}`);
    expect(variables).toEqual({
      RegistryId: '111111111111',
      RepositoryName: 'team/image',
      ImageTag: 'latest',
      ImageDigest: digest,
      ImageURI: uri,
    });
    const files = await bench.filesOf(outputs?.get('SourceArtifact'));
    expect(Object.keys(files)).toEqual(['imageDetail.json']);
    expect(JSON.parse(files['imageDetail.json'] ?? '')).toMatchObject({
      ImageURI: uri,
      ImageDigest: digest,
      ImageTags: ['latest'],
      Version: '1.0',
    });
  });

  test('with a fault finds no image', async () => {
    await push('c', 'latest');
    await expect(imageSource({ context: withFault })).rejects.toThrow('ImageNotFoundException');
  });
});
