import { availableParallelism } from 'node:os';
import type { Config } from '#config/load.js';
import { machineClock } from '#gateway/machine-clock.js';
import { ModelHost } from '#models/model-host.js';
import { signalType } from '#router/signals/set.js';
import type { Logger } from '#telemetry/log.js';

/** The local models of a gateway, none of them begun. */
export function localModels(log: Logger): ModelHost {
  return new ModelHost(machineClock, availableParallelism(), news => {
    if (news.kind === 'read') log.info('knowledge bases were read anew', { chunks: news.chunks });
    else
      log.warn('knowledge bases cannot be read: what was read before, if anything, stays', { trouble: news.trouble });
  });
}

/**
 * As {@link localModels}, with the model that comes with Weir begun where signals will ask it. Its thread takes almost as long as all else in a start, and has a processor
 * of its own for it: whoever calls this loads the gateway meanwhile. Where this begins nothing, the gateway does once it listens.
 */
export function begunModels({ router }: Config, log: Logger): ModelHost {
  const models = localModels(log);
  const { signals, learned } = router;
  const own = Object.keys(learned.embedders).length > 0;
  const asked = Object.values(signals).some(
    ({ type }) => type !== 'classifier' && signalType(type)?.cost.tier === 'learned',
  );
  if (asked && !own) models.begin(learned);
  return models;
}
