import { z } from 'zod';
import { adminRoute } from '#gateway/admin/route.js';
import { bestModel } from '#gateway/best-model.js';
import { standingOfAll } from '#gateway/standing.js';
import type { Counts, Tally } from '#telemetry/traffic/tally.js';
import { WINDOWS, type WindowName } from '#telemetry/traffic/traffic.js';

const sums = z
  .object({
    requests: z.number(),
    answered: z.number(),
    failed: z.number().describe('No answer, or one that broke off.'),
    refused: z.number().describe('By the policy, or for what the request was.'),
    cancelled: z.number().describe('The client left.'),
    prompt_tokens: z.number(),
    cached_tokens: z.number().describe('Of the prompt tokens, those found in a prefix cache.'),
    completion_tokens: z.number(),
    cost_usd: z.number(),
    baseline_usd: z.number().describe('What the same tokens would have cost on the best model.'),
    joules: z.number(),
  })
  .meta({ id: 'Sums' });

const times = z
  .object({ p50: z.number(), p95: z.number(), p99: z.number() })
  .meta({ id: 'Times', description: 'Milliseconds, each within 10 %.' });

const point = sums.extend({ at: z.number(), ttft_ms: times.optional() }).meta({ id: 'OverviewPoint' });

export const overviewRoute = adminRoute({
  method: 'GET',
  path: '/api/overview',
  role: 'viewer',
  summary: 'Traffic, latency, errors, cost, and savings against always asking the best model',
  query: z.object({
    window: z.enum(Object.keys(WINDOWS) as [WindowName, ...WindowName[]]).default('1h'),
  }),
  answer: z.object({
    window: z.string(),
    step_ms: z.number(),
    from: z.number(),
    to: z.number(),
    best_model: z.string().optional().describe('What savings are measured against.'),
    total: sums,
    ttft_ms: times.optional().describe('Arrival to first byte.'),
    e2e_ms: times.optional().describe('Arrival to last byte, of whole answers.'),
    points: z.array(point).describe('Oldest first, none left out.'),
    models: z.array(sums.extend({ name: z.string() })),
    decisions: z.array(sums.extend({ name: z.string() })),
    in_flight: z.number(),
    queued: z.number(),
  }),
  async handle({ gateway, query: { window } }) {
    const { runtime, traffic } = gateway;
    const { stepMs, from, to, total, points } = await traffic.window(window, runtime.clock.wall());
    const standing = await standingOfAll(gateway);
    const best = bestModel(runtime.models.values())?.name;
    return {
      window,
      step_ms: stepMs,
      from,
      to,
      ...(best === undefined ? undefined : { best_model: best }),
      total: sumsOf(total.counts),
      ...timesOf('ttft_ms', total.ttft),
      ...timesOf('e2e_ms', total.e2e),
      points: points.map(tally => ({ at: tally.at, ...sumsOf(tally.counts), ...timesOf('ttft_ms', tally.ttft) })),
      models: named(total.models),
      decisions: named(total.decisions),
      in_flight: standing.inFlight,
      queued: standing.pools.reduce((sum, { queued }) => sum + queued, 0),
    };
  },
});

function sumsOf(counts: Counts): z.input<typeof sums> {
  return {
    requests: counts.requests,
    answered: counts.answered,
    failed: counts.failed + counts.cut,
    refused: counts.refused,
    cancelled: counts.cancelled,
    prompt_tokens: counts.promptTokens,
    cached_tokens: counts.cachedTokens,
    completion_tokens: counts.completionTokens,
    cost_usd: counts.costUsd,
    baseline_usd: counts.baselineUsd,
    joules: counts.joules,
  };
}

function timesOf<Name extends string>(name: Name, histogram: Tally['ttft']): { [Key in Name]?: z.input<typeof times> } {
  const p50 = histogram.quantile(0.5);
  if (p50 === undefined) return {};
  const value = { p50, p95: histogram.quantile(0.95) ?? p50, p99: histogram.quantile(0.99) ?? p50 };
  return { [name]: value } as { [Key in Name]?: z.input<typeof times> };
}

function named(map: ReadonlyMap<string, Counts>): ({ name: string } & z.input<typeof sums>)[] {
  return [...map]
    .map(([name, counts]) => ({ name, ...sumsOf(counts) }))
    .sort((a, b) => b.requests - a.requests || (a.name < b.name ? -1 : 1));
}
