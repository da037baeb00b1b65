import type { Clock } from '#contract/clock.js';
import type { KvEvent } from '#contract/kv-events.js';
import type { PromptPrefix } from '#contract/profile.js';
import type { Tokens } from '#contract/units.js';
import { CHARS_PER_TOKEN, tokensOf } from '#engine-server/simulated/prompt-prefix.js';
import type { CacheListener, LowerTierName } from '#pool/engine/engine.js';
import { writeBatch } from '#protocols/kv-events/batch.js';
import { type KvEventLibrary, loadKvEventLibrary } from '#protocols/kv-events/library.js';
import { endBytes, readSequence, sequenceBytes } from '#protocols/kv-events/sequence-number.js';

export interface KvEventPlaces {
  /** `tcp://127.0.0.1:5557`; the port `*` takes a free one. */
  readonly events: string;
  /** Where missed batches can be asked for; nowhere unless said. */
  readonly replay?: string | undefined;
}

/** Batches kept for who missed them: vLLM's `buffer_steps`. */
const MOST_KEPT = 10_000;
/** Blocks in one event. */
const MOST_BLOCKS = 4096;

/** Publishes what happens in a simulated engine's prefix cache in the wire format of vLLM. */
export class KvEventPublisher implements CacheListener {
  private events: KvEvent[] = [];
  /** The last event, while blocks that follow one another are stored. */
  private run: { readonly blocks: number[]; readonly tokens: number[] } | undefined;
  private next = 0;
  private readonly kept: (readonly [sequence: number, payload: Uint8Array])[] = [];
  private readonly texts = new WeakMap<PromptPrefix, string>();
  private sending: Promise<void> = Promise.resolve();
  private closed = false;

  private constructor(
    private readonly blockTokens: Tokens,
    private readonly library: KvEventLibrary,
    private readonly clock: Clock,
    private readonly out: InstanceType<KvEventLibrary['zeromq']['Publisher']>,
    private readonly router: InstanceType<KvEventLibrary['zeromq']['Router']> | undefined,
  ) {
    if (router !== undefined) void this.serveReplays(router);
  }

  /** @throws WeirError `pool.events_unavailable` without the packages; what ZeroMQ says where it cannot listen. */
  static async open(blockTokens: Tokens, { events, replay }: KvEventPlaces, clock: Clock): Promise<KvEventPublisher> {
    const library = await loadKvEventLibrary();
    const out = new library.zeromq.Publisher({ linger: 0, sendHighWaterMark: 100_000 });
    const router = replay === undefined ? undefined : new library.zeromq.Router({ linger: 0 });
    try {
      await out.bind(events);
      if (replay !== undefined) await router?.bind(replay);
    } catch (error) {
      out.close();
      router?.close();
      throw error;
    }
    return new KvEventPublisher(blockTokens, library, clock, out, router);
  }

  /** Where it listens, with the ports that were free. */
  get places(): KvEventPlaces {
    return { events: this.out.lastEndpoint ?? '', replay: this.router?.lastEndpoint ?? undefined };
  }

  /** The text of a prompt, whose blocks may soon be stored. */
  read(prefix: PromptPrefix, text: string): void {
    this.texts.set(prefix, text);
  }

  stored(prefix: PromptPrefix, index: number): void {
    const text = this.texts.get(prefix) ?? '';
    const chars = this.blockTokens * CHARS_PER_TOKEN;
    const tokens = tokensOf(text, index * chars, (index + 1) * chars);
    const hash = prefix.hashes[index]!;
    const parent = index === 0 ? undefined : prefix.hashes[index - 1];
    const { run } = this;
    if (run !== undefined && run.blocks.at(-1) === parent && run.blocks.length < MOST_BLOCKS) {
      run.blocks.push(hash);
      run.tokens.push(...tokens);
      return;
    }
    this.run = { blocks: [hash], tokens };
    const { blockTokens } = this;
    this.add({ kind: 'stored', ...this.run, parent, blockTokens, salts: [], tier: 'device' });
  }

  removed(hash: number): void {
    this.run = undefined;
    this.add({ kind: 'removed', blocks: [hash], tier: 'device' });
  }

  offloaded(hash: number, tier: LowerTierName): void {
    this.run = undefined;
    const { blockTokens } = this;
    this.add({ kind: 'stored', blocks: [hash], tokens: [], blockTokens, salts: [], tier });
  }

  dropped(hash: number, tier: LowerTierName): void {
    this.run = undefined;
    this.add({ kind: 'removed', blocks: [hash], tier });
  }

  close(): void {
    this.closed = true;
    this.out.close();
    this.router?.close();
  }

  private add(event: KvEvent): void {
    if (this.events.length === 0) queueMicrotask(() => this.publish());
    this.events.push(event);
  }

  /** What happened in one turn is one batch. */
  private publish(): void {
    const { events } = this;
    this.events = [];
    this.run = undefined;
    if (this.closed) return;
    const sequence = this.next++;
    const payload = this.library.msgpack.encode(writeBatch(this.clock.wall() / 1000, events));
    this.kept.push([sequence, payload]);
    if (this.kept.length > MOST_KEPT) this.kept.shift();
    this.sending = this.sending
      .then(() => (this.closed ? undefined : this.out.send(['', sequenceBytes(sequence), payload])))
      .catch(() => undefined);
  }

  private async serveReplays(router: InstanceType<KvEventLibrary['zeromq']['Router']>): Promise<void> {
    try {
      for await (const frames of router) {
        const [client, , number] = frames;
        const from = readSequence(number);
        if (client === undefined || typeof from !== 'number') continue;
        for (const [sequence, payload] of [...this.kept]) {
          if (sequence >= from) await router.send([client, '', sequenceBytes(sequence), payload]);
        }
        await router.send([client, '', endBytes(), '']);
      }
    } catch {
      // It was closed.
    }
  }
}
