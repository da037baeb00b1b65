import type { Tokens } from '#contract/units.js';
import type { EngineProfile } from '#pool/engine/profile.js';
import type { LengthMix } from './length-mix.js';
import { replicaCapacity } from './pool-model.js';

/** Utilisation that pools are sized for, as published planners do. */
export const TARGET_UTILISATION = 0.85;

export interface BoundarySweep {
  readonly mix: LengthMix;
  /** Requests a second. */
  readonly rate: number;
  readonly short: EngineProfile;
  readonly long: EngineProfile;
  /** Relative price of a replica of each. */
  readonly usdPerHour: { readonly short: number; readonly long: number };
  readonly boundaries: readonly Tokens[];
  /** Requests up to γ·B are compressed to B where they can be; 1 for none. */
  readonly gammas: readonly number[];
  /** Share of requests between B and γ·B that can be compressed; those that cannot go to the long pool. */
  readonly compressible: number;
}

export interface SweepCell {
  readonly boundary: Tokens;
  readonly gamma: number;
  readonly shortReplicas: number;
  readonly longReplicas: number;
  readonly usdPerHour: number;
}

/** Requests that stand for a slice in the screen, and how finely it is searched (to 0.2 %): what is chosen is computed anew and played through the twin. */
const SCREEN_SAMPLE = 12;
const SCREEN_HALVINGS = 14;

/**
 * The size of a two-pool fleet over a grid of boundaries and compression factors (FleetOpt's B and γ), each pool calibrated on the requests it
 * gets, at {@link TARGET_UTILISATION}. Compressed requests hold B tokens in the short pool; the others between B and γ·B are counted in
 * the long pool with their own lengths. Slices are differences of running sums, so nothing is drawn and no boundary is rounded to a knot.
 */
export function sweepBoundaries(sweep: BoundarySweep): readonly SweepCell[] {
  const { mix, rate, boundaries, gammas } = sweep;
  const capacity = (profile: EngineProfile, from: number, to: number): number =>
    to <= from
      ? Number.POSITIVE_INFINITY
      : replicaCapacity(
          profile,
          { moments: mix.moments(from, to), sample: mix.sample(from, to, SCREEN_SAMPLE) },
          SCREEN_HALVINGS,
        );
  const known = new Map<number, number>();
  const from = (profile: EngineProfile, start: number) => {
    const found = known.get(start) ?? capacity(profile, start, mix.size);
    known.set(start, found);
    return found;
  };
  const cells: SweepCell[] = [];
  for (const boundary of boundaries) {
    const below = mix.upTo(boundary);
    const shortRate = capacity(sweep.short, 0, below);
    // A compressed request is one of just B tokens: the longest slice of those that the short pool has by itself.
    const edge = capacity(sweep.short, Math.max(0, below - Math.max(1, Math.floor(below / 50))), below);
    for (const gamma of gammas) {
      const border = mix.upTo(Math.floor(gamma * boundary));
      const perRequest = rate / mix.size;
      const compressed = sweep.compressible * (border - below);
      const shortLoad = (perRequest * below) / shortRate + (below > 0 ? (perRequest * compressed) / edge : 0);
      const moved = below > 0 ? compressed : 0;
      const left = border - below - moved;
      const longLoad =
        (perRequest * (mix.size - border)) / from(sweep.long, border) +
        (left > 0 ? (perRequest * left) / from(sweep.long, below) : 0);
      const replicas = (load: number) => (load > 0 ? Math.ceil(load / TARGET_UTILISATION - 1e-9) : 0);
      const [shortReplicas, longReplicas] = [replicas(shortLoad), replicas(longLoad)];
      const usdPerHour = shortReplicas * sweep.usdPerHour.short + longReplicas * sweep.usdPerHour.long;
      cells.push({ boundary, gamma, shortReplicas, longReplicas, usdPerHour });
    }
  }
  return cells;
}
