import type { Clock } from '#contract/clock.js';
import type { Bytes, Milliseconds } from '#contract/units.js';
import type { BlockNews } from '#pool/placement/blocks/block-ledger.js';
import type { EventSource } from '#pool/topology/event-sources.js';
import { type KvBatch, readBatch } from '#protocols/kv-events/batch.js';
import type { KvEventLibrary } from '#protocols/kv-events/library.js';
import { readSequence, sequenceBytes } from '#protocols/kv-events/sequence-number.js';
import type { Logger } from '#telemetry/log.js';
import { EventStream } from './event-stream.js';

/** Longest message taken. */
const MOST_BYTES: Bytes = 32 * 1024 * 1024;
/** Messages that may wait to be read. */
const MOST_WAITING = 10_000;
/** Longest silence within a replay. */
const REPLAY_PAUSE: Milliseconds = 5000;
/** Most batches of one replay: vLLM keeps 10,000 unless told otherwise. */
const MOST_REPLAYED = 1_000_000;

export interface FeedCounts {
  batches: number;
  events: number;
  malformed: number;
  unread: number;
}

/** Follows the KV events of one engine: subscribes, has missed ones replayed, and tells whoever keeps its blocks. */
export class EventFeed {
  readonly counts: FeedCounts = { batches: 0, events: 0, malformed: 0, unread: 0 };
  readonly stream: EventStream;
  /** When the last batch came. */
  heardAt: Milliseconds | undefined;
  private readonly socket: InstanceType<KvEventLibrary['zeromq']['Subscriber']>;
  private replaying: InstanceType<KvEventLibrary['zeromq']['Dealer']> | undefined;
  private closed = false;

  /**
   * @param blocks looked up each time, as another placement may have come into force.
   * @param log told once of events that cannot be read: an engine that writes one writes more.
   */
  constructor(
    readonly source: EventSource,
    private readonly library: KvEventLibrary,
    private readonly clock: Clock,
    private readonly blocks: () => BlockNews | undefined,
    private readonly log: Pick<Logger, 'warn'>,
  ) {
    const { replica, url, replay, topic } = source;
    this.stream = new EventStream(
      {
        get knowledge() {
          return blocks()?.knowledge(replica) ?? 'none';
        },
        began: knowledge => {
          blocks()?.began(replica, knowledge);
          blocks()?.linked(replica, this.up);
        },
        told: events => blocks()?.told(replica, events),
      },
      replay === undefined ? undefined : from => void this.replayFrom(replay, from),
    );
    this.socket = new library.zeromq.Subscriber({
      ...{ linger: 0, maxMessageSize: MOST_BYTES, receiveHighWaterMark: MOST_WAITING },
      ...{ reconnectInterval: 100, reconnectMaxInterval: 5000 },
      // Finds a peer that went without a word, as a machine does that loses its power.
      ...{ heartbeatInterval: 5000, heartbeatTimeout: 15_000 },
    });
    this.socket.events.on('handshake', () => this.link(true));
    this.socket.events.on('disconnect', () => this.link(false));
    this.socket.connect(url);
    this.socket.subscribe(topic);
    void this.run();
  }

  /** Whether the engine is connected. */
  up = false;
  private linked = false;

  close(): void {
    this.closed = true;
    this.blocks()?.linked(this.source.replica, false);
    this.replaying?.close();
    this.socket.close();
  }

  private link(up: boolean): void {
    if (this.closed) return;
    this.up = up;
    this.blocks()?.linked(this.source.replica, up);
    if (up) this.stream.connected();
  }

  private async run(): Promise<void> {
    try {
      for await (const frames of this.socket) {
        const [, number, payload] = frames;
        const sequence = readSequence(number);
        const batch = this.read(payload);
        if (typeof sequence === 'number' && batch !== undefined) this.stream.live(sequence, batch);
      }
    } catch {
      // The socket was closed under it, which is how it ends.
    }
  }

  private async replayFrom(url: string, from: number): Promise<void> {
    const dealer = new this.library.zeromq.Dealer({
      ...{ linger: 0, maxMessageSize: MOST_BYTES, receiveTimeout: REPLAY_PAUSE, sendTimeout: REPLAY_PAUSE },
    });
    this.replaying = dealer;
    let whole = false;
    try {
      dealer.connect(url);
      await dealer.send(['', sequenceBytes(from)]);
      for (let count = 0; count < MOST_REPLAYED && !this.closed; count++) {
        const [, number, payload] = await dealer.receive();
        const sequence = readSequence(number);
        whole = sequence === 'end';
        if (whole) break;
        const batch = this.read(payload);
        if (typeof sequence === 'number' && batch !== undefined) this.stream.replayed(sequence, batch);
      }
    } catch {
      // Nobody answers there, or no longer.
    }
    dealer.close();
    if (this.closed) return;
    this.replaying = undefined;
    if (whole) this.stream.replayEnded();
    else this.stream.replayFailed();
  }

  private read(payload: Uint8Array | undefined): KvBatch | undefined {
    this.heardAt = this.clock.now();
    this.counts.batches += 1;
    let batch: KvBatch | undefined;
    try {
      batch = payload && readBatch(this.library.msgpack.decode(payload, { useBigInt64: true }));
    } catch {
      batch = undefined;
    }
    if (batch === undefined) this.counts.malformed += 1;
    else this.count(batch);
    return batch;
  }

  private count({ events, unread }: KvBatch): void {
    const { counts } = this;
    if (unread > 0 && counts.unread === 0) {
      this.log.warn('events of a prefix cache cannot be read: what the replica holds is estimated as well', {
        replica: this.source.replica,
      });
    }
    counts.events += events.length - unread;
    counts.unread += unread;
  }
}
