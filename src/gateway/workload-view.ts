import type { Tokens } from '#contract/units.js';
import { Tally } from '#telemetry/traffic/tally.js';
import type { TrafficWindow } from '#telemetry/traffic/traffic.js';
import { type Forecast, forecast } from '#workload/forecast/forecaster.js';
import { type ForecastScore, scoreForecasts } from '#workload/forecast/score.js';
import { type LengthArchetype, lengthArchetype, SHORT_TOKENS } from '#workload/shape/archetype.js';

/** What this gateway has learned of the requests that it serves. */
export interface WorkloadView {
  readonly windowMs: number;
  /** Begin of each window, oldest first; the last is the last whole one. */
  readonly at: readonly number[];
  readonly requests: number;
  readonly lengths: {
    readonly archetype: LengthArchetype | undefined;
    readonly shortShare: number;
    readonly cv2: number;
    readonly prompt: Percentiles | undefined;
    readonly output: Percentiles | undefined;
  };
  readonly kinds: readonly SeriesView[];
  readonly models: readonly SeriesView[];
  /** Of kinds, on the last hours, each forecast made from what came before it. */
  readonly scores: readonly ForecastScore[];
}

interface Percentiles {
  readonly p50: Tokens;
  readonly p90: Tokens;
  readonly p99: Tokens;
}

/** Requests of a kind or for a model, by window, and what is expected. */
export interface SeriesView {
  readonly name: string;
  readonly share: number;
  readonly requests: readonly number[];
  readonly promptTokens: number;
  readonly outputTokens: number;
  /** One, two and three windows ahead. */
  readonly forecasts: readonly Forecast[];
}

/** Windows ahead that are forecast: 5, 10 and 15 minutes. */
const AHEAD = [1, 2, 3] as const;
/** Windows that forecasts are scored on: the last three hours. */
const SCORED = 36;

/**
 * Reads a workload off the traffic that was counted: how long requests are, which kinds there are (chat or agent, by what takes their time), and
 * forecasts by kind and by model. The window under way is left out: it is not whole. Gives way to other work between series.
 */
export async function workloadView({ stepMs, points }: TrafficWindow): Promise<WorkloadView> {
  const whole = points.slice(0, -1);
  // Before the first request nothing was measured; zeroes from then would teach forecasts a rise that never was.
  const from = whole.findIndex(({ counts }) => counts.requests > 0);
  const seen = from < 0 ? [] : whole.slice(from);
  const total = seen.reduce((sum, tally) => sum.plus(tally), new Tally(0));
  const kinds = await seriesOf(seen, tally => tally.kinds);
  const scores: ForecastScore[] = [];
  for (const ahead of AHEAD) {
    scores.push(
      scoreForecasts(
        kinds.map(({ requests }) => requests),
        ahead,
        SCORED,
      ),
    );
    await breath();
  }
  const shortShare = total.totals.shareUpTo(SHORT_TOKENS);
  const { cv2 } = total.totals;
  return {
    windowMs: stepMs,
    at: seen.map(({ at }) => at),
    requests: total.counts.requests,
    lengths: {
      archetype: total.totals.count === 0 ? undefined : lengthArchetype(shortShare, cv2),
      ...{ shortShare, cv2, prompt: percentiles(total.prompts), output: percentiles(total.outputs) },
    },
    kinds,
    models: await seriesOf(seen, tally => tally.models),
    scores,
  };
}

async function seriesOf(
  tallies: readonly Tally[],
  of: (tally: Tally) => Tally['models'],
): Promise<readonly SeriesView[]> {
  const names = new Set(tallies.flatMap(tally => [...of(tally).keys()]));
  const all = tallies.reduce((sum, { counts }) => sum + counts.requests, 0);
  const views: SeriesView[] = [];
  for (const name of names) {
    const counts = tallies.map(tally => of(tally).get(name));
    const requests = counts.map(one => one?.requests ?? 0);
    const sum = (field: 'promptTokens' | 'completionTokens') =>
      counts.reduce((total, one) => total + (one?.[field] ?? 0), 0);
    const own = requests.reduce((total, one) => total + one, 0);
    views.push({
      ...{ name, requests, share: all > 0 ? own / all : 0 },
      promptTokens: own > 0 ? sum('promptTokens') / own : 0,
      outputTokens: own > 0 ? sum('completionTokens') / own : 0,
      forecasts: AHEAD.map(ahead => forecast(requests, ahead)),
    });
    await breath();
  }
  return views.sort((a, b) => b.share - a.share || (a.name < b.name ? -1 : 1));
}

function percentiles(histogram: Tally['prompts']): Percentiles | undefined {
  const p50 = histogram.quantile(0.5);
  if (p50 === undefined) return undefined;
  return { p50, p90: histogram.quantile(0.9) ?? p50, p99: histogram.quantile(0.99) ?? p50 };
}

function breath(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve));
}
