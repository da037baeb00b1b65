import { fleetName } from '#fleet/plan/reasons.js';
import type { PlanReport, PoolReport, TiersReport } from '#fleet/plan/report.js';
import { shareText } from '#fleet/share-text.js';
import { timeText } from '#fleet/time-text.js';
import { html, type Markup } from './markup.js';
import { section, table } from './page.js';
import { lines } from './plot.js';

/** What a plan's page says of buying, of less power, and of a fleet that follows the load; nothing of what is not known. */
export function moreOf(plan: PlanReport): readonly Markup[] {
  return [...behindGpus(plan), ...buying(plan), ...lessPower(plan), ...overTime(plan)];
}

function behindGpus({ tiers }: PlanReport): readonly Markup[] {
  if (tiers === null) return [];
  const columns = [
    'KV is kept',
    'Fleet',
    'USD/h',
    'prefix hits',
    'host memory',
    'storage',
    'reading, a request',
    'waited for',
    'P99 TTFT',
  ];
  const cells = (pools: readonly PoolReport[], of: (pool: PoolReport) => string) => pools.map(of).join(', ');
  return [
    section(
      'KV behind the GPUs',
      table(
        'KV behind the GPUs',
        columns,
        tiers.map(({ tiers: name, fleet }) => {
          const kept = name === 'none' ? 'on the GPUs alone' : name;
          if (fleet === null)
            return [kept, html`<span class="bad">does not hold</span>`, ...Array<string>(7).fill('–')];
          const { pools, usd_per_hour: usd, verified } = fleet;
          const read = (of: (tiers: TiersReport) => string) =>
            cells(pools, ({ tiers: own, prefill }) =>
              [own, ...(prefill === null ? [] : [prefill.tiers])]
                .map(one => (one === null ? '–' : of(one)))
                .join(' and '),
            );
          return [
            ...[kept, fleetName(pools), usd.toFixed(2), cells(pools, one => shareText(one.prefix_hit_rate, 1))],
            ...[read(one => shareText(one.host_hit_rate, 1)), read(one => shareText(one.disk_hit_rate, 1))],
            ...[read(one => timeText(one.read_ms)), read(one => shareText(one.stalled, 1))],
            timeText(verified.p99_ttft_ms),
          ];
        }),
      ),
    ),
  ];
}

function buying({ buying: bought }: PlanReport): readonly Markup[] {
  if (bought.length === 0) return [];
  return [
    section(
      'Buying it',
      table(
        'Buying it',
        ['Provider', 'USD/h', 'enough are up', 'Machines'],
        bought.map(({ provider, usd_per_hour: usd, probability, pools }) => [
          ...[provider, usd.toFixed(2), shareText(probability, 3)],
          pools
            .map(
              ({ gpu, tp, needed, machines }) =>
                `${machines.map(({ kind, count }) => `${count} ${kind.replace('_', ' ')}`).join(' + ')} of ${tp} × ${gpu}, ${needed} needed`,
            )
            .join('; '),
        ]),
      ),
    ),
  ];
}

function lessPower({ demand_response: cuts }: PlanReport): readonly Markup[] {
  if (cuts.length === 0) return [];
  return [
    section(
      'With less power',
      table(
        'With less power',
        ['Less', 'sequences a replica', 'kW, mean', 'P99 TTFT', 'TPOT', ''],
        cuts.map(({ share, max_sequences: most, watts, holds, p99_ttft_ms: p99, tpot_ms: tpot }) => [
          ...[`${(100 * share).toFixed(0)} %`, most.join(', '), watts === null ? '–' : (watts / 1000).toFixed(1)],
          ...[p99 === null ? '–' : timeText(p99), tpot === null ? '–' : timeText(tpot)],
          verdict(holds),
        ]),
      ),
    ),
  ];
}

function overTime({ over_time: moving }: PlanReport): readonly Markup[] {
  if (moving === null) return [];
  const { windows, usd_per_hour: usd, moves, window_s: seconds } = moving;
  const { screened } = usd;
  const hours = (from: number) => from / 3600;
  return [
    section(
      'Following the load',
      html`<p class="soft">Two pools, sized and divided anew every ${timeText(1000 * seconds)}: $${usd.moving.toFixed(2)} an hour in the mean. By the closed form $${screened.moving.toFixed(2)}; with one boundary $${screened.one_boundary.toFixed(2)}, moved every time $${screened.unhindered.toFixed(2)}, fixed at the peak $${screened.fixed.toFixed(2)}. The boundary moved ${moves.kept} times, without hysteresis ${moves.unhindered}.</p>`,
      lines({ title: 'Price', x: 'hours', y: 'USD an hour' }, [
        { name: 'following the load', points: windows.map(one => [hours(one.from_s), one.usd_per_hour] as const) },
      ]),
      table(
        'Following the load',
        ['From', 'requests/s', 'boundary', 'γ', 'short', 'long', 'USD/h', 'P99 TTFT', ''],
        windows.map(one => [
          ...[timeText(1000 * one.from_s), one.rate.toFixed(2), one.boundary, one.gamma, one.short, one.long],
          ...[one.usd_per_hour.toFixed(2), one.p99_ttft_ms === null ? '–' : timeText(one.p99_ttft_ms)],
          verdict(one.holds),
        ]),
      ),
    ),
  ];
}

function verdict(holds: boolean): Markup {
  return holds ? html`<span class="good">holds</span>` : html`<span class="bad">breaks</span>`;
}
