import type { Milliseconds } from '#contract/units.js';
import { shareText } from '#fleet/share-text.js';
import { cacheText, tiersText } from '#fleet/simulate/cache-text.js';
import type { SimulationReport } from '#fleet/simulate/report.js';
import type { SeedIntervals } from '#fleet/simulate/seed-runs.js';
import { timeAxis, timeText } from '#fleet/time-text.js';
import type { AnsweredRequest } from '#fleet/twin/pool-twin.js';
import { metricText } from '#fleet/what-if/metrics.js';
import { html } from './markup.js';
import { figures, list, page, section, table } from './page.js';
import { type Line, lines } from './plot.js';

/** A simulation as one HTML file. */
export function simulationPage(
  source: string,
  report: SimulationReport,
  completed: readonly AnsweredRequest[],
  /** Over several seeds, where there were some. */
  over?: SeedIntervals,
): string {
  const { requests } = report;
  const first = timeAxis(report.ttft_ms.p99);
  const unanswered = requests.rejected + requests.failed;
  return page(
    `A simulation of ${source}`,
    `${requests.arrived} requests over ${timeText(1000 * report.duration_s)} of virtual time`,
    figures([
      ['answered', `${requests.completed}`],
      ['rejected or failed', `${unanswered}`],
      ['P99 TTFT', timeText(report.ttft_ms.p99)],
      ['TPOT, mean', timeText(report.tpot_ms.mean)],
      ['cost', `$${report.cost_usd.toFixed(2)}`],
      ['output tokens a joule', report.tokens_per_joule.toFixed(3)],
    ]),
    unanswered === 0
      ? undefined
      : section(
          'Not answered',
          list(
            Object.entries({ ...report.rejections, ...report.failures }).map(([code, count]) => `${count} × ${code}`),
          ),
        ),
    over === undefined
      ? undefined
      : section(
          `Over ${over.seeds} seeds`,
          table(
            'Over seeds',
            ['', 'mean', `${100 * over.confidence} % interval`],
            Object.entries(over.metrics).map(([name, { mean, interval }]) => {
              const { words, value, range } = metricText(name);
              return [words, value(mean), range(interval)];
            }),
          ),
          html`<p class="soft">Each with other arrivals, failures and placement; all else on this page is of the first.</p>`,
        ),
    section(
      'Over time',
      html`<div class="plots">${[
        lines({ title: 'Arrivals', x: 'minutes', y: 'answered requests by their arrival, a second' }, [
          {
            name: 'requests',
            points: overTime(completed, report.duration_s, ({ length }, seconds) => length / seconds),
          },
        ]),
        lines({ title: 'Time to first token', x: 'minutes', y: `${first.unit}, by arrival` }, [
          { name: 'P50', points: overTime(completed, report.duration_s, all => first.of(percentile(all, 0.5))) },
          { name: 'P99', points: overTime(completed, report.duration_s, all => first.of(percentile(all, 0.99))) },
        ]),
      ]}</div>`,
    ),
    section(
      'Distributions',
      html`<div class="plots">${[
        lines({ title: 'Time to first token', x: first.unit, y: 'share of requests', logarithmic: true }, [
          cumulative(
            'TTFT',
            completed.map(({ ttftMs }) => first.of(ttftMs)),
          ),
        ]),
        lines({ title: 'Time per output token', x: 'ms', y: 'share of requests', logarithmic: true }, [
          cumulative(
            'TPOT',
            completed.flatMap(({ tpotMs }) => tpotMs ?? []),
          ),
        ]),
      ]}</div>`,
      table(
        'Times',
        ['', 'mean', 'P50', 'P90', 'P99'],
        (['ttft_ms', 'tpot_ms', 'e2e_ms'] as const).map(name => [
          { ttft_ms: 'TTFT', tpot_ms: 'TPOT', e2e_ms: 'whole answer' }[name],
          ...(['mean', 'p50', 'p90', 'p99'] as const).map(of => timeText(report[name][of])),
        ]),
      ),
    ),
    section(
      'Pools',
      table(
        'Pools',
        [
          'Pool',
          'replicas',
          'answered',
          'engines busy',
          'prefix hits',
          'load max/mean',
          'preempted',
          'failures',
          'up',
          'USD/h',
        ],
        Object.entries(report.pools).map(([name, pool]) => [
          ...[name, pool.replicas, pool.completed, percent(pool.utilisation), percent(pool.prefix_hit_rate)],
          ...[pool.load_max_over_mean.toFixed(2), pool.preemptions],
          ...[pool.failures, percent(pool.availability), pool.usd_per_hour.toFixed(2)],
        ]),
      ),
      list(
        Object.entries(report.pools).map(([name, pool]) => {
          const tiers = tiersText(pool);
          return `A replica of ${name} keeps ${cacheText(pool)}.${tiers === '' ? '' : ` ${tiers}.`}`;
        }),
      ),
    ),
  );
}

const BINS = 60;
const POINTS = 200;

/** A value of the requests that arrived in each sixtieth of the time; bins without any are left out. */
function overTime(
  completed: readonly AnsweredRequest[],
  durationS: number,
  of: (requests: readonly AnsweredRequest[], seconds: number) => number,
): Line['points'] {
  const seconds = Math.max(durationS / BINS, 1e-9);
  const bins = Array.from({ length: BINS }, (): AnsweredRequest[] => []);
  for (const request of completed)
    bins[Math.min(BINS - 1, Math.floor(request.arrivalMs / 1000 / seconds))]!.push(request);
  return bins.flatMap((bin, i) => (bin.length === 0 ? [] : [[((i + 0.5) * seconds) / 60, of(bin, seconds)] as const]));
}

function percentile(requests: readonly AnsweredRequest[], share: number): Milliseconds {
  const sorted = requests.map(({ ttftMs }) => ttftMs).sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}

function cumulative(name: string, values: readonly Milliseconds[]): Line {
  const sorted = Float64Array.from(values).sort();
  const count = Math.min(POINTS, sorted.length);
  return {
    name,
    points: Array.from({ length: count }, (_, i) => {
      const share = (i + 1) / count;
      return [Math.max(0.01, sorted[Math.ceil(share * sorted.length) - 1]!), share] as const;
    }),
  };
}

function percent(share: number): string {
  return shareText(share, 1);
}
