// Long because: one iteration's order of decodes, prefills, admission and preemption is one idea, and its parts share one state.
import { WeirError } from '#contract/errors.js';
import type { PromptPrefix } from '#contract/profile.js';
import type { Milliseconds, Tokens } from '#contract/units.js';
import { BlockPool, type CacheEntry } from './block-pool.js';
import type { CacheListener, Engine, EngineIteration, EngineRequest, EngineStats, HostMemory } from './engine.js';
import { EventList } from './event-list.js';
import { HostCache, readMs } from './host-cache.js';
import { type IterationWork, iterationMs } from './iteration-cost.js';
import { powerAt } from './power.js';
import type { EngineProfile } from './profile.js';
import { Sequence } from './sequence.js';
import { WaitingLine } from './waiting-line.js';

export interface EngineOptions {
  /**
   * `paged` (vLLM, the default): KV blocks are taken as tokens are computed. `reserve`: a sequence takes blocks for the whole
   * context window when it is admitted, as the literature on context-length pools assumes.
   */
  readonly admission?: 'paged' | 'reserve';
  /** Whether prompts may share cached prefixes; true unless said. */
  readonly prefixCaching?: boolean;
  /** `tokens` (the default): every token. `milestones`: only first tokens, ends and preemptions. */
  readonly events?: 'tokens' | 'milestones';
  /** Told of the prefix cache. */
  readonly cache?: CacheListener | undefined;
  /** Where evicted prefixes are kept; nowhere unless said. */
  readonly host?: HostMemory | undefined;
  /** Longest waiting line, after which submitting is refused: 100,000 unless said. */
  readonly maxWaiting?: number;
}

/** An engine as {@link EngineProfile} describes it, scheduled as vLLM 0.19 schedules. Deterministic: no clock and no randomness. */
export function createEngine(profile: EngineProfile, options: EngineOptions = {}): Engine {
  return new BatchingEngine(profile, options);
}

class BatchingEngine implements Engine {
  private readonly reserving: boolean;
  private readonly caching: boolean;
  private readonly everyToken: boolean;
  private readonly maxWaiting: number;
  private readonly pool: BlockPool;
  private readonly cache: CacheListener | undefined;
  private readonly hostMemory: HostMemory | undefined;
  private readonly host: HostCache | undefined;
  /** Tokens whose KV this iteration reads from the host's memory and from storage. */
  private loading: { host: Tokens; disk: Tokens } = { host: 0, disk: 0 };
  private hostTokens = 0;
  private diskTokens = 0;
  private stalledMs: Milliseconds = 0;
  private readonly waiting = new WaitingLine();
  private readonly sequences = new Map<number, Sequence>();
  /** Both in order of admission. */
  private readonly prefilling: Sequence[] = [];
  private readonly decoding: Sequence[] = [];
  private readonly events = new EventList();
  private readonly work: IterationWork = { tokens: 0, sampled: 0, attentionPairs: 0, kvTokens: 0 };
  /** Watts of the whole group by running sequences. */
  private readonly watts: number[] = [];

  private clock: Milliseconds | undefined;
  private admissions = 0;
  /** Iterations in which decoding sequences advanced. */
  private decodeSteps = 0;
  /** KV tokens of all decoding sequences before the next iteration. */
  private decodeKv = 0;
  /** A lower bound of the decode step at which a sequence ends. */
  private nextFinish = Number.POSITIVE_INFINITY;
  /** Decoding sequences by the phase at which they fill a KV block: which of them need one is a look-up. */
  private readonly phases: number[];
  /** Whether decoding sequences have taken their blocks for the iteration being scheduled. */
  private grown = false;
  private budget = 0;
  private chunkTokens = 0;
  private preemptedNow = false;
  /** The head of the line did not fit at this version of the pool. */
  private blockedAt = -1;

  private preemptions = 0;
  private promptTokens = 0;
  private cachedTokens = 0;
  private outputTokens = 0;
  private joules = 0;
  private iterations = 0;
  private submitted = 0;
  private finished = 0;
  private cancelled = 0;

  constructor(
    private readonly profile: EngineProfile,
    options: EngineOptions,
  ) {
    this.reserving = options.admission === 'reserve';
    this.caching = options.prefixCaching ?? true;
    this.everyToken = (options.events ?? 'tokens') === 'tokens';
    this.maxWaiting = options.maxWaiting ?? 100_000;
    this.cache = options.cache;
    const { cache, host } = options;
    this.hostMemory = host;
    this.host = host && new HostCache(host, cache);
    const evicted = (hash: number, blocks: number): void => {
      this.host?.put(hash, blocks);
      cache?.removed(hash);
    };
    this.pool = new BlockPool(profile.totalBlocks, cache === undefined && host === undefined ? undefined : evicted);
    this.phases = new Array<number>(profile.blockTokens).fill(0);
    for (let running = 0; running <= profile.maxSequences; running++) {
      this.watts.push(profile.tensorParallel * powerAt(profile.power, running));
    }
  }

  submit(request: EngineRequest, now: Milliseconds): void {
    const { id, promptTokens, outputTokens } = request;
    if (
      !(
        Number.isSafeInteger(promptTokens) &&
        promptTokens >= 1 &&
        Number.isSafeInteger(outputTokens) &&
        outputTokens >= 1
      )
    ) {
      throw new WeirError(
        'internal.defect',
        `Sequence ${id} has ${promptTokens} prompt and ${outputTokens} output tokens.`,
      );
    }
    if (this.sequences.has(id)) throw new WeirError('internal.defect', `Sequence ${id} is in the engine already.`);
    const sequence = new Sequence(request, this.profile.blockTokens, this.caching);
    this.refuseWhatNeverFits(sequence);
    if (this.waiting.length >= this.maxWaiting) {
      throw new WeirError('pool.saturated', `${this.maxWaiting} sequences wait already.`);
    }
    this.clock ??= now;
    this.sequences.set(id, sequence);
    this.waiting.push(sequence);
    this.submitted++;
  }

  cached(prefix: PromptPrefix, promptTokens: Tokens): Tokens {
    if (!this.caching || promptTokens < 1) return 0;
    const { reusableBlocks } = new Sequence(
      { id: -1, promptTokens, outputTokens: 1, prefix },
      this.profile.blockTokens,
      true,
    );
    const hits = this.pool.lookup(prefix, reusableBlocks);
    const more = this.host?.lookup(prefix, hits, reusableBlocks) ?? 0;
    return Math.floor((hits + more) * prefix.blockTokens);
  }

  cancel(id: number): void {
    const sequence = this.sequences.get(id);
    if (sequence === undefined) return;
    if (sequence.state === 'waiting') {
      sequence.state = 'gone';
      this.waiting.remove(sequence);
    } else {
      this.leave(sequence);
      sequence.state = 'gone';
    }
    this.sequences.delete(id);
    this.cancelled++;
    this.blockedAt = -1;
  }

  step(now: Milliseconds): EngineIteration | undefined {
    return this.advance(now, Number.NEGATIVE_INFINITY);
  }

  advance(now: Milliseconds, until: Milliseconds): EngineIteration | undefined {
    this.settle(now);
    if (this.sequences.size === 0) return undefined;
    const startedAt = this.clock ?? now;
    let endsAt = startedAt;
    let prefillTokens = 0;
    let decodeSequences = 0;
    let iterations = 0;
    do {
      endsAt += this.iterate();
      this.clock = endsAt;
      prefillTokens += this.chunkTokens;
      decodeSequences += this.work.tokens - this.chunkTokens;
      iterations++;
      if (endsAt < until && this.events.length === 0 && this.steady) {
        const before = this.decodeSteps;
        endsAt = this.decodeOn(endsAt, until);
        this.clock = endsAt;
        iterations += this.decodeSteps - before;
        decodeSequences += (this.decodeSteps - before) * this.decoding.length;
      }
    } while (endsAt < until && this.events.length === 0 && this.sequences.size > 0);
    return { startedAt, endsAt, events: this.events.list, prefillTokens, decodeSequences, iterations };
  }

  quietUntil(): Milliseconds {
    const now = this.clock ?? Number.NEGATIVE_INFINITY;
    return this.events.length === 0 && this.steady ? now + this.leastDecodeMs() : now;
  }

  settle(now: Milliseconds): void {
    this.clock ??= now;
    if (now <= this.clock) return;
    this.joules += (this.watts[0]! * (now - this.clock)) / 1000;
    this.clock = now;
  }

  stats(): EngineStats {
    return {
      running: this.running,
      waiting: this.waiting.length,
      usedBlocks: this.pool.used,
      cachedBlocks: this.pool.cached,
      totalBlocks: this.pool.total,
      preemptions: this.preemptions,
      promptTokens: this.promptTokens,
      cachedTokens: this.cachedTokens,
      ...(this.host === undefined ? undefined : { hostTokens: this.hostTokens, stalledMs: this.stalledMs }),
      ...(this.hostMemory?.disk === undefined ? undefined : { diskTokens: this.diskTokens }),
      outputTokens: this.outputTokens,
      joules: this.joules,
      iterations: this.iterations,
      submitted: this.submitted,
      finished: this.finished,
      cancelled: this.cancelled,
    };
  }

  private get running(): number {
    return this.prefilling.length + this.decoding.length;
  }

  /**
   * One iteration: schedules it, advances every sequence in it, and returns its duration. Decodes come first, then prompts under
   * way, then the line while budget, sequences and blocks allow and nothing had to be preempted.
   *
   * It always makes progress. Sequences number no more than the budget, so the oldest one running always gets a token; it is
   * preempted only when it runs alone, and then every block is available and it fits, or it had been refused.
   */
  private iterate(): Milliseconds {
    const { work } = this;
    this.pool.now = this.clock ?? 0;
    this.events.clear();
    this.preemptedNow = false;
    this.chunkTokens = 0;
    this.loading.host = 0;
    this.loading.disk = 0;
    work.attentionPairs = 0;
    work.kvTokens = 0;

    this.growDecodes();
    this.budget = this.profile.maxBatchedTokens - this.decoding.length;
    for (let i = 0; i < this.prefilling.length && this.budget > 0; i++) {
      const sequence = this.prefilling[i]!;
      if (this.growPrefill(sequence)) this.compute(sequence);
    }
    if (!this.preemptedNow) this.admit();

    const decodes = this.decoding.length;
    const running = this.running;
    work.tokens = decodes + this.chunkTokens;
    if (work.tokens === 0) throw new WeirError('internal.defect', 'The engine scheduled nothing though it has work.');
    work.kvTokens += this.decodeKv + decodes;
    work.attentionPairs += this.decodeKv + decodes;
    work.sampled = decodes;
    for (const sequence of this.prefilling) if (sequence.computed === sequence.target) work.sampled++;

    const computing = iterationMs(this.profile.cost, work);
    const duration = Math.max(computing, this.loadMs());
    this.stalledMs += duration - computing;
    this.joules += (this.watts[running]! * duration) / 1000;
    this.iterations++;
    this.outputTokens += work.sampled;
    this.grown = false;
    this.commitDecodes();
    if (work.sampled > decodes) this.commitPrefills();
    return duration;
  }

  /** Whether the next iterations only decode until a sequence ends, the blocks run out or somebody comes: nobody can be admitted. */
  private get steady(): boolean {
    if (this.everyToken || this.prefilling.length > 0 || this.decoding.length === 0) return false;
    if (this.waiting.length === 0 || this.blockedAt === this.pool.version) return true;
    const { maxSequences, maxBatchedTokens } = this.profile;
    return this.decoding.length >= Math.min(maxSequences, maxBatchedTokens);
  }

  /**
   * Runs such iterations up to `until`, one after the other with the sums that {@link iterate} would make, but without looking for
   * anything else to do. Stops before one in which a sequence ends or that needs more blocks than there are.
   */
  private decodeOn(from: Milliseconds, until: Milliseconds): Milliseconds {
    const { work, phases, pool, reserving } = this;
    const { cost } = this.profile;
    const sequences = this.decoding.length;
    const watts = this.watts[sequences]!;
    const size = phases.length;
    work.tokens = sequences;
    work.sampled = sequences;
    let endsAt = from;
    while (endsAt < until && this.decodeSteps + 1 < this.nextFinish) {
      if (!reserving && !pool.take(phases[(size - (this.decodeSteps % size)) % size]!)) break;
      this.decodeKv += sequences;
      work.kvTokens = this.decodeKv;
      work.attentionPairs = this.decodeKv;
      const duration = iterationMs(cost, work);
      endsAt += duration;
      this.joules += (watts * duration) / 1000;
      this.iterations++;
      this.outputTokens += sequences;
      this.decodeSteps++;
    }
    return endsAt;
  }

  /**
   * The least time that {@link decodeOn} will find itself a way for. What an iteration takes is convex in the KV it reads, and that grows by
   * as much each time: so iterations take no less on average than one that reads their mean (Jensen's inequality). The last before the
   * next end is left out, which covers the rounding of sums.
   */
  private leastDecodeMs(): Milliseconds {
    const { work, pool, phases, profile } = this;
    const sequences = this.decoding.length;
    const withBlocks = this.reserving
      ? Number.POSITIVE_INFINITY
      : Math.floor(pool.available / sequences) * phases.length;
    const steps = Math.min(this.nextFinish - this.decodeSteps - 1, withBlocks);
    if (steps <= 0) return 0;
    work.tokens = sequences;
    work.sampled = sequences;
    work.kvTokens = this.decodeKv + (sequences * (steps + 1)) / 2;
    work.attentionPairs = work.kvTokens;
    return steps * iterationMs(profile.cost, work);
  }

  /** Takes the KV blocks that this iteration's decodes need, preempting the last admitted until they suffice. */
  private growDecodes(): void {
    this.grown = false;
    if (!this.reserving) {
      const size = this.phases.length;
      const phase = (size - (this.decodeSteps % size)) % size;
      while (!this.pool.take(this.phases[phase]!)) this.preemptLast();
    }
    this.grown = true;
  }

  /** Takes the KV blocks of a prompt's next chunk. False when the sequence itself had to be preempted for want of them. */
  private growPrefill(sequence: Sequence): boolean {
    if (this.reserving) return true;
    const chunk = this.chunkOf(sequence);
    const need = sequence.blocksFor(sequence.computed + chunk) - sequence.blocksFor(sequence.computed);
    while (!this.pool.take(need)) if (this.preemptLast() === sequence) return false;
    return true;
  }

  private chunkOf(sequence: Sequence): Tokens {
    return Math.min(sequence.target - sequence.computed, this.budget, this.profile.prefillChunk);
  }

  /** Computes a prompt's next chunk, for which it has the blocks, and publishes the prefix blocks that it completes. */
  private compute(sequence: Sequence): void {
    const chunk = this.chunkOf(sequence);
    this.budget -= chunk;
    this.chunkTokens += chunk;
    this.work.attentionPairs += chunk * sequence.computed + (chunk * (chunk + 1)) / 2;
    sequence.computed += chunk;
    this.work.kvTokens += sequence.computed;
    const { prefix, prefixBlocks, entryBlocks } = sequence;
    while (sequence.nextBlock < prefixBlocks && (sequence.nextBlock + 1) * prefix.blockTokens <= sequence.computed) {
      const entry = this.pool.publish(prefix.hashes[sequence.nextBlock]!, prefix.blockTokens, entryBlocks);
      sequence.nextBlock++;
      if (entry === undefined) continue;
      this.cache?.stored(prefix, sequence.nextBlock - 1);
      sequence.held.push(entry);
      sequence.heldBlocks += entryBlocks;
      this.retain(sequence, entry, sequence.nextBlock - 1);
    }
  }

  /** Marks a block of a sequence's prefix as the sequence asks for it to be kept. */
  private retain({ retention, prefix }: Sequence, entry: CacheEntry, block: number): void {
    if (retention === undefined) return;
    const from = block * prefix.blockTokens;
    for (const { start, end, priority, durationMs } of retention) {
      if (from < start || from >= end) continue;
      this.pool.retain(entry, priority, (this.clock ?? 0) + (durationMs ?? Number.POSITIVE_INFINITY));
    }
  }

  private admit(): void {
    while (this.budget > 0 && this.running < this.profile.maxSequences && this.blockedAt !== this.pool.version) {
      const sequence = this.waiting.peek();
      if (sequence === undefined) return;
      if (!this.place(sequence)) {
        this.blockedAt = this.pool.version;
        return;
      }
      this.waiting.shift();
      sequence.state = 'prefilling';
      sequence.admission = ++this.admissions;
      this.prefilling.push(sequence);
      this.compute(sequence);
    }
  }

  /**
   * Gives a sequence its cached prefix and the blocks of its first chunk (all of the context window when reserving). Like vLLM
   * (`scheduler_reserve_full_isl`) it admits only what the blocks available now could hold to the end of its prompt.
   */
  private place(sequence: Sequence): boolean {
    const { pool } = this;
    const hits = pool.lookup(sequence.prefix, sequence.reusableBlocks);
    const hitBlocks = hits * sequence.entryBlocks;
    const need = (this.reserving ? this.reservation(sequence) : sequence.blocksFor(sequence.target)) - hitBlocks;
    if (need > pool.available - pool.unreferencedAmong(sequence.prefix, hits)) return false;
    pool.reference(sequence.prefix, hits, sequence.held);
    if (sequence.retention !== undefined) {
      for (const [block, entry] of sequence.held.entries()) this.retain(sequence, entry, block);
    }
    sequence.heldBlocks = hitBlocks;
    const loaded = this.load(sequence, hits);
    const cached = Math.floor((hits + loaded) * sequence.prefix.blockTokens);
    sequence.computed = Math.max(cached, sequence.received);
    sequence.nextBlock = hits;
    const first = sequence.blocksFor(sequence.computed + this.chunkOf(sequence)) - hitBlocks;
    pool.take(this.reserving ? need : first);
    if (sequence.cachedTokens < 0) {
      sequence.cachedTokens = sequence.computed;
      this.promptTokens += sequence.promptTokens;
      this.cachedTokens += cached;
    }
    sequence.received = 0;
    return true;
  }

  /** Reads what the host and its storage have of a sequence's prefix behind what the cache has. @returns prefix blocks. */
  private load({ prefix, reusableBlocks, received }: Sequence, hits: number): number {
    const { host } = this;
    // What came from another engine is there already.
    if (host === undefined || received > 0) return 0;
    const found = host.take(prefix, hits, reusableBlocks);
    for (const tier of ['host', 'disk'] as const) this.loading[tier] += found[tier] * prefix.blockTokens;
    this.hostTokens += found.host * prefix.blockTokens;
    this.diskTokens += found.disk * prefix.blockTokens;
    return found.host + found.disk;
  }

  /** What reading that takes. It goes on beside the layers' work, as they need it one after another. */
  private loadMs(): Milliseconds {
    const { loading, hostMemory, profile } = this;
    return hostMemory === undefined ? 0 : (readMs(profile, hostMemory, loading.host, loading.disk) ?? 0);
  }

  /** Advances every decoding sequence by one token and ends those that are whole. */
  private commitDecodes(): void {
    const { decoding } = this;
    if (decoding.length === 0) return;
    this.decodeSteps++;
    this.decodeKv += decoding.length;
    if (this.everyToken) {
      for (const sequence of decoding) this.events.add('token', sequence, sequence.producedBase + this.decodeSteps);
    }
    if (this.decodeSteps < this.nextFinish) return;
    let next = Number.POSITIVE_INFINITY;
    let kept = 0;
    for (const sequence of decoding) {
      const finish = sequence.outputTokens - sequence.producedBase;
      if (finish > this.decodeSteps) {
        decoding[kept++] = sequence;
        if (finish < next) next = finish;
        continue;
      }
      this.uncount(sequence);
      sequence.produced = sequence.outputTokens;
      this.release(sequence, sequence.kvBase + this.decodeSteps);
      this.finish(sequence);
    }
    if (kept < decoding.length) decoding.length = kept;
    this.nextFinish = next;
  }

  /** Gives the prompts that are now computed their next token (the first, unless they had been preempted). */
  private commitPrefills(): void {
    const { prefilling } = this;
    let kept = 0;
    for (const sequence of prefilling) {
      if (sequence.computed < sequence.target) {
        prefilling[kept++] = sequence;
        continue;
      }
      sequence.produced++;
      if (this.everyToken || sequence.produced === 1) this.events.add('token', sequence, sequence.produced);
      if (sequence.produced < sequence.outputTokens) {
        this.join(sequence);
      } else {
        this.release(sequence, sequence.computed);
        this.finish(sequence);
      }
    }
    if (kept < prefilling.length) prefilling.length = kept;
  }

  private finish(sequence: Sequence): void {
    sequence.state = 'gone';
    this.sequences.delete(sequence.id);
    this.finished++;
    this.events.add('finished', sequence, sequence.produced);
  }

  /** Puts a sequence among the decoding ones, in order of admission. */
  private join(sequence: Sequence): void {
    const { decoding } = this;
    sequence.state = 'decoding';
    sequence.producedBase = sequence.produced - this.decodeSteps;
    sequence.kvBase = sequence.target - this.decodeSteps;
    let at = decoding.length;
    while (at > 0 && decoding[at - 1]!.admission > sequence.admission) at--;
    if (at === decoding.length) decoding.push(sequence);
    else decoding.splice(at, 0, sequence);
    this.decodeKv += sequence.target;
    this.phases[this.phaseOf(sequence)]!++;
    this.nextFinish = Math.min(this.nextFinish, sequence.outputTokens - sequence.producedBase);
  }

  private uncount(sequence: Sequence): void {
    this.decodeKv -= sequence.kvBase + this.decodeSteps;
    this.phases[this.phaseOf(sequence)]!--;
  }

  private phaseOf(sequence: Sequence): number {
    const size = this.phases.length;
    return (((sequence.kvBase - sequence.prefixTokens) % size) + size) % size;
  }

  /** Sends the running sequence that was admitted last back to the head of the line, to be computed again. */
  private preemptLast(): Sequence {
    const prefill = this.prefilling.at(-1);
    const decode = this.decoding.at(-1);
    const victim = (prefill?.admission ?? 0) > (decode?.admission ?? 0) ? prefill! : decode!;
    if (victim.state === 'decoding' && this.grown) this.budget++;
    this.leave(victim);
    victim.state = 'waiting';
    victim.target = victim.promptTokens + victim.produced;
    this.waiting.unshift(victim);
    this.preemptions++;
    this.preemptedNow = true;
    this.events.add('preempted', victim, victim.produced);
    return victim;
  }

  /** Takes a running sequence out of its list and gives back what it holds. */
  private leave(sequence: Sequence): void {
    if (sequence.state === 'decoding') {
      this.uncount(sequence);
      sequence.produced = sequence.producedBase + this.decodeSteps;
      this.decoding.splice(this.decoding.lastIndexOf(sequence), 1);
      this.release(sequence, sequence.kvBase + this.decodeSteps + (this.grown ? 1 : 0));
    } else {
      this.prefilling.splice(this.prefilling.lastIndexOf(sequence), 1);
      this.release(sequence, sequence.computed);
    }
  }

  /** Gives back the blocks of a sequence that holds the KV of `tokens` tokens. */
  private release(sequence: Sequence, tokens: Tokens): void {
    const blocks = this.reserving ? this.reservation(sequence) : sequence.blocksFor(tokens);
    this.pool.give(blocks - sequence.heldBlocks);
    this.pool.release(sequence.held);
    sequence.heldBlocks = 0;
  }

  private reservation(sequence: Sequence): number {
    return sequence.blocksFor(Math.max(this.profile.contextTokens, sequence.promptTokens));
  }

  private refuseWhatNeverFits(sequence: Sequence): void {
    const { contextTokens, totalBlocks, blockTokens } = this.profile;
    const tokens = sequence.promptTokens + sequence.outputTokens;
    if (tokens > contextTokens) {
      throw new WeirError(
        'request.context_too_long',
        `Prompt and answer are ${tokens} tokens; the context window is ${contextTokens}.`,
      );
    }
    const blocks = this.reserving ? this.reservation(sequence) : sequence.blocksFor(tokens - 1);
    if (blocks > totalBlocks) {
      throw new WeirError(
        'request.context_too_long',
        `It would take ${blocks} KV blocks of ${blockTokens} tokens; there are ${totalBlocks}.`,
      );
    }
  }
}
