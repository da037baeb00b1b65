import { z } from 'zod';
import { isWeirError, WeirError } from '#contract/errors.js';
import { BUILT_IN, type Catalogue } from '#fleet/catalogue.js';
import { readCatalogueText } from '#fleet/catalogue-text.js';
import type { ConfigurationText, TraceSource } from '#fleet/jobs/job.js';
import type { TierSize } from '#fleet/plan/memory-tiers.js';
import { jobEvents } from '#gateway/admin/job-events.js';
import type { AdminPorts } from '#gateway/admin/ports.js';
import { adminRoute, adminStream } from '#gateway/admin/route.js';
import {
  failed,
  fleetMoment,
  planFiles,
  planReport,
  progress,
  reportPage,
  simulationReport,
  traceRead,
  whatIfReport,
} from '#gateway/admin/schemas/planning.js';
import {
  planRequest,
  simulationRequest,
  type traceSource,
  whatIfRequest,
} from '#gateway/admin/schemas/planning-requests.js';
import type { Gateway } from '#gateway/gateway.js';
import { recordedTrace } from '#workload/traces/recorded.js';

const HOUR_MS = 3_600_000;
/** Of the gateway's own traffic. */
const MOST_RECORDED = 50_000;

const catalogueListing = z.object({
  gpus: z.array(
    z.object({
      name: z.string(),
      memory_bytes: z.number(),
      usd_per_hour: z.number(),
      prices: z.array(
        z.object({
          kind: z.string(),
          usd_per_hour: z.number(),
          provider: z.string(),
          date: z.string(),
          source: z.string(),
        }),
      ),
      source: z.string(),
    }),
  ),
  models: z.array(z.object({ name: z.string(), hub: z.string(), context: z.number() })),
});

export const catalogueRoute = adminRoute({
  method: 'GET',
  path: '/api/catalogue',
  role: 'viewer',
  summary: 'GPUs and models that fleets can be planned with',
  answer: catalogueListing,
  handle: () => listed(BUILT_IN),
});

export const ownCatalogueRoute = adminRoute({
  method: 'POST',
  path: '/api/catalogue',
  role: 'admin',
  summary: 'The same with rows of your own before it, which are checked; nothing is kept',
  // It is read on this thread, which other requests wait for.
  body: z.object({ catalogue: z.string().max(100_000).describe('YAML or JSON, as docs/planning.md shows.') }),
  answer: catalogueListing,
  handle: ({ body }) => listed(ownRows(body.catalogue)),
});

function ownRows(text: string): Catalogue {
  try {
    return readCatalogueText(text, 'catalogue');
  } catch (error) {
    if (!isWeirError(error)) throw error;
    const { message, path, hint } = error;
    throw new WeirError('request.invalid', message, {
      ...(path === undefined ? {} : { path }),
      ...(hint === undefined ? {} : { hint }),
    });
  }
}

/** Each name once: of two rows with one name the first is found. */
function listed({ gpus, models }: Catalogue): z.output<typeof catalogueListing> {
  return {
    gpus: firstOfEach(gpus).map(({ name, memory, usdPerHour, prices, source }) => ({
      ...{ name, memory_bytes: memory, usd_per_hour: usdPerHour, source },
      prices: prices.map(quote => ({ ...quote })),
    })),
    models: firstOfEach(models).map(({ name, hub, contextTokens }) => ({ name, hub, context: contextTokens })),
  };
}

function firstOfEach<Row extends { readonly name: string }>(rows: readonly Row[]): readonly Row[] {
  const seen = new Set<string>();
  return rows.filter(({ name }) => !seen.has(name) && seen.add(name));
}

interface AskedTier {
  readonly gb: number;
  readonly link: number;
  readonly usd_per_gb_month: number;
}

function tierOf({ gb, link, usd_per_gb_month: usdPerGbMonth }: AskedTier): TierSize {
  return { bytes: gb * 1e9, link, usdPerGbMonth };
}

export const planRoute = adminStream({
  method: 'POST',
  path: '/api/plans',
  role: 'admin',
  summary:
    'The cheapest fleet for a trace, or the one that carries most for a budget, as it is found: progress, its files, the plan as a page, then `plan` or `failed`; closing the stream stops it',
  body: planRequest,
  events: { progress, trace: traceRead, files: planFiles, page: reportPage, plan: planReport, failed },
  handle({ gateway, body }) {
    const { trace, model, gpus, slo, rate, price, provider, seed, catalogue, buying, disaggregate } = body;
    const { over_time: overTime, host_memory: memory, weights, kv_cache: kvCache, budget } = body;
    return jobEvents(gateway, async () => ({
      kind: 'plan',
      trace: await sourceOf(trace, gateway),
      ...{ model, gpus, weights, kvCache, rate, budget, price, provider, seed, catalogue, disaggregate },
      ...(memory && { tiers: { host: tierOf(memory), ...(memory.disk && { disk: tierOf(memory.disk) }) } }),
      buying: { target: buying.target, up: buying.up, spotUp: buying.spot_up },
      ...(overTime && { overTime: { windowMs: 1000 * overTime.window_s, compressible: overTime.compressible } }),
      slo: { ttftP99Ms: slo.ttft_ms, tpotMs: slo.tpot_ms },
    }));
  },
});

export const simulationRoute = adminStream({
  method: 'POST',
  path: '/api/simulations',
  role: 'admin',
  summary:
    'A trace through a configuration in virtual time: moments of the fleet, the result as a page, then `simulation` or `failed`; closing the stream stops it',
  body: simulationRequest,
  events: {
    ...{ progress, trace: traceRead, moment: fleetMoment, page: reportPage },
    ...{ simulation: simulationReport, failed },
  },
  handle({ gateway, ports, body }) {
    const { trace, configuration, model, rate, rate_scale: rateScale, seeds, seed, catalogue } = body;
    const warmUpMs = body.warm_up_s === undefined ? undefined : 1000 * body.warm_up_s;
    return jobEvents(gateway, async () => ({
      kind: 'simulation',
      trace: await sourceOf(trace, gateway),
      configuration: await configurationOf('configuration', configuration, ports),
      ...{ model, rate, rateScale, warmUpMs, seeds, seed, catalogue },
    }));
  },
});

export const whatIfRoute = adminStream({
  method: 'POST',
  path: '/api/what-if',
  role: 'admin',
  summary:
    'A trace through two configurations in virtual time: progress, the result as a page, then `comparison` or `failed`; closing the stream stops it',
  body: whatIfRequest,
  events: { progress, trace: traceRead, page: reportPage, comparison: whatIfReport, failed },
  handle({ gateway, ports, body }) {
    const { trace, first, second, model, rate, rate_scale: rateScale, seeds, seed, catalogue } = body;
    return jobEvents(gateway, async () => ({
      kind: 'what-if',
      trace: await sourceOf(trace, gateway),
      first: await configurationOf('first', first, ports),
      second: await configurationOf('second', second, ports),
      ...{ model, rate, rateScale, seeds, seed, catalogue },
    }));
  },
});

/** What a configuration is called that came with a request. */
const SENT = {
  configuration: 'a changed configuration',
  first: 'the first configuration',
  second: 'the second configuration',
};

/** What was sent, or else what is in force. */
async function configurationOf(
  field: keyof typeof SENT,
  text: string | undefined,
  { configuration }: AdminPorts,
): Promise<ConfigurationText> {
  if (text !== undefined) return { text, file: 'weir.yaml', called: SENT[field] };
  const shown = await configuration?.shown();
  if (shown === undefined) {
    throw new WeirError(
      'config.unreadable',
      'This gateway was given its configuration by hand: there is no text of it.',
      {
        path: field,
        hint: 'send one with the request',
      },
    );
  }
  return { text: shown.text, file: shown.file ?? 'weir.yaml', called: 'the configuration in force' };
}

async function sourceOf(given: z.output<typeof traceSource>, { runtime }: Gateway): Promise<TraceSource> {
  if (given.from !== 'traffic') return given;
  const since = runtime.clock.wall() - given.hours * HOUR_MS;
  const { requests, startedAt } = await recordedTrace(runtime.records, since, () => undefined, MOST_RECORDED);
  return { from: 'requests', requests, startedAt };
}
