import { z } from 'zod';
import { isWeirError, WeirError } from '#contract/errors.js';
import { BUILT_IN, type Catalogue } from '#fleet/catalogue.js';
import { readCatalogueText } from '#fleet/catalogue-text.js';
import { type ConfigurationText, isLast, type Job, type JobEvent, type TraceSource } from '#fleet/jobs/job.js';
import type { AdminPorts } from '#gateway/admin/ports.js';
import { adminRoute, adminStream, type EventSource } from '#gateway/admin/route.js';
import {
  failed,
  fleetMoment,
  planFiles,
  planReport,
  planRequest,
  progress,
  simulationReport,
  simulationRequest,
  type traceSource,
  whatIfReport,
  whatIfRequest,
} from '#gateway/admin/schemas/planning.js';
import type { Gateway } from '#gateway/gateway.js';
import { recordedTrace } from '#workload/traces/recorded.js';

const HOUR_MS = 3_600_000;
/** Of the gateway's own traffic. */
const MOST_RECORDED = 50_000;
/** How soon an event that must arrive is offered again to a client that reads slowly. */
const AGAIN_MS = 50;

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

export const planRoute = adminStream({
  method: 'POST',
  path: '/api/plans',
  role: 'admin',
  summary:
    'The cheapest fleet for a trace, as it is found: progress, its files, then `plan` or `failed`; closing the stream stops it',
  body: planRequest,
  events: { progress, files: planFiles, plan: planReport, failed },
  handle({ gateway, body }) {
    const { trace, model, gpus, slo, rate, price, provider, seed, catalogue, buying, disaggregate } = body;
    const { over_time: overTime } = body;
    return jobEvents(gateway, async () => ({
      kind: 'plan',
      trace: await sourceOf(trace, gateway),
      ...{ model, gpus, rate, price, provider, seed, catalogue, disaggregate },
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
    'A trace through a configuration in virtual time: moments of the fleet, then `simulation` or `failed`; closing the stream stops it',
  body: simulationRequest,
  events: { progress, moment: fleetMoment, simulation: simulationReport, failed },
  handle({ gateway, ports, body }) {
    const { trace, configuration, rate_scale: rateScale, seed, catalogue } = body;
    return jobEvents(gateway, async () => ({
      kind: 'simulation',
      trace: await sourceOf(trace, gateway),
      configuration: await configurationOf(configuration, ports),
      ...{ rateScale, seed, catalogue },
    }));
  },
});

export const whatIfRoute = adminStream({
  method: 'POST',
  path: '/api/what-if',
  role: 'admin',
  summary:
    'A trace through two configurations in virtual time: progress, then `comparison` or `failed`; closing the stream stops it',
  body: whatIfRequest,
  events: { progress, comparison: whatIfReport, failed },
  handle({ gateway, ports, body }) {
    const { trace, first, second, model, rate, rate_scale: rateScale, seeds, seed, catalogue } = body;
    return jobEvents(gateway, async () => ({
      kind: 'what-if',
      trace: await sourceOf(trace, gateway),
      first: await configurationOf(first, ports),
      second: await configurationOf(second, ports),
      ...{ model, rate, rateScale, seeds, seed, catalogue },
    }));
  },
});

/** What was sent, or else what is in force. */
async function configurationOf(text: string | undefined, { configuration }: AdminPorts): Promise<ConfigurationText> {
  if (text !== undefined) return { text, file: 'weir.yaml' };
  const shown = await configuration?.shown();
  if (shown === undefined) {
    throw new WeirError(
      'config.unreadable',
      'This gateway was given its configuration by hand: there is no text of it.',
      {
        hint: 'send one with the request',
      },
    );
  }
  return { text: shown.text, file: shown.file ?? 'weir.yaml' };
}

async function sourceOf(given: z.output<typeof traceSource>, { runtime }: Gateway): Promise<TraceSource> {
  if (given.from !== 'traffic') return given;
  const since = runtime.clock.wall() - given.hours * HOUR_MS;
  const { requests } = await recordedTrace(runtime.records, since, () => undefined, MOST_RECORDED);
  return { from: 'requests', requests };
}

/**
 * The events of a job, which begins when the stream does and is stopped when that is closed. The last event waits for a slow
 * reader, and the stream ends after it.
 */
function jobEvents({ jobs, runtime: { clock } }: Gateway, jobOf: () => Promise<Job>): EventSource {
  return (send, done) => {
    let stopped = false;
    let stop = (): void => undefined;
    const tell = (event: JobEvent): void => {
      if (stopped) return;
      const sent = send(event.name, event.data);
      if (!isLast(event)) return;
      if (sent) done();
      else stop = clock.after(AGAIN_MS, () => tell(event));
    };
    const fail = (error: unknown): void => {
      const known =
        error instanceof WeirError ? error : new WeirError('internal.defect', 'A defect in Weir', { cause: error });
      const { code, message, hint } = known;
      tell({ name: 'failed', data: { code, message, ...(hint === undefined ? {} : { hint }) } });
    };
    jobOf()
      .then(job => {
        if (!stopped) stop = jobs.start(job, tell);
      })
      .catch(fail);
    return () => {
      stopped = true;
      stop();
    };
  };
}
