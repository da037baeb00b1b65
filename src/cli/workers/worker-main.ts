import { outliveReaders } from '#cli/reader-left.js';
import { runWorker } from './worker.js';

/** Entry of a worker process, forked by the supervisor. */
outliveReaders();
runWorker();
