import { loadText } from '#config/load.js';
import { isWeirError, WeirError } from '#contract/errors.js';
import { catalogueInUse, useCatalogue } from '#fleet/catalogue.js';
import { readCatalogueText } from '#fleet/catalogue-text.js';
import { planFleet } from '#fleet/plan/plan.js';
import { simulationReport } from '#fleet/simulate/report.js';
import { simulatedConfig } from '#fleet/simulate/simulated-config.js';
import { simulate } from '#fleet/simulate/simulation.js';
import type { FleetMoment } from '#fleet/twin/moments.js';
import type { Job, JobEvent, PlanJob, SimulationJob } from './job.js';
import { jobRequests } from './job-trace.js';

/** Moments while requests arrive. What comes after, until the last answer, may take far longer: then fewer and fewer are told. */
const MOMENTS = 240;

/** Does a job and tells of it; the last event is its result, or `failed`. Never throws. */
export async function runJob(job: Job, tell: (event: JobEvent) => void): Promise<void> {
  try {
    useCatalogue(readCatalogueText(job.catalogue, 'catalogue'));
    if (job.kind === 'plan') await plan(job, tell);
    else await simulation(job, tell);
  } catch (error) {
    const known = isWeirError(error) ? error : new WeirError('internal.defect', 'A defect in Weir', { cause: error });
    const { code, message, path, hint } = known;
    tell({
      name: 'failed',
      data: { code, message, ...(path === undefined ? {} : { path }), ...(hint === undefined ? {} : { hint }) },
    });
  }
}

async function plan(job: PlanJob, tell: (event: JobEvent) => void): Promise<void> {
  const { model, gpus, slo, seed, rate, price, provider, buying, disaggregate, overTime } = job;
  tell({ name: 'progress', data: { text: 'reading the trace' } });
  const requests = await jobRequests(job.trace, rate, seed);
  const report = planFleet({
    ...{ requests, model, gpus, slo, seed, clock: performance, catalogue: catalogueInUse() },
    ...(rate === undefined ? {} : { rate }),
    ...{ buying, ...(disaggregate && { disaggregate }), ...(overTime && { overTime }) },
    price: { kind: price, ...(provider === undefined ? {} : { provider }) },
    progress: text => tell({ name: 'progress', data: { text } }),
  });
  tell({ name: 'plan', data: report });
}

async function simulation(job: SimulationJob, tell: (event: JobEvent) => void): Promise<void> {
  const { configuration, rateScale, seed } = job;
  const loaded = loadText(configuration.text, configuration.file);
  if (!loaded.ok) {
    const [problem] = loaded.problems;
    throw new WeirError('config.invalid', problem?.message ?? 'The configuration is not valid.', {
      path: problem?.path ?? '',
      ...(problem?.hint === undefined ? {} : { hint: problem.hint }),
    });
  }
  const config = simulatedConfig(loaded.config);
  tell({ name: 'progress', data: { text: 'reading the trace' } });
  const requests = await jobRequests(job.trace, undefined, seed);
  const span = (requests.at(-1)!.arrivalMs - requests[0]!.arrivalMs) / rateScale;
  let seen = 0;
  const see = (moment: FleetMoment): void => {
    const every = 2 ** Math.floor(seen / MOMENTS);
    if (seen++ % every === 0) tell({ name: 'moment', data: moment });
  };
  const startedAt = performance.now();
  const result = simulate(requests, {
    ...{ config, seed, rateScale },
    watch: { everyMs: Math.max(1, span / MOMENTS), see },
    progress: arrived =>
      tell({
        name: 'progress',
        data: { text: `${arrived} of ${requests.length} requests`, share: arrived / requests.length },
      }),
  });
  tell({ name: 'simulation', data: simulationReport(result, performance.now() - startedAt) });
}
