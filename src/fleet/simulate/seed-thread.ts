import { parentPort, workerData } from 'node:worker_threads';
import { playSeed, type SeedRuns } from './seed-runs.js';

/** The thread behind {@link playSeeds}: plays its share of the seeds and tells each report. */
const { runs, indices } = workerData as { readonly runs: SeedRuns; readonly indices: readonly number[] };
for (const index of indices) parentPort!.postMessage({ index, report: playSeed(runs, index) });
