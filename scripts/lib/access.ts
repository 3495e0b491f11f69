import { allCases } from '../../templates-src/access';
import { survivorsOf } from '../../templates-src/access/survivors';
import { policiesOf } from './access-policies';
import { type Proof, prove } from './access-proof';
import { worldOf } from './access-world';
import type { ResolvedRoute } from './resolve/resolve-route';

/**
 * Proves the access of a whole route: all cases against all of its policies.
 *
 * @throws CaseError, Error as `prove` does; Error when a case names something that no stack declares
 */
export async function proveRoute(route: ResolvedRoute): Promise<Proof> {
  return prove(policiesOf(route), await allCases(worldOf(route)), survivorsOf(route.topology));
}
