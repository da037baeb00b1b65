import type { PlacementRequest, PrefixLeftOut } from '#contract/placement.js';
import { objection } from './filters.js';
import type { ReplicaView } from './placer.js';
import type { PrefixMatch } from './prefix-index.js';

/**
 * Who is believed to hold most of a prompt, where a filter kept it from being chosen; `undefined` where whoever holds most could have
 * been. Without this a placement that scores everybody's prefix with zero looks like one of a prompt that nobody has.
 *
 * @param open who could be chosen.
 */
export function prefixLeftOut(
  request: PlacementRequest,
  replicas: readonly ReplicaView[],
  match: PrefixMatch | undefined,
  open: readonly ReplicaView[],
): PrefixLeftOut | undefined {
  if (match === undefined || match.holders === 0 || open.length === replicas.length) return undefined;
  const name = match.holder(0);
  if (open.some(({ id }) => id === name)) return undefined;
  const holder = replicas.find(({ id }) => id === name);
  const filtered = holder === undefined ? undefined : objection(request, holder);
  if (holder === undefined || filtered === undefined) return undefined;
  const held = match.blocksOn(holder.id);
  if (held <= 0 || open.some(({ id }) => match.blocksOn(id) >= held)) return undefined;
  const tokens = Math.min(request.promptTokens, Math.floor(held * request.prefix.blockTokens));
  return { replica: holder.id, tokens, filtered };
}
