import { precisionText } from '#fleet/plan/precision-text.js';
import { fleetName } from '#fleet/plan/reasons.js';
import type { FleetReport, PlanReport } from '#fleet/plan/report.js';
import { timeAxis, timeRange, timeText } from '#fleet/time-text.js';
import { html, type Markup } from './markup.js';
import { figures, list, page, section, table } from './page.js';
import { moreOf } from './plan-sections.js';
import { dots, lines } from './plot.js';

/** A plan as one HTML file. */
export function planPage(plan: PlanReport): string {
  const { best, slo } = plan;
  const subtitle = `${precisionText(plan)}; ${plan.requests} requests, ${plan.rate.toFixed(2)} a second; P99 TTFT at most ${timeText(slo.ttft_p99_ms)}, mean TPOT at most ${timeText(slo.tpot_ms)}`;
  const title = `A fleet for ${plan.model}`;
  const boundaries = best?.pools.flatMap(({ boundary }) => (boundary === null ? [] : [boundary])) ?? [];
  const workload = section(
    'What arrives',
    html`<div class="plots">${[
      lines(
        {
          ...{ title: 'Length', x: 'tokens of prompt and answer', y: 'share of requests no longer', logarithmic: true },
          marks: boundaries.map(at => ({ at, axis: 'x' as const, name: `boundary ${at}` })),
        },
        [{ name: 'requests', points: plan.workload.lengths }],
      ),
      lines({ title: 'Rate', x: 'minutes', y: 'requests a second, as planned for' }, [
        { name: 'rate', points: plan.workload.rate_over_time },
      ]),
    ]}</div>`,
  );
  if (best === null)
    return page(title, subtitle, html`<p class="bad">No fleet that was tried holds this in the twin.</p>`, workload);
  const { price } = best.pools[0]!;
  const axis = timeAxis(Math.max(slo.ttft_p99_ms, ...plan.pareto.map(({ verified }) => verified.p99_ttft_ms)));
  return page(
    title,
    subtitle,
    figures([
      ['fleet', fleetName(best.pools)],
      ['an hour', `$${best.usd_per_hour.toFixed(2)}`],
      ['P99 TTFT in the twin', timeText(best.verified.p99_ttft_ms)],
      ['TPOT', timeText(best.verified.tpot_ms)],
      ['power', `${(best.watts / 1000).toFixed(1)} kW`],
      ['output tokens a joule', best.tokens_per_joule.toFixed(2)],
    ]),
    ...budgetOf(plan),
    section('Why this one', list([...plan.why, ...nextOf(plan)])),
    workload,
    section(
      'Fleets that held',
      html`<div class="plots">${[
        dots(
          {
            ...{ title: 'Price and first token', x: 'USD an hour', y: `P99 TTFT, ${axis.unit}` },
            marks: [{ at: axis.of(slo.ttft_p99_ms), axis: 'y', name: 'SLO' }],
          },
          plan.pareto.map(fleet => dotOf(fleet, best, axis.of(fleet.verified.p99_ttft_ms))),
        ),
        dots(
          { title: 'Price and energy', x: 'USD an hour', y: 'output tokens a joule' },
          plan.pareto.map(fleet => dotOf(fleet, best, fleet.tokens_per_joule)),
        ),
      ]}</div>`,
      html`<p class="soft">None of these is beaten in price, P99 TTFT, TPOT and energy at once. Each was played through the twin, ${best.verified.seeds} arrival patterns.</p>`,
      table(
        'Fleets that held',
        ['Fleet', 'USD/h', 'GPUs', 'P99 TTFT', 'TPOT', 'tokens/J', 'kW'],
        plan.pareto.map(fleet => [
          fleetName(fleet.pools),
          ...[fleet.usd_per_hour.toFixed(2), fleet.gpus, timeText(fleet.verified.p99_ttft_ms)],
          ...[timeText(fleet.verified.tpot_ms), fleet.tokens_per_joule.toFixed(2), (fleet.watts / 1000).toFixed(1)],
        ]),
      ),
    ),
    section(
      'What breaks it',
      table(
        'What breaks it',
        ['Change', 'P99 TTFT', 'TPOT', ''],
        plan.sensitivity.map(({ change, holds, p99_ttft_ms: p99, tpot_ms: tpot }) => [
          ...[change, p99 === null ? '–' : timeText(p99), tpot === null ? '–' : timeText(tpot)],
          holds ? html`<span class="good">holds</span>` : html`<span class="bad">breaks</span>`,
        ]),
      ),
    ),
    ...moreOf(plan),
    section(
      'How far to trust it',
      list([
        plan.screen.trusted
          ? 'arrivals and utilisation are within what the closed form was compared with the twin on'
          : `the closed form only screens here: ${plan.screen.because.join('; ')}`,
        `${plan.requests_played} requests were played in ${timeText(1000 * plan.wall_s)}; the 95 % interval of P99 TTFT over patterns is ${timeRange(best.verified.p99_ttft_interval_ms)}`,
        `prices: ${price.kind.replace('_', ' ')} of ${price.provider}, ${price.date}: ${price.source}`,
      ]),
    ),
  );
}

function budgetOf({ budget }: PlanReport): readonly Markup[] {
  if (budget === null) return [];
  const { usd_per_hour: usd, left_usd_per_hour: left, rate, times_trace: times, lasts_s: seconds, because } = budget;
  const carries = `$${usd.toFixed(2)} an hour carry ${rate.toFixed(2)} requests a second, ${times.toPrecision(3)} times as many as come; $${left.toFixed(2)} are left`;
  const lasts = `the requests that were played last ${timeText(1000 * seconds)} at that rate`;
  return [section('What the budget carries', list([carries, ...because, lasts]))];
}

function dotOf(fleet: FleetReport, best: FleetReport, y: number) {
  return {
    name: `${fleetName(fleet.pools)}: $${fleet.usd_per_hour.toFixed(2)}/h`,
    x: fleet.usd_per_hour,
    y,
    chosen: fleet === best,
  };
}

function nextOf({ next }: PlanReport): readonly string[] {
  if (next === null) return [];
  return [
    `the next fleet (${fleetName(next.fleet.pools)}) costs $${next.usd_per_hour_more.toFixed(2)}/h more, ${(100 * next.share_more).toFixed(1)} %`,
  ];
}
