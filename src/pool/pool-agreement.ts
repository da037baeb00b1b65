import type { z } from 'zod';
import { readsPrefix } from './placement/schema.js';
import type { PoolFields } from './pool-fields.js';

/** What is said of a pool has to agree: one kind of place that it runs on, nothing that such a place cannot do, and bounds the right way round. */
export function checkAgreement(entry: PoolFields, context: z.RefinementCtx): void {
  const sources = (['replicas', 'cloud', 'simulate', 'gguf'] as const).filter(source => entry[source] !== undefined);
  if (sources.length !== 1) {
    context.addIssue({
      code: 'custom',
      path: sources.slice(1, 2),
      message: 'expected exactly one of replicas, cloud, simulate and gguf',
      params: {
        hint: 'list base URLs under replicas, give that of a provider under cloud, describe simulated engines under simulate, or name a model file under gguf',
      },
    });
  }
  const events = entry.kv_events;
  if (events !== undefined && entry.replicas === undefined) {
    context.addIssue({
      code: 'custom',
      path: ['kv_events'],
      message: 'only replicas that are listed tell of their cache',
    });
  } else if (events !== undefined && !readsPrefix(entry.placement)) {
    context.addIssue({ code: 'custom', path: ['kv_events'], message: 'this placement does not look at prefixes' });
  }
  for (const [at, { kv_events: own }] of (entry.replicas ?? []).entries()) {
    if (own === undefined || events !== undefined) continue;
    context.addIssue({
      ...{ code: 'custom', path: ['replicas', at, 'kv_events'], message: 'the pool does not follow KV events' },
      params: { hint: 'write kv_events: {} in the pool as well' },
    });
  }
  if (entry.host_memory !== undefined && entry.replicas === undefined) {
    context.addIssue({
      ...{ code: 'custom', path: ['host_memory'], message: 'only replicas that are listed have memory of their own' },
      params: entry.simulate === undefined ? {} : { hint: 'write it under simulate' },
    });
  }
  for (const precision of ['weights', 'kv_cache'] as const) {
    if (entry[precision] === undefined || (entry.cloud ?? entry.gguf) === undefined) continue;
    const message =
      entry.cloud === undefined ? 'the GGUF file says what its weights are' : 'a cloud API runs engines of its own';
    context.addIssue({ code: 'custom', path: [precision], message });
  }
  if (entry.cloud !== undefined && entry.gpu !== undefined) {
    context.addIssue({ code: 'custom', path: ['gpu'], message: 'a cloud API runs on hardware of its own' });
  }
  if (entry.circuit.open_at_most < entry.circuit.open_for) {
    context.addIssue({
      code: 'custom',
      path: ['circuit', 'open_at_most'],
      message: 'open_at_most is shorter than open_for',
      params: { code: 'config.range' },
    });
  }
  if (entry.ejection !== false && entry.ejection.at_most < entry.ejection.for) {
    context.addIssue({
      code: 'custom',
      path: ['ejection', 'at_most'],
      message: 'at_most is shorter than for',
      params: { code: 'config.range' },
    });
  }
}
