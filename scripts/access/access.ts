import { allCases } from '../../templates-src/access';
import { acceptedMutantsOf } from '../../templates-src/access/accepted-mutants';
import { declaredRouteOf } from '../lib/iam/declared-route';
import { policiesOf } from '../lib/iam/policies';
import type { ResolvedRoute } from '../lib/resolve/resolve-route';
import { evaluate, type Proof, prove } from './proof';
import type { ProvenCase } from './proven-case';

/**
 * Proves the access of a whole route: all cases against all of its policies.
 *
 * @throws CaseError, Error as `prove` does; Error when a case names something that no stack declares
 */
export async function proveRoute(route: ResolvedRoute): Promise<Proof> {
  return prove(policiesOf(route), await allCases(declaredRouteOf(route)), acceptedMutantsOf(route.topology));
}

/**
 * The answers to all cases of a route, without what its statements are needed for.
 *
 * @throws as `proveRoute` does
 */
export const evaluateRoute = async (route: ResolvedRoute): Promise<readonly ProvenCase[]> =>
  evaluate(policiesOf(route), await allCases(declaredRouteOf(route)));
