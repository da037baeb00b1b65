import type { Milliseconds } from '#contract/units.js';
import { type ConfigurationDesk, DESK_CALLS, type DeskCall } from '#gateway/configuration/desk.js';
import { machineClock } from '#gateway/machine-clock.js';
import type { CounterHub } from '#store/counters/hub.js';
import { type Exposition, type MetricsSnapshot, together } from '#telemetry/exposition.js';
import { createMetrics, type Metrics } from '#telemetry/metrics.js';
import { Tally } from '#telemetry/traffic/tally.js';
import type { Traffic } from '#telemetry/traffic/traffic.js';
import { sentWindow } from './counted-traffic.js';
import { Departed } from './departed.js';
import type { Orders, SentWindow, Tail, TailNews, ToSupervisor, ToWorker } from './messages.js';
import type { Charge } from './supervisor.js';

/** A worker that is busy is not waited for longer when all are asked. */
const ALL_WITHIN: Milliseconds = 2000;

export interface AnswersPorts {
  /** Workers that serve. */
  readonly charges: () => readonly Charge[];
  readonly hub: CounterHub;
  readonly configuration: ConfigurationDesk;
  readonly traffic: Traffic;
  readonly restarts: () => number;
}

/** What workers ask of the supervisor, and through it of one another: with these answers they are one gateway. */
export class Answers {
  private readonly metrics = createMetrics();
  private readonly departed = new Departed();
  private readonly drained = new Set<string>();
  /** What is watched, and where. */
  private readonly tails = new Map<string, { readonly wanted: Tail; readonly charge: Charge }>();

  constructor(private readonly ports: AnswersPorts) {
    addWorkerMetrics(
      this.metrics,
      () => ports.charges().length,
      () => ports.restarts(),
    );
  }

  /** What a worker is told that starts now. */
  get orders(): Orders {
    return { drained: [...this.drained], tails: [...this.tails.values()].map(({ wanted }) => wanted) };
  }

  reloaded(applied: boolean): void {
    this.metrics.reloaded(applied);
  }

  /** A worker has ended. */
  left(charge: Charge): void {
    this.departed.add(charge.counted);
    for (const [tail, { charge: watcher }] of this.tails) if (watcher === charge) void this.untail(tail);
  }

  answer(charge: Charge, ask: Exclude<ToSupervisor, { kind: 'hello' }>): unknown {
    switch (ask.kind) {
      case 'metrics':
        return this.exposition();
      case 'settle':
        return this.all({ kind: 'settle' });
      case 'standings':
        return this.all({ kind: 'standing' });
      case 'lengths':
        return this.all(ask);
      case 'changed':
        return this.all({ kind: 'refresh' }, charge);
      case 'pool-news':
        for (const other of this.ports.charges()) {
          if (other !== charge) other.link.ask(ask).catch(() => {});
        }
        return undefined;
      case 'swap':
        return this.ports.hub.swap(charge.name, ask.told, ask.memory);
      case 'counted':
        return this.count(ask.tally);
      case 'window':
        return this.window(ask.window);
      case 'configuration':
        return this.configuration(ask.call, ask.given);
      case 'drain-replica': {
        const { replica, out } = ask;
        if (out) this.drained.add(replica);
        else this.drained.delete(replica);
        return this.all({ kind: 'drain-replica', replica, out });
      }
      case 'tail': {
        const { kind: _, ...wanted } = ask;
        this.tails.set(wanted.tail, { wanted, charge });
        return this.all({ kind: 'tail', ...wanted });
      }
      case 'untail':
        return this.untail(ask.tail);
      case 'news':
        return this.pass(ask);
    }
  }

  /** Asks all workers, except one. @returns what those said that answered in time. */
  private async all(ask: ToWorker, except?: Charge): Promise<unknown[]> {
    const asked = this.ports.charges().filter(charge => charge !== except);
    const said = await Promise.allSettled(asked.map(({ link }) => link.ask(ask, ALL_WITHIN)));
    return said.flatMap(result => (result.status === 'fulfilled' && result.value !== undefined ? [result.value] : []));
  }

  private async configuration(call: DeskCall, given: readonly unknown[]): Promise<unknown> {
    if (!DESK_CALLS.includes(call)) throw new Error(`${call} is nothing that can be asked`);
    const desk = this.ports.configuration as Readonly<Record<DeskCall, (...given: readonly unknown[]) => unknown>>;
    return desk[call](...given);
  }

  private count(text: string): void {
    const tally = Tally.read(0, text);
    if (tally !== undefined) this.ports.traffic.add(tally, machineClock.wall());
  }

  private async window(window: Parameters<Traffic['window']>[0]): Promise<SentWindow> {
    for (const tally of await this.all({ kind: 'traffic' })) this.count(tally as string);
    return sentWindow(this.ports.traffic.window(window, machineClock.wall()));
  }

  private untail(tail: string): Promise<unknown> | undefined {
    return this.tails.delete(tail) ? this.all({ kind: 'untail', tail }) : undefined;
  }

  private pass({ tail, ...news }: TailNews): Promise<unknown> | undefined {
    return this.tails.get(tail)?.charge.link.ask({ ...news, kind: 'news', tail });
  }

  /** The metrics of all workers, those that have ended included, as of one gateway. */
  private async exposition(): Promise<Exposition> {
    await Promise.all(
      this.ports.charges().map(async charge => {
        try {
          charge.counted = (await charge.link.ask({ kind: 'metrics' }, ALL_WITHIN)) as MetricsSnapshot;
        } catch {
          // It is busy or has just ended: what it said last is closer to the truth than nothing.
        }
      }),
    );
    const own = await this.metrics.snapshot();
    // Who ended meanwhile is among the departed now, and must not be counted twice.
    return together([own, this.departed.snapshot, ...this.ports.charges().map(({ counted }) => counted)]);
  }
}

export function addWorkerMetrics(metrics: Metrics, workers: () => number, restarts: () => number): void {
  const one = (value: number) => [{ labels: {}, value }];
  metrics.gauge('weir_workers', 'Gateway processes that serve.', [], () => one(workers()));
  metrics.counter('weir_worker_restarts_total', 'Gateway processes that ended and were replaced.', [], () =>
    one(restarts()),
  );
}
