import type { TemplateNode } from '../../lib/template/document';
import type { Path } from '../../lib/template/lines';
import { isList, isMap, text } from '../../lib/template/nodes';
import type { Rule, Violation } from '../rule';

const alias = /(^|:)alias\//;

/** What is wrong with a key; nothing when it is an ARN or an id. */
function* keyProblems(key: TemplateNode | undefined, path: Path, holder: string): Generator<Violation> {
  if (key === undefined) {
    yield { path, message: `${holder} is not encrypted with the key: it has no EncryptionKey` };
  } else if (alias.test(text(key))) {
    yield { path, message: `${holder} names the key by its alias ${text(key)}, which other accounts cannot resolve` };
  }
}

function* storeProblems(store: TemplateNode | undefined, path: Path): Generator<Violation> {
  const { EncryptionKey } = isMap(store) ? store : {};
  const key = isMap(EncryptionKey) ? EncryptionKey : {};
  if (key.Id !== undefined && text(key.Type) !== 'KMS') {
    yield { path, message: `the artifact store has an EncryptionKey of type ${text(key.Type)}, expected KMS` };
  }
  yield* keyProblems(key.Id, path, 'the artifact store');
}

/** Artifacts cross accounts; with the default key of S3 no other account could decrypt them. */
export const pipelinesEncryptWithTheKey: Rule = {
  id: 'pipelines-encrypt-with-the-key',
  severity: 'error',
  why: 'Without a key of its own, a pipeline encrypts artifacts with one that no other account may use, and nobody controls.',
  fix: 'Give the full ARN of the artifact key as EncryptionKey, as patterns/artifacts.ts does.',
  check: ({ document }) =>
    Object.entries(document.Resources).flatMap(([id, { Type, Properties = {} }]): readonly Violation[] => {
      const path = ['Resources', id, 'Properties'];
      if (Type === 'AWS::CodeBuild::Project') {
        return [...keyProblems(Properties.EncryptionKey, path, 'the output of builds')];
      }
      if (Type !== 'AWS::CodePipeline::Pipeline') {
        return [];
      }
      const { ArtifactStore, ArtifactStores } = Properties;
      return isList(ArtifactStores)
        ? ArtifactStores.flatMap((store, index) => [
            ...storeProblems(isMap(store) ? store.ArtifactStore : undefined, [...path, 'ArtifactStores', index]),
          ])
        : [...storeProblems(ArtifactStore, [...path, 'ArtifactStore'])];
    }),
};
