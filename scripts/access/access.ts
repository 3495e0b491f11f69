import { allCases } from '../../templates-src/access';
import { survivorsOf } from '../../templates-src/access/survivors';
import { policiesOf } from '../lib/iam/policies';
import { worldOf } from '../lib/iam/world';
import type { ResolvedRoute } from '../lib/resolve/resolve-route';
import { type Proof, prove } from './proof';

/**
 * Proves the access of a whole route: all cases against all of its policies.
 *
 * @throws CaseError, Error as `prove` does; Error when a case names something that no stack declares
 */
export async function proveRoute(route: ResolvedRoute): Promise<Proof> {
  return prove(policiesOf(route), await allCases(worldOf(route)), survivorsOf(route.topology));
}
