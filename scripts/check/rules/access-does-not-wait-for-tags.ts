import type { Rule } from '../rule';
import { statementsOf } from '../statements';

/** Keys whose value is a tag of the resource (or an alias of a key), and not of the request or of who makes it. */
const tagOfResource = /^[a-z0-9-]+:(resourcetag|existingobjecttag)\/|^kms:resourcealiases$/i;

/**
 * Not aws:RequestTag: the tags of a request are there as soon as the request is.
 */
export const accessDoesNotWaitForTags: Rule = {
  id: 'access-does-not-wait-for-tags',
  severity: 'error',
  why:
    'The request that makes a resource is decided before it has tags, and they take minutes to count (KMS: up to five). ' +
    'The first deployment fails, and so does the rollback that would clean up after it.',
  fix: 'Name the resource by ARN; for a key, say in its own policy who may do what, or narrow by kms:ViaService.',
  check: (template) =>
    statementsOf(template).flatMap(({ path, sid: detail, name, conditions }) =>
      conditions
        .filter(({ key }) => tagOfResource.test(key))
        .map(({ key }) => ({ path, detail, message: `${name} depends on ${key}` })),
    ),
};
