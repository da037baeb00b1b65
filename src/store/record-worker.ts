import { parentPort, workerData } from 'node:worker_threads';
import { isWeirError } from '#contract/errors.js';
import type { RecordFilter } from '#contract/stores.js';
import type { Milliseconds } from '#contract/units.js';
import type { RecordBatch } from './record-batch.js';
import { RecordDatabase } from './record-database.js';
import {
  DONE,
  DONE_BYTES,
  type FromThread,
  LOST,
  type RecordCall,
  type RecordThreadData,
  type ToThread,
  type Trouble,
} from './record-messages.js';
import type { RecordQueries } from './record-queries.js';
import { sqliteQueries } from './sqlite-queries.js';

/** Entry of the thread that owns the database of decision records. Batches that wait together are written together. */

const PRUNE_EVERY_MS = 1000;
const TROUBLE_EVERY_MS = 10_000;

const { path, keepForMs, keepBytes, progress } = workerData as RecordThreadData;
const port = parentPort!;

let waiting: RecordBatch[] = [];
let commitPlanned = false;
let prunePlanned = false;
let prunedAt = 0;
let troubledAt = 0;
let queries: Promise<RecordQueries> | undefined;

function open(): RecordDatabase | undefined {
  try {
    return new RecordDatabase(path, { keepForMs, keepBytes });
  } catch (error) {
    send({ kind: 'unopened', trouble: troubleOf(error) });
    port.close();
    return undefined;
  }
}

const opened = open();
if (opened !== undefined) serve(opened);

function serve(records: RecordDatabase): void {
  port.on('message', (message: ToThread) => {
    if ('json' in message) {
      waiting.push(message);
      if (commitPlanned) return;
      commitPlanned = true;
      setImmediate(commit, records);
      return;
    }
    commit(records);
    answer(records, message.ask).then(
      value => {
        send({ kind: 'answer', call: message.call, value });
        if (message.ask.kind === 'close') port.close();
      },
      (error: unknown) => send({ kind: 'failure', call: message.call, trouble: troubleOf(error) }),
    );
  });
  setInterval(planPrune, PRUNE_EVERY_MS * 30, records).unref();
  send({ kind: 'open' });
}

function commit(records: RecordDatabase): void {
  commitPlanned = false;
  if (waiting.length === 0) return;
  const batches = waiting;
  waiting = [];
  const { lost, reason } = records.write(batches);
  let done = 0;
  let bytes = 0;
  for (const batch of batches) {
    done += batch.records;
    bytes += batch.bytes;
  }
  Atomics.add(progress, LOST, lost);
  Atomics.add(progress, DONE_BYTES, bytes);
  Atomics.add(progress, DONE, done);
  if (lost > 0) complain(reason);
  if (Date.now() - prunedAt >= PRUNE_EVERY_MS) planPrune(records);
}

/** Prunes in small steps, with room between them for batches and questions. */
function planPrune(records: RecordDatabase): void {
  if (prunePlanned) return;
  prunePlanned = true;
  setImmediate(() => {
    prunePlanned = false;
    if (pruneOnce(records)) planPrune(records);
  });
}

function pruneOnce(records: RecordDatabase): boolean {
  if (!records.database.isOpen) return false;
  prunedAt = Date.now();
  try {
    return records.prune(prunedAt);
  } catch (error) {
    complain(error);
    return false;
  }
}

async function answer(records: RecordDatabase, ask: RecordCall): Promise<unknown> {
  switch (ask.kind) {
    case 'find':
      return (await typed(records)).find(ask.id, oldest());
    case 'list':
      return (await typed(records)).list(young(ask.filter));
    case 'count':
      return (await typed(records)).count(young(ask.filter));
    case 'flush':
      while (pruneOnce(records)) await new Promise<void>(resolve => setImmediate(resolve));
      return undefined;
    case 'close':
      records.close();
      return undefined;
  }
}

/** Records older than this are to be gone, and may only wait for the younger ones of their batch. */
function oldest(): Milliseconds {
  return Date.now() - keepForMs;
}

function young(filter: RecordFilter): RecordFilter {
  return { ...filter, since: Math.max(filter.since ?? Number.NEGATIVE_INFINITY, oldest()) };
}

function typed(records: RecordDatabase): Promise<RecordQueries> {
  queries ??= sqliteQueries(records.database);
  return queries;
}

/** Reports what went wrong, at most once in ten seconds: a full disk would otherwise report every batch. */
function complain(reason: unknown): void {
  const now = Date.now();
  if (now - troubledAt < TROUBLE_EVERY_MS) return;
  troubledAt = now;
  send({ kind: 'trouble', trouble: troubleOf(reason) });
}

function troubleOf(error: unknown): Trouble {
  const message = error instanceof Error ? error.message : String(error);
  if (!isWeirError(error)) return { message };
  return {
    message,
    ...(error.path === undefined ? undefined : { path: error.path }),
    ...(error.hint === undefined ? undefined : { hint: error.hint }),
  };
}

function send(message: FromThread): void {
  port.postMessage(message);
}
