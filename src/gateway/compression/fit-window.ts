import { isWeirError } from '#contract/errors.js';
import type { WorkloadProfile } from '#contract/profile.js';
import type { PlacementConstraints } from '#contract/route.js';
import type { Tokens } from '#contract/units.js';
import type { LivePool } from '#pool/live-pool.js';
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

/** A request that has been made to fit a shorter window, or why not. */
export type Fitted =
  | (Sent & { readonly from: Tokens; readonly to: Tokens; readonly window: Tokens })
  | { readonly whole: string };

/**
 * Compress-and-route (FleetOpt, `wrp.md` §5.11): a request a little too long for a window, whose pool takes up to γ times it, is made
 * to fit by leaving sentences out.
 *
 * @returns the shorter request; why it goes on whole; `undefined` where there is nothing to do.
 */
export function fitWindow(
  { pool, profiler }: { readonly pool: Pick<LivePool, 'borderline'>; readonly profiler: Profiler },
  model: string,
  { outbound, profile }: Sent,
  constraints: PlacementConstraints,
): Fitted | undefined {
  const { request } = outbound;
  const output = (of: WorkloadProfile): Tokens => of.outputTokens.p75 * request.sampling.n;
  const from = profile.promptTokens(model);
  const window = pool.borderline(model, from + output(profile), constraints);
  if (window === undefined) return undefined;
  const room = window - output(profile);
  if (room <= 0) return { whole: 'the answer alone is as long as the window' };
  const excess = Math.ceil(request.promptBytes * (1 - room / from) * MARGIN);
  const texts = compressPrompt(request, excess);
  if (texts === undefined) return { whole: `${excess} bytes cannot be left out of it` };
  const shorter = rewritten(outbound, texts);
  if (shorter === undefined) return { whole: 'its texts cannot be changed' };
  const after = profiler.profile(shorter.request);
  const to = after.promptTokens(model);
  if (to + output(after) > window) return { whole: `${to} tokens are left, too many for ${window}` };
  return { outbound: shorter, profile: after, from, to, window };
}

function rewritten(outbound: Inbound, texts: ReadonlyMap<string, string>): Inbound | undefined {
  try {
    return outbound.rewritten?.(text => texts.get(text) ?? text);
  } catch (error) {
    if (isWeirError(error)) return undefined;
    throw error;
  }
}
