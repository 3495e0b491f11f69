import type { Check } from '../check';
import { certificates } from './certificates';
import { concurrency } from './concurrency';
import { credentials } from './credentials';
import { drift } from './drift';
import { leftovers } from './leftovers';
import { names } from './names';
import { pipelines } from './pipelines';
import { principals } from './principals';
import { protection } from './protection';
import { quotas } from './quotas';
import { routes } from './routes';
import { rules } from './rules';
import { serviceLinkedRoles } from './service-linked-roles';
import { sources } from './sources';
import { stacks } from './stacks';
import { subscriptions } from './subscriptions';
import { zones } from './zones';

/** Every check but that of the credentials, without which the others would look at another account. */
export const checks: readonly Check[] = [
  stacks,
  routes,
  drift,
  names,
  leftovers,
  quotas,
  concurrency,
  zones,
  serviceLinkedRoles,
  sources,
  pipelines,
  rules,
  subscriptions,
  principals,
  certificates,
  protection,
];

export { credentials };
