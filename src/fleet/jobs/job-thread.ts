import { parentPort, workerData } from 'node:worker_threads';
import type { Job } from './job.js';
import { runJob } from './run-job.js';

// The thread of one job: told what to do when it is made, ended by whoever made it.
await runJob(workerData as Job, event => parentPort?.postMessage(event));
