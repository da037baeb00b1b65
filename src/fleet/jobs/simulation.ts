import type { Config } from '#config/load.js';
import { seededRandom } from '#contract/random.js';
import { simulationPage } from '#fleet/report-page/simulation-page.js';
import { poissonRequests } from '#fleet/simulate/arrivals.js';
import { simulationReport } from '#fleet/simulate/report.js';
import { overSeeds, playSeed, type SeedRuns } from '#fleet/simulate/seed-runs.js';
import { simulate } from '#fleet/simulate/simulation.js';
import type { FleetMoment } from '#fleet/twin/moments.js';
import type { JobEvent, SimulationJob } from './job.js';
import type { JobTrace } from './job-trace.js';

/** Moments while requests arrive. What comes after, until the last answer, may take far longer: then fewer and fewer are told. */
const MOMENTS = 240;

/**
 * Plays a trace and tells of it: moments of the first run, how far it is, its page and the report, with intervals over the runs where
 * there are several.
 */
export function playSimulation(
  { configuration, model, rate, rateScale, warmUpMs, seeds, seed }: SimulationJob,
  config: Config,
  { requests: read, startedAt }: JobTrace,
  tell: (event: JobEvent) => void,
): void {
  const requests = rate === undefined ? read : poissonRequests(read, rate, seededRandom(seed));
  const scale = rate === undefined ? rateScale : 1;
  const span = (requests.at(-1)!.arrivalMs - requests[0]!.arrivalMs) / scale;
  let seen = 0;
  const see = (moment: FleetMoment): void => {
    const every = 2 ** Math.floor(seen / MOMENTS);
    if (seen++ % every === 0) tell({ name: 'moment', data: moment });
  };
  const startedAtWork = performance.now();
  const result = simulate(requests, {
    ...{ config, model, seed, rateScale: scale, warmUpMs, startedAt },
    watch: { everyMs: Math.max(1, span / MOMENTS), see },
    progress: arrived =>
      tell({
        name: 'progress',
        data: { text: `${arrived} of ${requests.length} requests`, share: arrived / requests.length / seeds },
      }),
  });
  const first = simulationReport(result, performance.now() - startedAtWork);
  const runs: SeedRuns = {
    ...{ config, model, requests: read, startedAt, warmUpMs },
    arrivals: rate === undefined ? { rateScale } : { rate },
    seeds: Array.from({ length: seeds }, (_, i) => seed + i),
  };
  const others = runs.seeds.slice(1).map((_, i) => {
    tell({ name: 'progress', data: { text: `run ${i + 2} of ${seeds}`, share: (i + 1) / seeds } });
    return playSeed(runs, i + 1);
  });
  const report = overSeeds(first, others);
  const html = simulationPage(configuration.called, report, result.completed, report.intervals);
  tell({ name: 'page', data: { file: 'weir-simulation.html', html } });
  tell({ name: 'simulation', data: report });
}
