import { isWeirError } from '#contract/errors.js';
import type { WorkloadProfile } from '#contract/profile.js';
import type { Bytes } from '#contract/units.js';
import type { Inbound } from '#protocols/protocol.js';
import type { Profiler } from '#workload/profile/profiler.js';
import { compressPrompt } from './compress-prompt.js';

/** More goes than the estimate asks for: what is left over may hold fewer bytes a token. */
const MARGIN = 1.02;

/** A request as an engine is to be sent it, with the profile that it then has. */
export interface Sent {
  readonly outbound: Inbound;
  readonly profile: WorkloadProfile;
}

/**
 * A request without the sentences that say least of what is asked.
 *
 * @param share of its prompt's tokens that are to stay, in (0, 1).
 * @returns the shorter request, or why it cannot be had.
 */
export function shorten(profiler: Profiler, outbound: Inbound, share: number): Sent | { readonly whole: string } {
  const { request } = outbound;
  const excess: Bytes = Math.ceil(request.promptBytes * (1 - share) * MARGIN);
  const texts = compressPrompt(request, excess);
  if (texts === undefined) return { whole: `${excess} bytes cannot be left out of it` };
  const shorter = rewritten(outbound, texts);
  if (shorter === undefined) return { whole: 'its texts cannot be changed' };
  return { outbound: shorter, profile: profiler.profile(shorter.request) };
}

function rewritten(outbound: Inbound, texts: ReadonlyMap<string, string>): Inbound | undefined {
  try {
    return outbound.rewritten?.(text => texts.get(text) ?? text);
  } catch (error) {
    if (isWeirError(error)) return undefined;
    throw error;
  }
}
