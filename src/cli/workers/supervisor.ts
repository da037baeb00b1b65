import cluster, { type Worker } from 'node:cluster';
import { fileURLToPath } from 'node:url';
import type { Milliseconds } from '#contract/units.js';
import { type Exposition, type MetricsSnapshot, together } from '#telemetry/exposition.js';
import type { Logger } from '#telemetry/log.js';
import { createMetrics } from '#telemetry/metrics.js';
import { Departed } from './departed.js';
import { Link, type Port } from './link.js';
import type { SentConfig, Started, ToSupervisor, ToWorker } from './messages.js';

/** First wait before a worker that ended is replaced; doubled while workers keep ending young. */
const RESTART_AFTER: Milliseconds = 200;
const RESTART_AFTER_AT_MOST: Milliseconds = 15_000;
/** A worker that lived this long has started well. */
const GROWN_UP: Milliseconds = 30_000;
const PULSE_EVERY: Milliseconds = 5000;
/** A worker that answers nothing for so long is taken for stuck and killed. */
const STUCK_AFTER: Milliseconds = 30_000;
const METRICS_WITHIN: Milliseconds = 2000;
/** What a worker gets on top of its own time to drain before it is killed. */
const DRAIN_MARGIN: Milliseconds = 15_000;

interface Charge {
  readonly worker: Worker;
  readonly link: Link<ToWorker, ToSupervisor>;
  readonly born: Milliseconds;
  seen: Milliseconds;
  /** What it last told of its metrics. */
  counted: MetricsSnapshot;
}

export interface SupervisorOptions {
  readonly workers: number;
  readonly seed: number;
  readonly log: Logger;
  readonly config: SentConfig;
}

/** Keeps a number of gateways running behind one port, and speaks for them as one. */
export class Supervisor {
  private readonly charges = new Map<number, Charge>();
  private readonly metrics = createMetrics();
  private readonly departed = new Departed();
  private readonly timers = new Set<NodeJS.Timeout>();
  private config: SentConfig;
  private restarts = 0;
  private backOff = RESTART_AFTER;
  private ending = false;
  private emptied: (() => void) | undefined;

  constructor(private readonly options: SupervisorOptions) {
    this.config = options.config;
    cluster.setupPrimary({ exec: fileURLToPath(new URL('./worker-main.js', import.meta.url)), args: [] });
    this.metrics.gauge('weir_workers', 'Gateway processes that run.', [], () => [
      { labels: {}, value: this.charges.size },
    ]);
    this.metrics.counter('weir_worker_restarts_total', 'Gateway processes that ended and were replaced.', [], () => [
      { labels: {}, value: this.restarts },
    ]);
  }

  /** Starts all workers. @returns what the first said that could not start, or the address of all. */
  async start(): Promise<Started> {
    const all = await Promise.all(Array.from({ length: this.options.workers }, () => this.fork()));
    const failed = all.find(started => !started.ok);
    this.every(PULSE_EVERY, () => this.feelPulses());
    return failed ?? all[0]!;
  }

  /** Gives all workers a configuration to put in force. */
  async apply(config: SentConfig): Promise<void> {
    this.config = config;
    const done = await Promise.allSettled(
      [...this.charges.values()].map(({ link }) => link.ask({ kind: 'apply', config })),
    );
    const failed = done.filter(({ status }) => status === 'rejected').length;
    if (failed > 0) this.options.log.error('workers did not take the configuration', { workers: failed });
  }

  reloaded(applied: boolean): void {
    this.metrics.reloaded(applied);
  }

  /** Drains all workers; a second call ends what they still have open. Resolves when all have ended. */
  async stop(signal: string, drainMs: Milliseconds): Promise<void> {
    const first = !this.ending;
    this.ending = true;
    for (const timer of this.timers) clearTimeout(timer);
    for (const { link } of this.charges.values()) {
      link.ask({ kind: 'drain', signal, now: !first }).catch(() => {});
    }
    if (!first || this.charges.size === 0) return;
    const killing = setTimeout(() => {
      for (const { worker } of this.charges.values()) worker.process.kill('SIGKILL');
    }, drainMs + DRAIN_MARGIN);
    await new Promise<void>(resolve => {
      this.emptied = resolve;
    });
    clearTimeout(killing);
  }

  private async fork(): Promise<Started> {
    const { workers, seed } = this.options;
    const worker = cluster.fork();
    let awake = (): void => {};
    const hello = new Promise<void>(resolve => {
      awake = resolve;
    });
    const link = new Link<ToWorker, ToSupervisor>(worker as Port, ask =>
      ask.kind === 'hello' ? awake() : this.answer(ask),
    );
    const now = performance.now();
    const charge: Charge = { worker, link, born: now, seen: now, counted: [] };
    this.charges.set(worker.id, charge);
    const exited = new Promise<Started>(resolve => {
      worker.once('exit', (code, signal) => {
        this.left(charge, signal ?? code);
        resolve({ ok: false, message: `a worker ended at once (${signal ?? code})` });
      });
    });
    // Each draws its own random numbers, or all would choose alike.
    const asked = hello.then(() =>
      link.ask({ kind: 'start', config: this.config, workers, seed: seed + worker.id - 1 }, STUCK_AFTER),
    );
    const started = asked.catch((error: Error): Started => ({ ok: false, message: error.message }));
    const outcome = (await Promise.race([started, exited])) as Started;
    // Its end brings the next try, with back-off.
    if (!outcome.ok) worker.process.kill('SIGKILL');
    return outcome;
  }

  private left(charge: Charge, how: string | number): void {
    const { worker, counted, born } = charge;
    this.charges.delete(worker.id);
    this.departed.add(counted);
    if (this.ending) {
      if (this.charges.size === 0) this.emptied?.();
      return;
    }
    const age = performance.now() - born;
    if (age >= GROWN_UP) this.backOff = RESTART_AFTER;
    this.options.log.error('a worker ended', {
      pid: worker.process.pid,
      how,
      age_ms: Math.round(age),
      wait_ms: this.backOff,
    });
    this.restarts++;
    this.after(this.backOff, () => void this.replace());
    this.backOff = Math.min(RESTART_AFTER_AT_MOST, this.backOff * 2);
  }

  private async replace(): Promise<void> {
    const started = await this.fork();
    if (!started.ok) this.options.log.error('a worker did not start', { reason: started.message });
  }

  private answer(ask: ToSupervisor & { kind: 'metrics' | 'settle' }): unknown {
    return ask.kind === 'metrics' ? this.exposition() : this.settle();
  }

  private async settle(): Promise<void> {
    await Promise.allSettled([...this.charges.values()].map(({ link }) => link.ask({ kind: 'settle' })));
  }

  /** The metrics of all workers, those that have ended included, as of one gateway. */
  private async exposition(): Promise<Exposition> {
    const told = await Promise.all(
      [...this.charges.values()].map(async charge => {
        try {
          charge.counted = (await charge.link.ask({ kind: 'metrics' }, METRICS_WITHIN)) as MetricsSnapshot;
        } catch {
          // It is busy or has just ended: what it said last is closer to the truth than nothing.
        }
        return charge.counted;
      }),
    );
    return together([await this.metrics.snapshot(), this.departed.snapshot, ...told]);
  }

  private feelPulses(): void {
    const now = performance.now();
    for (const charge of this.charges.values()) {
      if (now - charge.seen > STUCK_AFTER) {
        this.options.log.error('a worker is stuck and is killed', { pid: charge.worker.process.pid });
        charge.worker.process.kill('SIGKILL');
        continue;
      }
      charge.link.ask({ kind: 'alive' }).then(
        () => {
          charge.seen = performance.now();
        },
        () => {},
      );
    }
  }

  private every(interval: Milliseconds, task: () => void): void {
    this.after(interval, () => {
      task();
      this.every(interval, task);
    });
  }

  private after(delay: Milliseconds, task: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      task();
    }, delay);
    this.timers.add(timer);
  }
}
