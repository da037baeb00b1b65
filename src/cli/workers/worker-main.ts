import { runWorker } from './worker.js';

/** Entry of a worker process, forked by the supervisor. */
runWorker();
