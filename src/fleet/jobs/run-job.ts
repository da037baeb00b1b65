import { type Config, loadText } from '#config/load.js';
import { WeirError } from '#contract/errors.js';
import { within } from '#contract/within.js';
import { catalogueInUse, useCatalogue } from '#fleet/catalogue.js';
import { readCatalogueText } from '#fleet/catalogue-text.js';
import { planFiles } from '#fleet/emit/emit.js';
import { planFleet } from '#fleet/plan/plan.js';
import { planPage } from '#fleet/report-page/plan-page.js';
import { whatIfPage } from '#fleet/report-page/what-if-page.js';
import { simulatedConfig } from '#fleet/simulate/simulated-config.js';
import { refuseWhatCannotBeSimulated } from '#fleet/simulate/simulation.js';
import { whatIf } from '#fleet/what-if/what-if.js';
import { failureOf } from './failure.js';
import type { ConfigurationText, Job, JobEvent, PlanJob, WhatIfJob } from './job.js';
import { type JobTrace, jobTrace } from './job-trace.js';
import { playSimulation } from './simulation.js';

/** Does a job and tells of it; the last event is its result, or `failed`. Never throws. */
export async function runJob(job: Job, tell: (event: JobEvent) => void): Promise<void> {
  try {
    useCatalogue(within('catalogue', () => readCatalogueText(job.catalogue, 'This')));
    if (job.kind === 'plan') await plan(job, tell);
    else if (job.kind === 'what-if') await comparison(job, tell);
    else {
      const config = playedConfig('configuration', job.configuration);
      playSimulation(job, config, await readRequests(job, tell), tell);
    }
  } catch (error) {
    tell({ name: 'failed', data: failureOf(error) });
  }
}

async function readRequests({ trace, rate, seed }: Job, tell: (event: JobEvent) => void): Promise<JobTrace> {
  tell({ name: 'progress', data: { text: 'reading the trace' } });
  const read = await jobTrace(trace, rate, seed);
  tell({ name: 'trace', data: { requests: read.requests.length, refusals: read.refusals } });
  return read;
}

async function plan(job: PlanJob, tell: (event: JobEvent) => void): Promise<void> {
  const {
    model,
    gpus,
    slo,
    seed,
    rate,
    budget,
    price,
    provider,
    buying,
    disaggregate,
    overTime,
    tiers,
    weights,
    kvCache,
  } = job;
  const { requests } = await readRequests(job, tell);
  const report = planFleet({
    ...{ requests, model, gpus, slo, seed, clock: performance, catalogue: catalogueInUse() },
    ...{ ...(rate !== undefined && { rate }), ...(budget !== undefined && { budget }) },
    ...{ ...(weights && { weights }), ...(kvCache && { kvCache }) },
    ...{ buying, ...(disaggregate && { disaggregate }), ...(overTime && { overTime }), ...(tiers && { tiers }) },
    price: { kind: price, ...(provider === undefined ? {} : { provider }) },
    progress: text => tell({ name: 'progress', data: { text } }),
  });
  const files = planFiles(report, catalogueInUse(), job.catalogue !== undefined);
  if (files.size > 0) {
    tell({ name: 'files', data: { files: [...files].map(([path, text]) => ({ path, text })) } });
  }
  tell({ name: 'page', data: { file: 'weir-plan.html', html: planPage(report) } });
  tell({ name: 'plan', data: report });
}

async function comparison(job: WhatIfJob, tell: (event: JobEvent) => void): Promise<void> {
  const { model, rate, rateScale, seeds, seed } = job;
  const [first, second] = [playedConfig('first', job.first), playedConfig('second', job.second)];
  const { requests } = await readRequests(job, tell);
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
  const html = whatIfPage(job.first.called, job.second.called, report);
  tell({ name: 'page', data: { file: 'weir-what-if.html', html } });
  tell({ name: 'comparison', data: report });
}

/**
 * @param field of the body.
 * @throws WeirError whose path begins with the field.
 */
function playedConfig(field: string, { text, file }: ConfigurationText): Config {
  return within(field, () => {
    const loaded = loadText(text, file);
    if (!loaded.ok) {
      const [problem] = loaded.problems;
      throw new WeirError('config.invalid', problem?.message ?? 'The configuration is not valid.', {
        path: problem?.path ?? '',
        ...(problem?.hint === undefined ? {} : { hint: problem.hint }),
      });
    }
    const config = simulatedConfig(loaded.config);
    refuseWhatCannotBeSimulated(config.pool);
    return config;
  });
}
