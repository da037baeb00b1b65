import type { Clock } from '#contract/clock.js';
import type { LivePool } from '#pool/pool.js';
import { type KvEventLibrary, loadKvEventLibrary } from '#protocols/kv-events/library.js';
import type { Logger } from '#telemetry/log.js';
import type { Metrics } from '#telemetry/metrics.js';
import { EventFeed } from './feed.js';

/** The feeds of all engines that tell of their caches. */
export class EventFeeds {
  private readonly feeds = new Map<string, EventFeed>();
  private library: KvEventLibrary | undefined;
  private closed = false;

  constructor(
    private readonly pool: () => LivePool,
    private readonly clock: Clock,
    private readonly log: Logger,
  ) {}

  /**
   * From now on exactly the engines that the configuration names are followed.
   *
   * @throws WeirError `pool.events_unavailable` when there are any and a package is missing.
   */
  async retarget(): Promise<void> {
    const sources = this.pool().eventSources();
    if (sources.length > 0) this.library ??= await loadKvEventLibrary();
    const { library } = this;
    if (library === undefined || this.closed) return;
    const wanted = new Map(sources.map(source => [source.replica, source]));
    for (const [replica, feed] of this.feeds) {
      if (JSON.stringify(wanted.get(replica)) === JSON.stringify(feed.source)) wanted.delete(replica);
      else {
        feed.close();
        this.feeds.delete(replica);
      }
    }
    for (const source of wanted.values()) {
      const { replica } = source;
      const blocks = () => this.pool().blocks(replica);
      this.feeds.set(replica, new EventFeed(source, library, this.clock, blocks, this.log));
    }
  }

  close(): void {
    this.closed = true;
    for (const feed of this.feeds.values()) feed.close();
    this.feeds.clear();
  }

  /** Adds what can be read off the feeds at a scrape. */
  addMetrics(metrics: Metrics): void {
    const each = (of: (feed: EventFeed) => number | undefined) => () =>
      [...this.feeds.values()].flatMap(feed => {
        const value = of(feed);
        return value === undefined ? [] : [{ labels: { replica: feed.source.replica }, value }];
      });
    const blocks = (feed: EventFeed) => this.pool().blocks(feed.source.replica);
    metrics.gauge(
      'weir_kv_events_exact',
      '1 when what the replica has in its prefix cache is known from its events, 0 when it is estimated.',
      ['replica'],
      each(feed => (blocks(feed)?.knows(feed.source.replica) === true ? 1 : 0)),
      'min',
    );
    metrics.gauge(
      'weir_kv_events_blocks',
      'Blocks that the events of the replica tell of.',
      ['replica'],
      each(feed => blocks(feed)?.sizeOf(feed.source.replica)),
      'max',
    );
    metrics.gauge(
      'weir_kv_events_age_seconds',
      'How long ago the last batch of events came. An idle engine sends none.',
      ['replica'],
      each(({ heardAt }) => (heardAt === undefined ? undefined : (this.clock.now() - heardAt) / 1000)),
      'max',
    );
    const counted: readonly (readonly [string, string, (feed: EventFeed) => number])[] = [
      ['weir_kv_events_total', 'Events of prefix caches.', feed => feed.counts.events],
      ['weir_kv_event_batches_total', 'Batches that they came in.', feed => feed.counts.batches],
      ['weir_kv_event_malformed_total', 'Batches that could not be read.', feed => feed.counts.malformed],
      ['weir_kv_event_unread_total', 'Events of known types that could not be read.', feed => feed.counts.unread],
      ['weir_kv_event_gaps_total', 'Times that batches were missed.', feed => feed.stream.gaps],
      ['weir_kv_event_replays_total', 'Times that missed batches were asked for.', feed => feed.stream.replays],
      ['weir_kv_event_restarts_total', 'Times that an engine began anew.', feed => feed.stream.restarts],
    ];
    for (const [name, help, of] of counted) metrics.counter(name, help, ['replica'], each(of));
  }
}
