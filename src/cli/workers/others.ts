import type { Together } from '#cli/live-gateway.js';
import type { Broadcast } from '#contract/broadcast.js';
import type { Milliseconds } from '#contract/units.js';
import { type ConfigurationDesk, DESK_CALLS, type DeskCall } from '#gateway/configuration/desk.js';
import type { Gateway } from '#gateway/gateway.js';
import { machineClock } from '#gateway/machine-clock.js';
import type { TailSink, TapSink } from '#gateway/peers.js';
import { TailLimit, watchMatching } from '#gateway/record-tail.js';
import type { SeenLengths } from '#gateway/scaling/replica-adviser.js';
import type { Standing } from '#gateway/standing.js';
import { newTapKey } from '#gateway/traffic-tap.js';
import type { Heard } from '#store/counters/exchange.js';
import type { Exposition } from '#telemetry/exposition.js';
import type { WindowName } from '#telemetry/traffic/traffic.js';
import type { Link } from './link.js';
import type { SentWindow, Tail, TailNews, ToSupervisor, ToWorker, Watch } from './messages.js';
import { RowBatch } from './row-batch.js';

/** A worker's way to the supervisor, and through it to the other workers. */
export type SupervisorLink = Link<ToSupervisor, ToWorker>;

/** An exchange of counts that takes longer counts as none. */
const SWAP_WITHIN: Milliseconds = 1000;
/** A change of the configuration runs its tests, and may start engines. */
const CONFIGURE_WITHIN: Milliseconds = 60_000;

/** How a worker reaches the others. */
export function togetherOver(
  link: SupervisorLink,
  tails: Tails,
  broadcast: WorkerBroadcast,
  processes: number,
): Together {
  return {
    broadcast,
    machine: {
      processes,
      exchange: {
        swap: async (_, told, memory) => (await link.ask({ kind: 'swap', told, memory }, SWAP_WITHIN)) as Heard,
        close: async () => {},
      },
    },
    async changed() {
      await link.ask({ kind: 'changed' });
    },
    peers: {
      metrics: async () => (await link.ask({ kind: 'metrics' })) as Exposition,
      async settle() {
        await link.ask({ kind: 'settle' });
      },
      standings: async () => (await link.ask({ kind: 'standings' })) as readonly Standing[],
      lengths: async most =>
        (await link.ask({ kind: 'lengths', most: Math.ceil(most / processes) })) as readonly SeenLengths[],
      async drain(replica, out) {
        await link.ask({ kind: 'drain-replica', replica, out });
      },
      tail: (conditions, sink) => tails.open({ conditions }, sink),
      tap: sink => tails.open({ key: newTapKey().toString('base64') }, sink),
    },
  };
}

/** What a worker tells all others by way of the supervisor. */
export class WorkerBroadcast implements Broadcast {
  readonly connected = true;
  private listener: (text: string) => void = () => {};

  constructor(private readonly link: SupervisorLink) {}

  tell(text: string): void {
    this.link.ask({ kind: 'pool-news', text }).catch(() => {});
  }

  listen(listener: (text: string) => void): void {
    this.listener = listener;
  }

  /** Another worker has told. */
  heard(text: string): void {
    this.listener(text);
  }

  async close(): Promise<void> {
    this.listener = () => {};
  }
}

/** The configuration that the supervisor has. */
export function remoteDesk(link: SupervisorLink): ConfigurationDesk {
  const ask =
    (call: DeskCall) =>
    (...given: readonly unknown[]) =>
      link.ask({ kind: 'configuration', call, given: given.slice(0, 1 + lastGiven(given)) }, CONFIGURE_WITHIN);
  return Object.fromEntries(DESK_CALLS.map(call => [call, ask(call)])) as unknown as ConfigurationDesk;
}

/** `undefined` does not cross: what was left out at the end stays left out. */
function lastGiven(given: readonly unknown[]): number {
  return given.findLastIndex(value => value !== undefined);
}

export async function windowOver(link: SupervisorLink, window: WindowName): Promise<SentWindow> {
  return (await link.ask({ kind: 'window', window })) as SentWindow;
}

/** Who watches records or has requests recorded here, and what this worker tells of its own to those who do so anywhere. */
export class Tails {
  private readonly sinks = new Map<string, Partial<TailSink> & Partial<TapSink>>();
  private readonly watching = new Map<string, () => void>();
  private opened = 0;

  constructor(private readonly link: SupervisorLink) {}

  /** Begins to watch what is wanted of all. @returns how to stop. */
  open(wanted: Watch, sink: TailSink | TapSink): () => void {
    const tail = `${process.pid}/${++this.opened}`;
    this.sinks.set(tail, sink);
    this.link.ask({ kind: 'tail', tail, ...wanted }).catch(() => {});
    return () => {
      this.sinks.delete(tail);
      this.link.ask({ kind: 'untail', tail }).catch(() => {});
    };
  }

  /** Begins to tell of what this worker has of it. */
  begin(wanted: Tail, { feed, tap }: Pick<Gateway, 'feed' | 'tap'>): void {
    const { tail } = wanted;
    if (this.watching.has(tail)) return;
    const tell = (news: Omit<TailNews, 'tail'>): boolean => {
      this.link.ask({ kind: 'news', tail, ...news }).catch(() => {});
      return true;
    };
    if ('key' in wanted) {
      const rows = new RowBatch(machineClock, (requests, skipped) => tell({ requests, skipped }));
      const stop = tap.open(request => rows.add(request), Buffer.from(wanted.key, 'base64'));
      this.watching.set(tail, () => {
        stop();
        rows.tell();
      });
      return;
    }
    const limit = new TailLimit(
      machineClock,
      record => tell({ record }),
      skipped => tell({ skipped }),
    );
    this.watching.set(tail, watchMatching(feed, wanted.conditions, limit));
  }

  end(tail: string): void {
    this.watching.get(tail)?.();
    this.watching.delete(tail);
  }

  /** This worker goes: what it has gathered is told now. */
  endAll(): void {
    for (const tail of [...this.watching.keys()]) this.end(tail);
  }

  /** Something is told to somebody who watches here. */
  news({ tail, record, requests, skipped }: TailNews): void {
    const sink = this.sinks.get(tail);
    if (skipped !== undefined && skipped > 0) sink?.skipped?.(skipped);
    if (record !== undefined) sink?.record?.(record);
    for (const request of requests ?? []) sink?.request?.(request);
  }
}
