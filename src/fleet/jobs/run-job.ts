import { type Config, loadText } from '#config/load.js';
import { isWeirError, WeirError } from '#contract/errors.js';
import { catalogueInUse, useCatalogue } from '#fleet/catalogue.js';
import { readCatalogueText } from '#fleet/catalogue-text.js';
import { planFiles } from '#fleet/emit/emit.js';
import { planFleet } from '#fleet/plan/plan.js';
import { simulationReport } from '#fleet/simulate/report.js';
import { simulatedConfig } from '#fleet/simulate/simulated-config.js';
import { refuseWhatCannotBeSimulated, simulate } from '#fleet/simulate/simulation.js';
import type { FleetMoment } from '#fleet/twin/moments.js';
import { whatIf } from '#fleet/what-if/what-if.js';
import type { ConfigurationText, Job, JobEvent, PlanJob, SimulationJob, WhatIfJob } from './job.js';
import { jobRequests } from './job-trace.js';

/** Moments while requests arrive. What comes after, until the last answer, may take far longer: then fewer and fewer are told. */
const MOMENTS = 240;

/** Does a job and tells of it; the last event is its result, or `failed`. Never throws. */
export async function runJob(job: Job, tell: (event: JobEvent) => void): Promise<void> {
  try {
    useCatalogue(readCatalogueText(job.catalogue, 'catalogue'));
    if (job.kind === 'plan') await plan(job, tell);
    else if (job.kind === 'simulation') await simulation(job, tell);
    else await comparison(job, tell);
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
  const files = planFiles(report, catalogueInUse(), job.catalogue !== undefined);
  if (files.size > 0) {
    tell({ name: 'files', data: { files: [...files].map(([path, text]) => ({ path, text })) } });
  }
  tell({ name: 'plan', data: report });
}

async function simulation(job: SimulationJob, tell: (event: JobEvent) => void): Promise<void> {
  const { configuration, rateScale, seed } = job;
  const config = playedConfig(configuration);
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

async function comparison(job: WhatIfJob, tell: (event: JobEvent) => void): Promise<void> {
  const { model, rate, rateScale, seeds, seed } = job;
  const [first, second] = [saidOf('first', job.first), saidOf('second', job.second)];
  tell({ name: 'progress', data: { text: 'reading the trace' } });
  const requests = await jobRequests(job.trace, rate, seed);
  const report = await whatIf({
    ...{ first, second, requests, clock: performance },
    ...(model === undefined ? {} : { model }),
    seeds: Array.from({ length: seeds }, (_, i) => seed + i),
    arrivals: rate === undefined ? { rateScale } : { rate },
    // A job has one thread, whose memory and time are bounded, and leaves the other processors to the gateway.
    threads: 0,
    progress: (ended, runs) =>
      tell({ name: 'progress', data: { text: `${ended} of ${runs} runs`, share: ended / runs } }),
  });
  tell({ name: 'comparison', data: report });
}

/** @throws WeirError that says which of two configurations it is of. */
function saidOf(which: 'first' | 'second', configuration: ConfigurationText): Config {
  try {
    const config = playedConfig(configuration);
    refuseWhatCannotBeSimulated(config.pool);
    return config;
  } catch (error) {
    if (!isWeirError(error)) throw error;
    const { code, message, path, hint } = error;
    throw new WeirError(code, `Of the ${which} configuration: ${message}`, {
      ...(path === undefined ? {} : { path }),
      ...(hint === undefined ? {} : { hint }),
    });
  }
}

/** @throws WeirError `config.invalid` with the first of its problems. */
function playedConfig({ text, file }: ConfigurationText): Config {
  const loaded = loadText(text, file);
  if (!loaded.ok) {
    const [problem] = loaded.problems;
    throw new WeirError('config.invalid', problem?.message ?? 'The configuration is not valid.', {
      path: problem?.path ?? '',
      ...(problem?.hint === undefined ? {} : { hint: problem.hint }),
    });
  }
  return simulatedConfig(loaded.config);
}
