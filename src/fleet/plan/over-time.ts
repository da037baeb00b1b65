import { WeirError } from '#contract/errors.js';
import { seededRandom } from '#contract/random.js';
import type { Milliseconds, Tokens, Usd } from '#contract/units.js';
import { BoundaryKeeper, cheapestCell } from '#fleet/closed-form/boundary-keeper.js';
import { type SweepCell, sweepBoundaries } from '#fleet/closed-form/boundary-sweep.js';
import { LengthMix } from '#fleet/closed-form/length-mix.js';
import type { TraceRequest } from '#workload/traces/trace.js';
import type { Slo } from './candidates.js';
import type { ReplicaKind } from './replica-kinds.js';
import { settle } from './settle.js';

export interface OverTimeOptions {
  /** At the rate that is planned for, in order of arrival. */
  readonly requests: readonly TraceRequest[];
  readonly windowMs: Milliseconds;
  readonly short: ReplicaKind;
  readonly long: ReplicaKind;
  readonly slo: Slo;
  /** Share of requests a little over the boundary whose prompts can be compressed to it; 0 for a boundary alone. */
  readonly compressible: number;
  readonly seed: number;
  readonly progress?: ((text: string) => void) | undefined;
}

/** A fleet whose replicas and boundary follow the load, window by window. */
export interface OverTime {
  readonly window_s: number;
  readonly windows: readonly WindowReport[];
  /** Whether every window held. */
  readonly ok: boolean;
  readonly usd_per_hour: {
    /** With the boundary moved and each window's replicas as many as held in the twin: mean over windows. */
    readonly moving: Usd;
    /** The same sizes by the closed form, and what it gives for other policies over the same windows. */
    readonly screened: {
      readonly moving: Usd;
      /** The boundary that is best for all requests together, replicas following the load. */
      readonly one_boundary: Usd;
      /** The best boundary of the window before, without hysteresis. */
      readonly unhindered: Usd;
      /** As many replicas all the time as the busiest window needs at the one boundary. */
      readonly fixed: Usd;
    };
  };
  /** How often boundary or compression changed, and would have without hysteresis. */
  readonly moves: { readonly kept: number; readonly unhindered: number };
}

export interface WindowReport {
  readonly from_s: number;
  readonly requests: number;
  readonly rate: number;
  readonly boundary: Tokens;
  /** Requests up to γ times the boundary are compressed to it where they can be. */
  readonly gamma: number;
  /** Replicas that held, or the last that were tried. */
  readonly short: number;
  readonly long: number;
  readonly usd_per_hour: Usd;
  readonly holds: boolean;
  readonly p99_ttft_ms: Milliseconds | null;
}

/** Units of windows, the shortest of which is the shortest window. */
const UNITS = [
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const;
const FEWEST_WINDOWS = 3;
const MOST_WINDOWS = 96;
const BOUNDARY_SHARES = [0.2, 0.35, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98, 1] as const;
const GAMMAS = [1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.75, 2] as const;

/**
 * FleetOpt's boundary B and compression γ over time (`wrp.md`, opportunity 17). Each window is swept ({@link sweepBoundaries}); the pair that it
 * is run with is that which {@link BoundaryKeeper} had after the window before, its replicas those that hold in the twin for its own
 * requests: the boundary is never known ahead, the size of the window is. Windows begin with empty engines, whose first tenth is not counted.
 *
 * @throws WeirError `config.range` for fewer than 3 windows or more than 96.
 */
export function planOverTime(options: OverTimeOptions): OverTime {
  const { requests, windowMs, short, long, progress, compressible } = options;
  const there = wholeWindows(requests, windowMs);
  const windows = there > MOST_WINDOWS ? [] : windowsOf(requests, windowMs);
  if (windows.length < FEWEST_WINDOWS) {
    throw new WeirError(
      'config.range',
      `The trace has ${there > MOST_WINDOWS ? there : windows.length} windows of that length; ${FEWEST_WINDOWS} to ${MOST_WINDOWS} can be planned.`,
      { path: 'overTime.windowMs', hint: lengthsOf(requests) },
    );
  }
  const all = new LengthMix(requests);
  const boundaries = [...new Set(BOUNDARY_SHARES.map(share => all.totals[Math.ceil(share * all.size) - 1]!))];
  const sweep = (mix: LengthMix, rate: number) =>
    sweepBoundaries({
      ...{ mix, rate, boundaries, gammas: compressible > 0 ? GAMMAS : [1], compressible },
      ...{ short: short.profile, long: long.profile },
      usdPerHour: { short: short.usdPerHour, long: long.usdPerHour },
    });
  const cells = windows.map(({ requests: own, rate }) => sweep(new LengthMix(own), rate));
  const whole = cheapestCell(sweep(all, (1000 * requests.length) / (windows.length * windowMs)))!;
  const keeper = new BoundaryKeeper();
  let [kept, unhindered] = [whole, whole];
  const sums = { verified: 0, moving: 0, oneBoundary: 0, unhindered: 0 };
  const moves = { kept: 0, unhindered: 0 };
  const most = { short: 0, long: 0 };
  const reports = windows.map((window, i) => {
    progress?.(`window ${i + 1} of ${windows.length}`);
    const [now, free, one] = [kept, unhindered, whole].map(cell => sameCell(cells[i]!, cell)) as [
      ...[SweepCell, SweepCell, SweepCell],
    ];
    const report = playWindow(window, now, options);
    sums.verified += report.usd_per_hour;
    sums.moving += now.usdPerHour;
    sums.unhindered += free.usdPerHour;
    sums.oneBoundary += one.usdPerHour;
    most.short = Math.max(most.short, one.shortReplicas);
    most.long = Math.max(most.long, one.longReplicas);
    const [decided, best] = [keeper.decide(cells[i]!)!, cheapestCell(cells[i]!)!];
    if (i + 1 < windows.length) {
      if (!isSame(decided, kept)) moves.kept++;
      if (!isSame(best, unhindered)) moves.unhindered++;
    }
    [kept, unhindered] = [decided, best];
    return report;
  });
  const mean = (sum: number) => sum / windows.length;
  return {
    ...{ window_s: windowMs / 1000, windows: reports, ok: reports.every(({ holds }) => holds), moves },
    usd_per_hour: {
      moving: mean(sums.verified),
      screened: {
        ...{ moving: mean(sums.moving), one_boundary: mean(sums.oneBoundary), unhindered: mean(sums.unhindered) },
        fixed: most.short * short.usdPerHour + most.long * long.usdPerHour,
      },
    },
  };
}

interface Window {
  readonly fromMs: Milliseconds;
  readonly requests: readonly TraceRequest[];
  readonly rate: number;
}

/** Whole windows that something arrived in; what is left over at the end is no window, for its rate is not known. */
/** How long windows may be, in words. */
/** The lengths that can be asked for, in whole units that are written as they are told. */
function lengthsOf(requests: readonly TraceRequest[]): string {
  const span = requests.at(-1)!.arrivalMs - requests[0]!.arrivalMs;
  // A unit of which there are many in the shortest: rounding to it keeps both ends possible.
  const [unit, ms] = UNITS.find(([, one]) => span / MOST_WINDOWS >= 10 * one) ?? UNITS.at(-1)!;
  const [least, most] = [Math.max(1, Math.ceil(span / MOST_WINDOWS / ms)), Math.floor(span / FEWEST_WINDOWS / ms)];
  if (most < least) return `a trace of at least ${FEWEST_WINDOWS}s`;
  return least === most ? `${least}${unit}` : `${least}${unit} to ${most}${unit}`;
}

function wholeWindows(requests: readonly TraceRequest[], windowMs: Milliseconds): number {
  return Math.floor((requests.at(-1)!.arrivalMs - requests[0]!.arrivalMs) / windowMs);
}

function windowsOf(requests: readonly TraceRequest[], windowMs: Milliseconds): readonly Window[] {
  const first = requests[0]!.arrivalMs;
  const groups = Array.from({ length: wholeWindows(requests, windowMs) }, (): TraceRequest[] => []);
  for (const request of requests) groups[Math.floor((request.arrivalMs - first) / windowMs)]?.push(request);
  return groups.flatMap((own, i) =>
    own.length === 0 ? [] : [{ fromMs: i * windowMs, requests: own, rate: (1000 * own.length) / windowMs }],
  );
}

function playWindow(window: Window, cell: SweepCell, options: OverTimeOptions): WindowReport {
  const { short, long, slo, compressible, seed } = options;
  const { boundary, gamma } = cell;
  const requests = compressed(window.requests, boundary, gamma, compressible, seed);
  const settled = [
    { kind: short, replicas: cell.shortReplicas, above: 0, upTo: boundary },
    { kind: long, replicas: cell.longReplicas, above: boundary, upTo: Number.POSITIVE_INFINITY },
  ].map(pool => {
    const any = requests.some(({ promptTokens, outputTokens }) => {
      const total = promptTokens + outputTokens;
      return total > pool.above && total <= pool.upTo;
    });
    if (!any) return { replicas: 0, usd: 0, holds: true, p99: 0 };
    const { pool: found } = settle({ ...pool, replicas: Math.max(1, pool.replicas) }, [requests], slo);
    const replicas = found?.pool.replicas ?? pool.replicas;
    return {
      ...{ replicas, usd: replicas * pool.kind.usdPerHour, holds: found !== undefined },
      p99: found?.verdict.p99TtftMs ?? Number.NaN,
    };
  });
  const holds = settled.every(pool => pool.holds);
  return {
    ...{ from_s: window.fromMs / 1000, requests: requests.length, rate: window.rate, boundary, gamma, holds },
    ...{ short: settled[0]!.replicas, long: settled[1]!.replicas },
    usd_per_hour: settled.reduce((sum, { usd }) => sum + usd, 0),
    p99_ttft_ms: holds ? Math.max(...settled.map(({ p99 }) => p99)) : null,
  };
}

/** Requests between B and γ·B, as many as can be, with as much less prompt as makes them B tokens. A compressed prompt shares no prefix. */
function compressed(
  requests: readonly TraceRequest[],
  boundary: Tokens,
  gamma: number,
  share: number,
  seed: number,
): readonly TraceRequest[] {
  if (gamma === 1 || share === 0) return requests;
  const random = seededRandom(seed).fork('compression');
  return requests.map(request => {
    const { promptTokens, outputTokens } = request;
    const total = promptTokens + outputTokens;
    if (total <= boundary || total > Math.floor(gamma * boundary) || outputTokens >= boundary) return request;
    if (random.next() >= share) return request;
    return { ...request, promptTokens: boundary - outputTokens, prefix: { ...request.prefix, hashes: [] } };
  });
}

function isSame(a: SweepCell, b: SweepCell): boolean {
  return a.boundary === b.boundary && a.gamma === b.gamma;
}

function sameCell(cells: readonly SweepCell[], cell: SweepCell): SweepCell {
  return cells.find(one => isSame(one, cell))!;
}
