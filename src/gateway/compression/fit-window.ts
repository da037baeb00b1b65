import type { WorkloadProfile } from '#contract/profile.js';
import type { PlacementConstraints } from '#contract/route.js';
import type { Tokens } from '#contract/units.js';
import type { LivePool } from '#pool/live-pool.js';
import type { Profiler } from '#workload/profile/profiler.js';
import { type Sent, shorten } from './shorten.js';

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
  const shorter = shorten(profiler, outbound, room / from);
  if ('whole' in shorter) return shorter;
  const { profile: after } = shorter;
  const to = after.promptTokens(model);
  if (to + output(after) > window) return { whole: `${to} tokens are left, too many for ${window}` };
  return { ...shorter, from, to, window };
}
