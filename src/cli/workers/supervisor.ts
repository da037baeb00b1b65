import cluster, { type Worker } from 'node:cluster';
import { fileURLToPath } from 'node:url';
import type { ConfigVersion } from '#contract/stores.js';
import type { Milliseconds } from '#contract/units.js';
import type { ConfigurationDesk } from '#gateway/configuration/desk.js';
import { machineClock } from '#gateway/machine-clock.js';
import { CounterHub } from '#store/counters/hub.js';
import type { MetricsSnapshot } from '#telemetry/exposition.js';
import type { Logger } from '#telemetry/log.js';
import type { Traffic } from '#telemetry/traffic/traffic.js';
import { Answers } from './answers.js';
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
/** What a worker gets on top of its own time to drain before it is killed. */
const DRAIN_MARGIN: Milliseconds = 15_000;
/** Short ones are gathered for so long before the others are asked to exchange. */
const RECALL_AFTER: Milliseconds = 2;

/** A worker in the supervisor's care. */
export interface Charge {
  /** Its name among those that share limits. */
  readonly name: string;
  readonly worker: Worker;
  readonly link: Link<ToWorker, ToSupervisor>;
  readonly born: Milliseconds;
  /** It serves: before that it is not asked how. */
  serves: boolean;
  seen: Milliseconds;
  /** What it last told of its metrics. */
  counted: MetricsSnapshot;
}

export interface SupervisorOptions {
  readonly workers: number;
  readonly seed: number;
  readonly log: Logger;
  readonly config: SentConfig;
  readonly configuration: ConfigurationDesk;
  readonly traffic: Traffic;
}

/** Keeps a number of gateways running behind one port. What they ask of each other goes through {@link Answers}. */
export class Supervisor {
  private readonly charges = new Map<number, Charge>();
  private readonly hub: CounterHub;
  private readonly answers: Answers;
  private readonly timers = new Set<NodeJS.Timeout>();
  private config: SentConfig;
  private restarts = 0;
  private backOff = RESTART_AFTER;
  private ending = false;
  private recalling = false;
  private emptied: (() => void) | undefined;

  constructor(private readonly options: SupervisorOptions) {
    this.config = options.config;
    // Each takes connections from the one socket itself: those that are handed out by this process are lost for good, without a word to
    // the client, when the worker dies or hangs before it has taken them over.
    cluster.schedulingPolicy = cluster.SCHED_NONE;
    cluster.setupPrimary({ exec: fileURLToPath(new URL('./worker-main.js', import.meta.url)), args: [] });
    this.hub = new CounterHub({ clock: machineClock, onShort: () => this.recall() });
    this.answers = new Answers({
      charges: () => [...this.charges.values()].filter(({ serves }) => serves),
      hub: this.hub,
      configuration: options.configuration,
      traffic: options.traffic,
      restarts: () => this.restarts,
    });
  }

  /** Starts all workers. @returns what the first said that could not start, or the address of all. */
  async start(): Promise<Started> {
    const all = await Promise.all(Array.from({ length: this.options.workers }, () => this.fork()));
    const failed = all.find(started => !started.ok);
    this.every(PULSE_EVERY, () => this.feelPulses());
    return failed ?? all[0]!;
  }

  /** Gives all workers a configuration to put in force. One that does not take it is replaced by one that begins with it. */
  async apply(config: SentConfig): Promise<void> {
    this.config = config;
    await Promise.all(
      [...this.charges.values()].map(async ({ link, worker }) => {
        try {
          await link.ask({ kind: 'apply', config }, STUCK_AFTER);
        } catch (error) {
          this.options.log.error('a worker did not take the configuration', { pid: worker.process.pid, error });
          worker.process.kill('SIGKILL');
        }
      }),
    );
  }

  reloaded(applied: boolean): void {
    this.answers.reloaded(applied);
  }

  /** Has one worker note an edit of the file in the audit log: the next where one ends before it has. */
  async noteEdit(edit: ConfigVersion): Promise<void> {
    for (const { link, serves } of [...this.charges.values()]) {
      if (!serves) continue;
      try {
        await link.ask({ kind: 'note-edit', edit }, STUCK_AFTER);
        return;
      } catch (error) {
        this.options.log.warn('a worker did not note an edit of the configuration', { version: edit.version, error });
      }
    }
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
    const link: Link<ToWorker, ToSupervisor> = new Link(worker as Port, ask =>
      ask.kind === 'hello' ? awake() : this.answers.answer(charge, ask),
    );
    const now = performance.now();
    const charge: Charge = {
      name: `worker ${worker.id}`,
      worker,
      link,
      born: now,
      serves: false,
      seen: now,
      counted: [],
    };
    this.charges.set(worker.id, charge);
    const exited = new Promise<Started>(resolve => {
      worker.once('exit', (code, signal) => {
        this.left(charge, signal ?? code);
        resolve({ ok: false, message: `a worker ended at once (${signal ?? code})` });
      });
    });
    const asked = hello.then(() => {
      const { config } = this;
      const { orders } = this.answers;
      // Each draws its own random numbers, or all would choose alike.
      return link.ask({ kind: 'start', config, workers, seed: seed + worker.id - 1, orders }, STUCK_AFTER);
    });
    const started = asked.catch((error: Error): Started => ({ ok: false, message: error.message }));
    const outcome = (await Promise.race([started, exited])) as Started;
    charge.serves = outcome.ok;
    // Its end brings the next try, with back-off.
    if (!outcome.ok) worker.process.kill('SIGKILL');
    return outcome;
  }

  private left(charge: Charge, how: string | number): void {
    const { worker, born, name } = charge;
    this.charges.delete(worker.id);
    this.hub.gone(name);
    this.answers.left(charge);
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
    const config = this.config;
    const started = await this.fork();
    if (!started.ok) this.options.log.error('a worker did not start', { reason: started.message });
    // It may have begun with one that was replaced in the meantime.
    else if (config !== this.config) await this.apply(this.config);
  }

  /** Some worker is short of room that others claim: they are asked for it now rather than with the next exchange. */
  private recall(): void {
    if (this.recalling) return;
    this.recalling = true;
    setTimeout(() => {
      this.recalling = false;
      for (const { link, serves } of this.charges.values()) if (serves) link.ask({ kind: 'exchange' }).catch(() => {});
    }, RECALL_AFTER);
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
