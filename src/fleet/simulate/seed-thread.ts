import { parentPort, workerData } from 'node:worker_threads';
import { useCatalogue } from '#fleet/catalogue.js';
import { playSeed, type SeedThreadData } from './seed-runs.js';

/** The thread behind {@link playAll}: plays its share of the runs and tells each report. */
const { all, tasks, catalogue } = workerData as SeedThreadData;
useCatalogue(catalogue);
for (const task of tasks) parentPort!.postMessage({ task, report: playSeed(all[task.of]!, task.index) });
