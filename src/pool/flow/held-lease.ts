import type { Clock } from '#contract/clock.js';
import type { Usage } from '#contract/outcome.js';
import type { Placement, PlacementRequest } from '#contract/placement.js';
import type { Joules, Milliseconds, Tokens } from '#contract/units.js';
import type { Lease, LeaseResult, ReplicaTarget } from '#pool/lease.js';
import type { Placer } from '#pool/placement/placer.js';
import type { PrefixClaim } from '#pool/placement/prefix-claims.js';
import type { EnergyMeter } from '#pool/topology/energy-meter.js';
import type { Replica } from '#pool/topology/replica.js';
import type { PoolMemory } from '#pool/topology/served.js';
import { factsOf } from './facts.js';
import type { Holders } from './holders.js';

/** What a lease needs of the pool it came from. */
export interface LeaseHost {
  readonly clock: Clock;
  /** What is known of a pool; `undefined` once it has left the configuration. */
  memoryOf(pool: string): PoolMemory | undefined;
  /** A request has been written to a replica. */
  sent(request: PlacementRequest, replica: string): void;
  /** A request has been answered. */
  answered(request: PlacementRequest, replica: Replica, usage: Usage | undefined): void;
  /** A replica that was out, or as good as out, has answered. */
  revived(replica: Replica): void;
  /** A place came free. @param heldMs for how long it was held; `undefined` where it was not used. */
  released(replica: Replica, heldMs: Milliseconds | undefined): void;
}

/** A place that is held. Takes its share of the replica's load on creation and gives back exactly that on release. */
export class HeldLease implements Lease {
  readonly target: ReplicaTarget;
  private readonly tokens: Tokens;
  /** Prompt tokens that it counts as still to be computed here: none while another replica computes them. */
  uncached: Tokens;
  /** Prompt tokens the replica has to compute before this request's first token: its own, and those of the requests ahead. */
  private readonly workTokens: Tokens;
  /** Whether nothing of ours waited for its first token there. */
  private readonly alone: boolean;
  private readonly ticket: number;
  private claim: PrefixClaim | undefined;
  private sentAt: Milliseconds | undefined;
  private firstByteAt: Milliseconds | undefined;
  private whole = false;
  private readonly meter: EnergyMeter | undefined;
  private readonly meteredFrom: Joules;
  private charged: Joules | undefined;
  private released = false;

  constructor(
    private readonly host: LeaseHost,
    private readonly replica: Replica,
    private readonly placer: Placer,
    private readonly request: PlacementRequest,
    readonly placement: Placement,
    private readonly grantedAt: Milliseconds,
    /** Of the pool that it was granted in, which may be gone by its end. */
    private readonly holders: Holders | undefined,
    readonly prefill?: Lease | undefined,
  ) {
    const adapter = replica.adapters?.state(request.model) !== undefined;
    this.target = adapter ? { ...replica.target, servedModel: request.model } : replica.target;
    this.tokens = request.promptTokens + request.outputTokens;
    this.uncached = prefill === undefined ? this.uncachedTokens : 0;
    this.workTokens = replica.pendingPrefillTokens + this.uncached;
    this.alone = replica.waiting === 0;
    this.ticket = replica.breaker.begin(grantedAt);
    this.meter = replica.meter;
    this.meteredFrom = this.meter?.reading(grantedAt) ?? 0;
    this.meter?.share(replica.inFlight + 1, grantedAt);
    const { own } = replica;
    own.inFlight += 1;
    own.waiting += 1;
    own.inFlightTokens += this.tokens;
    own.pendingPrefillTokens += this.uncached;
    replica.requests += 1;
    const { tenant } = factsOf(request);
    replica.holders.took(tenant);
    holders?.took(tenant);
  }

  sent(): void {
    if (this.released || this.sentAt !== undefined) return;
    this.sentAt = this.host.clock.now();
    this.replica.adapters?.sent(this.request.model);
    if (this.telling) this.replica.engine.joined(this, this.sentAt);
    if (this.replica.draining) return;
    this.claim = this.placer.begin?.(this.request, this.replica.id);
    this.placer.committed(this.request, this.replica.id, this.claim);
    this.host.sent(this.request, this.replica.id);
  }

  computesPrompt(): void {
    if (this.released || this.firstByteAt !== undefined || this.uncached > 0) return;
    this.uncached = this.uncachedTokens;
    this.replica.own.pendingPrefillTokens += this.uncached;
  }

  firstByte(whole = false): void {
    if (this.released || this.firstByteAt !== undefined) return;
    const now = this.host.clock.now();
    this.firstByteAt = now;
    this.whole = whole;
    this.replica.own.waiting -= 1;
    this.replica.own.pendingPrefillTokens -= this.uncached;
    this.replica.adapters?.answering(this.request.model);
    const wasOut = this.replica.suspect;
    this.replica.breaker.answering(this.ticket, now);
    this.replica.health.answered();
    if (this.telling && this.sentAt !== undefined) {
      const { prefill, latency } = this.replica;
      const pace = { alone: prefill.alone, tpotMs: latency.tpotMs };
      if (whole) this.replica.engine.left(this);
      else this.replica.engine.began(this, this.sentAt, now, pace, this.replica);
    }
    // With the prompt computed elsewhere, it tells nothing of the speed of this replica's prefill.
    if (!whole && this.prefill === undefined) this.learnTtft(now - (this.sentAt ?? this.grantedAt));
    if (wasOut) this.host.revived(this.replica);
  }

  release(result: LeaseResult): void {
    if (this.released) return;
    this.released = true;
    this.prefill?.release({ status: 'cancelled', replicaFault: false });
    const { replica } = this;
    const now = this.host.clock.now();
    this.charged = this.energyBy(now);
    const { own } = replica;
    own.inFlight -= 1;
    const { tenant } = factsOf(this.request);
    replica.holders.gave(tenant);
    this.holders?.gave(tenant);
    replica.meter?.share(replica.inFlight, now);
    own.inFlightTokens -= this.tokens;
    if (this.telling && this.sentAt !== undefined) {
      if (this.firstByteAt === undefined) replica.engine.left(this);
      else if (!this.whole) replica.engine.ended(this, this.firstByteAt);
    }
    if (this.firstByteAt === undefined) {
      own.waiting -= 1;
      own.pendingPrefillTokens -= this.uncached;
    }
    if (own.inFlight === 0) {
      // Fractions of tokens do not add up exactly: an idle replica has no load at all.
      own.inFlightTokens = 0;
      own.pendingPrefillTokens = 0;
    }

    if (this.claim !== undefined) {
      this.placer.ended?.(this.claim, result.status === 'answered', result.usage);
    }
    if (result.retryAfterMs !== undefined) replica.leaveAlone(result.retryAfterMs, now);
    if (result.status === 'cancelled') replica.breaker.abandoned(this.ticket);
    else if (result.status !== 'answered' && result.replicaFault) {
      replica.failures += 1;
      replica.breaker.failed(this.ticket, now);
    } else {
      replica.breaker.passed(this.ticket, now);
      replica.health.answered();
      if (result.status === 'answered') {
        this.learnTpot(result, now);
        // With the prompt computed elsewhere, what was found is another's cache.
        if (result.usage !== undefined && this.prefill === undefined)
          replica.prefixHits.observe(result.usage.promptTokens, result.usage.cachedTokens);
        this.host.answered(this.request, replica, result.usage);
      }
    }
    const unused = result.status === 'cancelled' && this.sentAt === undefined;
    this.host.released(replica, unused ? undefined : now - this.grantedAt);
  }

  /** {@link OwnRequest}. */
  get promptTokens(): Tokens {
    return this.request.promptTokens;
  }

  /** Whether its first byte tells when this replica had computed its prompt. */
  private get telling(): boolean {
    return this.request.streamed !== false && this.prefill === undefined;
  }

  get joules(): Joules | undefined {
    const own = this.released ? this.charged : this.energyBy(this.host.clock.now());
    const before = this.prefill?.joules;
    return before === undefined ? own : before + (own ?? 0);
  }

  private get uncachedTokens(): Tokens {
    return Math.max(0, this.request.promptTokens - this.placement.expectedPrefixTokens);
  }

  private energyBy(now: Milliseconds): Joules | undefined {
    return this.meter === undefined ? undefined : this.meter.reading(now) - this.meteredFrom;
  }

  private learnTtft(ttftMs: Milliseconds): void {
    const memory = this.host.memoryOf(this.replica.pool);
    const predicted = memory?.latency.ttft(this.workTokens);
    if (predicted !== undefined && predicted > 0) {
      this.replica.slowness.observe(ttftMs / predicted);
      this.replica.excessMs.observe(ttftMs - predicted);
    }
    const { prefill, slowdown, latency } = this.replica;
    const expected = memory?.prefill.expected(this.workTokens);
    // What delays one delays all that wait beside it: only who came after the last evidence is evidence of its own.
    if (expected !== undefined && expected > 0 && ttftMs > 0 && this.grantedAt >= this.replica.judgedUpTo) {
      this.replica.judgedUpTo = this.host.clock.now();
      if (slowdown.observe(Math.log(ttftMs / expected))) this.replica.changedSpeed();
    }
    memory?.latency.began(this.workTokens, ttftMs);
    if (!slowdown.slow) memory?.prefill.observe(this.workTokens, ttftMs, this.alone);
    latency.began(this.workTokens, ttftMs);
    prefill.observe(this.workTokens, ttftMs, this.alone);
  }

  private learnTpot(result: LeaseResult, now: Milliseconds): void {
    if (result.usage === undefined || this.firstByteAt === undefined) return;
    const pool = this.host.memoryOf(this.replica.pool)?.latency;
    // An answer that came in one piece shows only its total time: what the prompt is predicted to have taken is subtracted.
    const began = this.whole ? (this.sentAt ?? this.grantedAt) + (pool?.ttft(this.workTokens) ?? 0) : this.firstByteAt;
    const decodeMs = Math.max(0, now - began);
    pool?.ended(result.usage.completionTokens, decodeMs);
    this.replica.latency.ended(result.usage.completionTokens, decodeMs);
  }
}
