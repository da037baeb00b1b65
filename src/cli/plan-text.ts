import { precisionText } from '#fleet/plan/precision-text.js';
import type { FleetReport, PlanReport } from '#fleet/plan/report.js';
import { shareText } from '#fleet/share-text.js';
import { timeRange, timeText } from '#fleet/time-text.js';
import { carried } from './plan-budget.js';
import { readsText, tierEffects } from './plan-tiers.js';

/** A plan for people who read it in a terminal. */
export function renderPlan(report: PlanReport): string {
  const { best, slo, screen } = report;
  const head = `${report.model}, ${precisionText(report)}, ${report.rate.toFixed(2)} requests/s, P99 TTFT ≤ ${timeText(slo.ttft_p99_ms)}, mean TPOT ≤ ${timeText(slo.tpot_ms)}\n`;
  if (best === null) return `${head}no fleet that was tried holds this in the twin\n`;
  const lines = [...carried(report), '', 'best (held in the twin)', ...fleet(best), '', 'why'];
  for (const reason of report.why) lines.push(`  ${reason}`);
  if (report.next !== null) {
    lines.push(
      `  the next fleet costs $${report.next.usd_per_hour_more.toFixed(2)}/h more (${(100 * report.next.share_more).toFixed(1)} %)`,
    );
  }
  const others = report.pareto.filter(other => other !== best);
  if (others.length > 0) lines.push('', 'also held, none better in every respect');
  lines.push(...others.flatMap(other => [...fleet(other), '']));
  lines.push(...(others.length > 0 ? [] : ['']), 'what changes');
  for (const { change, holds, p99_ttft_ms: p99, tpot_ms: tpot } of report.sensitivity) {
    const figures = p99 === null || tpot === null ? '' : `, P99 TTFT ${timeText(p99)}, TPOT ${timeText(tpot)}`;
    lines.push(`  ${change}: ${holds ? 'holds' : 'breaks'}${figures}`);
  }
  lines.push(...tierEffects(report), ...buying(report), ...powerCut(report), ...overTime(report));
  if (!screen.trusted) {
    lines.push(
      '',
      `the closed form only screens here: ${screen.because.join('; ')}. What is shown has held in the twin.`,
    );
  }
  const { price } = best.pools[0]!;
  lines.push('', `prices: ${price.kind} of ${price.provider}, ${price.date}`);
  return `${head}${lines.join('\n')}\n\n${report.requests_played} requests played, ${report.wall_s.toFixed(1)} s\n`;
}

function fleet({
  pools,
  usd_per_hour: usd,
  verified,
  tokens_per_joule: tokens,
  watts,
}: FleetReport): readonly string[] {
  const lines = pools.flatMap(pool => {
    const { gpu, tp, replicas, boundary, utilisation, p99_ttft_ms: p99, prefill, prefix_hit_rate: hits } = pool;
    const reads = readsText(pool);
    const prompts = prefill === null ? '' : readsText(prefill);
    return [
      `  ${replicas} replicas of ${tp} × ${gpu}${boundary === null ? '' : `, up to ${boundary} tokens`}: ` +
        `utilisation ${utilisation.toFixed(2)}, P99 TTFT ${timeText(p99)}` +
        (hits > 0 ? `, prefix hits ${shareText(hits, 1)}` : '') +
        (prefill === null
          ? ''
          : `; prompts on ${prefill.replicas} replicas of ${prefill.tp} × ${prefill.gpu}` +
            (prefill.prefix_hit_rate > 0 ? `, which hold ${shareText(prefill.prefix_hit_rate, 1)} of theirs` : '')),
      ...(reads === '' ? [] : [`    of prompt tokens ${reads}`]),
      ...(prompts === '' ? [] : [`    where prompts are computed, of their tokens ${prompts}`]),
    ];
  });
  lines.push(
    `  $${usd.toFixed(2)}/h, ${(watts / 1000).toFixed(1)} kW, ${tokens.toFixed(2)} output tokens a joule, TPOT ${timeText(verified.tpot_ms)}; ` +
      `${verified.seeds} arrival patterns (95 % of P99 TTFT: ${timeRange(verified.p99_ttft_interval_ms)})`,
  );
  return lines;
}

/** Providers that are told of. */
const CHEAPEST = 3;

function buying({ buying: bought }: PlanReport): readonly string[] {
  if (bought.length === 0) return [];
  const lines = ['', 'buying it, enough up with'];
  for (const { provider, usd_per_hour: usd, probability, pools } of bought.slice(0, CHEAPEST)) {
    const machines = pools.map(
      ({ gpu, tp, needed, machines: of }) =>
        `${of.map(({ kind, count }) => `${count} ${kind.replace('_', ' ')}`).join(' + ')} of ${tp} × ${gpu} for ${needed}`,
    );
    lines.push(`  ${shareText(probability, 3)}: ${machines.join('; ')}: $${usd.toFixed(2)}/h at ${provider}`);
  }
  return lines;
}

function powerCut({ demand_response: cuts }: PlanReport): readonly string[] {
  if (cuts.length === 0) return [];
  const lines = ['', 'with less power'];
  for (const { share, max_sequences: most, watts, holds, p99_ttft_ms: p99, tpot_ms: tpot } of cuts) {
    const figures =
      p99 === null || tpot === null || watts === null
        ? ''
        : `, ${(watts / 1000).toFixed(1)} kW in the mean, P99 TTFT ${timeText(p99)}, TPOT ${timeText(tpot)}`;
    const cap = most.includes(0) ? 'less than it draws idle' : `at most ${most.join(' and ')} sequences a replica`;
    lines.push(`  ${(100 * share).toFixed(0)} % less, ${cap}: ${holds ? 'holds' : 'breaks'}${figures}`);
  }
  return lines;
}

function overTime({ over_time: moving }: PlanReport): readonly string[] {
  if (moving === null) return [];
  const { usd_per_hour: usd, moves, windows, window_s: seconds, ok } = moving;
  const lines = [
    '',
    `every ${timeText(1000 * seconds)} anew, two pools (${ok ? 'each window held in the twin' : 'NOT every window held'})`,
  ];
  for (const { from_s: from, rate, boundary, gamma, short, long, usd_per_hour: cost, holds } of windows) {
    const compressed = gamma > 1 ? `, compressed up to ${gamma} times that` : '';
    lines.push(
      `  from ${timeText(1000 * from)}, ${rate.toFixed(2)} requests/s: ${short} up to ${boundary} tokens${compressed} + ${long}: $${cost.toFixed(2)}/h${holds ? '' : ', misses'}`,
    );
  }
  const { screened } = usd;
  lines.push(
    `  mean $${usd.moving.toFixed(2)}/h; by the closed form $${screened.moving.toFixed(2)}, with one boundary $${screened.one_boundary.toFixed(2)}, ` +
      `moved every time $${screened.unhindered.toFixed(2)}, fixed at the peak $${screened.fixed.toFixed(2)}`,
    `  moved ${moves.kept} times; without hysteresis ${moves.unhindered}`,
  );
  return lines;
}
