import type { PlanReport } from '#fleet/plan/report.js';
import { shareText } from '#fleet/share-text.js';
import { timeText } from '#fleet/time-text.js';
import { html, type Markup } from './markup.js';
import { section, table } from './page.js';
import { lines } from './plot.js';

/** What a plan's page says of buying, of less power, and of a fleet that follows the load; nothing of what is not known. */
export function moreOf(plan: PlanReport): readonly Markup[] {
  return [...buying(plan), ...lessPower(plan), ...overTime(plan)];
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
