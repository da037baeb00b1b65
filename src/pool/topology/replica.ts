import type { Clock } from '#contract/clock.js';
import type { Random } from '#contract/random.js';
import type { Milliseconds, Tokens } from '#contract/units.js';
import type { AdapterSettings } from '#pool/adapters-schema.js';
import type { EngineForecast } from '#pool/engine/forecast.js';
import { EngineState } from '#pool/estimation/engine-state.js';
import { LatencyEstimator } from '#pool/estimation/latency.js';
import { FadingMean } from '#pool/estimation/mean.js';
import { PrefillRate } from '#pool/estimation/prefill-rate.js';
import { PrefixHits } from '#pool/estimation/prefix-hits.js';
import { SlowdownTest } from '#pool/estimation/slowdown-test.js';
import { Holders } from '#pool/flow/holders.js';
import type { ReplicaStatus, ReplicaTarget } from '#pool/lease.js';
import type { ReplicaView } from '#pool/placement/placer.js';
import type { CircuitSettings } from '#pool/resilience-schema.js';
import { NO_LOAD, type ReplicaLoad } from '#pool/sharing/news.js';
import { AdapterSlots } from './adapter-slots.js';
import { CircuitBreaker } from './breaker.js';
import { Ejection } from './ejection.js';
import { EnergyMeter } from './energy-meter.js';
import { type Hardware, wattsOf } from './hardware.js';
import { Health } from './health.js';

/** What configuration says of a replica. */
export interface ReplicaSettings {
  readonly limit: number;
  readonly contextTokens: Tokens;
  readonly cacheBlocks: number | undefined;
  readonly circuit: CircuitSettings;
  /** Failed probes in a row that make it unhealthy; `undefined` when it is not probed. */
  readonly probeFailures: number | undefined;
  /** Whether it may be made to rest for being worse than its peers. */
  readonly mayRest: boolean;
  readonly hardware: Hardware;
  readonly adapters: AdapterSettings | undefined;
}

/** Prompt length at which a replica's time to first token is shown to people. */
const SHOWN_PROMPT_TOKENS = 1000;

/**
 * One replica, alive: health, circuit, ejection, load and latency. Placement reads this very object, so its load is never
 * out of date. Whoever holds a lease on it changes it through the lease only.
 */
export class Replica implements ReplicaView {
  readonly id: string;
  readonly model: string;
  readonly health = new Health();
  readonly breaker: CircuitBreaker;
  readonly ejection = new Ejection();
  readonly latency = new LatencyEstimator();
  readonly prefill = new PrefillRate();
  readonly slowdown = new SlowdownTest();
  /** When the last request that was evidence for it began to be answered. */
  judgedUpTo: Milliseconds = Number.NEGATIVE_INFINITY;
  /** What goes on in its engine, of others' requests too. */
  readonly engine = new EngineState();
  /** Observed over predicted time to first token, the prediction being the pool's: 1 is as fast as the pool. */
  readonly slowness = new FadingMean(0.1);
  readonly prefixHits = new PrefixHits();
  /** Observed less predicted time to first token. */
  readonly excessMs = new FadingMean(0.1);

  /** Requests that this gateway may have on it at once. */
  ownLimit: number;
  contextTokens: Tokens;
  cacheBlocks: number | undefined;
  hardware: Hardware;
  /** Absent where nothing is known of its power. */
  meter: EnergyMeter | undefined;
  adapters: AdapterSlots | undefined;
  /** What this gateway has on it. */
  readonly own: { -readonly [Key in keyof ReplicaLoad]: ReplicaLoad[Key] } = { ...NO_LOAD };
  /** What other gateways have on it, as far as they have told. */
  others: ReplicaLoad = NO_LOAD;
  /** Whose requests it has. */
  readonly holders = new Holders();
  requests = 0;
  failures = 0;
  /** Left the configuration: its leases finish, and it gets no more. */
  draining = false;
  /** An operator has taken it out: its leases finish, and it gets no more until it is put back. */
  drained = false;
  /** It is about to move to another pool: its leases finish, and it gets no more until it is there. */
  moving = false;
  lastJudgedAt: Milliseconds = Number.NEGATIVE_INFINITY;

  private probeFailures: number | undefined;
  private engineKvTokens: Tokens | undefined;
  private startedAt: number | undefined;
  private trippedByProbe = false;
  private longestAlone: Milliseconds;
  /** It has asked to get nothing until then; `undefined` when it has not, or long since. */
  private aloneUntil: Milliseconds | undefined;

  constructor(
    /** Another pool of it, once it has moved; its name stays. */
    public target: ReplicaTarget,
    model: string,
    settings: ReplicaSettings,
    private readonly clock: Clock,
    random: Random,
  ) {
    this.id = target.id;
    this.model = model;
    this.breaker = new CircuitBreaker(settings.circuit, random);
    this.ownLimit = settings.limit;
    this.contextTokens = settings.contextTokens;
    this.cacheBlocks = settings.cacheBlocks;
    this.probeFailures = settings.probeFailures;
    this.longestAlone = settings.circuit.open_at_most;
    this.hardware = settings.hardware;
    this.meter = meterOf(settings.hardware);
    this.describe(settings);
  }

  get pool(): string {
    return this.target.pool;
  }

  // Load as placement sees it: of all gateways. The limit grows with what others have there, which takes no place of this one.

  get inFlight(): number {
    return this.own.inFlight + this.others.inFlight;
  }

  get waiting(): number {
    return this.own.waiting + this.others.waiting;
  }

  get inFlightTokens(): Tokens {
    return this.own.inFlightTokens + this.others.inFlightTokens;
  }

  get pendingPrefillTokens(): Tokens {
    return this.own.pendingPrefillTokens + this.others.pendingPrefillTokens;
  }

  get limit(): number {
    return this.ownLimit + this.others.inFlight;
  }

  get forecast(): EngineForecast | undefined {
    return this.hardware.forecast;
  }

  /** Tokens that its KV cache holds: as its engine says, or as the engine model has it. */
  get kvTokens(): Tokens | undefined {
    return this.engineKvTokens ?? this.forecast?.kvTokens;
  }

  /** Tokens that the tiers behind its GPUs hold, as the file has them. */
  get lowerTokens(): Tokens | undefined {
    return this.forecast?.lowerTokens;
  }

  /** Takes over new settings. Returns whether the size of its cache changed, which makes old knowledge of it worthless. */
  configure(settings: ReplicaSettings): boolean {
    this.breaker.configure(settings.circuit);
    this.longestAlone = settings.circuit.open_at_most;
    this.ownLimit = settings.limit;
    this.contextTokens = settings.contextTokens;
    this.probeFailures = settings.probeFailures;
    if (settings.probeFailures === undefined) this.health.reset();
    if (!settings.mayRest) this.ejection.lift(this.clock.now());
    this.describe(settings);
    const before = this.saidSize;
    this.cacheBlocks = settings.cacheBlocks;
    return before !== undefined && before !== this.saidSize;
  }

  get unavailable(): string | undefined {
    const clear = this.breaker.closed && this.ejection.idle && this.aloneUntil === undefined;
    if (clear && this.health.state !== 'unhealthy' && !this.out) return undefined;
    return this.whyOut(this.clock.now());
  }

  /** Whether it is to get nothing more, whatever its health. */
  private get out(): boolean {
    return this.draining || this.drained || this.moving;
  }

  /** As {@link unavailable}, at a moment that the caller has already looked up. */
  whyOut(now: Milliseconds): string | undefined {
    if (this.draining) return 'draining';
    if (this.drained) return 'drained';
    if (this.moving) return 'moving';
    if (this.health.state === 'unhealthy') return 'unhealthy';
    if (!this.breaker.allows(now)) return 'circuit open';
    if (this.isLeftAlone(now)) return 'asked to wait';
    if (this.ejection.active(now)) return 'ejected';
    return undefined;
  }

  /** Whether something is held against it that an answer would refute. */
  get suspect(): boolean {
    return !this.breaker.closed || this.health.state === 'unhealthy';
  }

  /** Whether it takes requests, or one that it has may show that it can. */
  promises(now: Milliseconds): boolean {
    const why = this.whyOut(now);
    return why === undefined || (why === 'circuit open' && this.breaker.state(now) === 'half-open');
  }

  /** When it takes requests again if nothing but time passes; `undefined` when it does now, or something else must happen first. */
  backAt(now: Milliseconds): Milliseconds | undefined {
    if (this.out || this.health.state === 'unhealthy') return undefined;
    const at = Math.max(this.breaker.allowsFrom, this.ejection.endsAt, this.aloneUntil ?? Number.NEGATIVE_INFINITY);
    return at > now && at < Number.POSITIVE_INFINITY ? at : undefined;
  }

  /** Whether one request may try a replica that probes call dead, there being no other: {@link CircuitBreaker} says how often. */
  allowsLastResort(now: Milliseconds): boolean {
    if (this.out || this.health.state !== 'unhealthy' || this.isLeftAlone(now)) return false;
    return this.breaker.allows(now) && this.inFlight < this.limit;
  }

  /** It asks to get nothing for so long: it does not, for as long as a circuit may be open at most. */
  leaveAlone(forMs: Milliseconds, now: Milliseconds): void {
    this.aloneUntil = Math.max(this.aloneUntil ?? now, now + Math.min(forMs, this.longestAlone));
  }

  /** Time until everything is over that only lasts so long; 0 when nothing does. */
  backIn(now: Milliseconds): Milliseconds {
    return Math.max(this.breaker.opensIn(now), this.ejection.remaining(now), (this.aloneUntil ?? now) - now);
  }

  private isLeftAlone(now: Milliseconds): boolean {
    if (this.aloneUntil !== undefined && now >= this.aloneUntil) this.aloneUntil = undefined;
    return this.aloneUntil !== undefined;
  }

  /** A probe came back. Returns whether the replica has to be taken for restarted: it was dead and lives. */
  probed(ok: boolean, latencyMs: Milliseconds): boolean {
    if (this.probeFailures === undefined || this.draining) return false;
    const before = this.health.state;
    this.health.probed(ok, latencyMs, this.probeFailures);
    const now = this.clock.now();
    if (this.health.state === 'unhealthy' && before !== 'unhealthy') {
      this.trippedByProbe = this.breaker.closed;
      this.breaker.trip(now);
    }
    if (!ok) return false;
    const revived = before === 'unhealthy';
    if (revived && this.trippedByProbe) this.breaker.reset(now);
    this.trippedByProbe = false;
    return revived && this.startedAt === undefined;
  }

  /** What the engine says of itself. Returns whether its cache must be taken for empty: it restarted or changed size. */
  observed(facts: EngineFacts): boolean {
    const restarted =
      facts.startedAt !== undefined && this.startedAt !== undefined && facts.startedAt !== this.startedAt;
    if (facts.startedAt !== undefined) this.startedAt = facts.startedAt;
    const before = this.saidSize;
    if (facts.kvTokens !== undefined && facts.kvTokens >= 1) this.engineKvTokens = facts.kvTokens;
    const resized = before !== undefined && before !== this.saidSize;
    if (facts.waiting !== undefined) this.engine.told(facts.waiting, this.clock.now(), this.batchTokens);
    if (restarted) {
      this.changedSpeed();
      this.prefixHits.reset();
      this.slowdown.reset();
      this.engine.forget();
      this.adapters?.forget();
    }
    return restarted || resized;
  }

  /** Its speed is not what it was: what was learned of it holds no longer. */
  changedSpeed(): void {
    this.latency.reset();
    this.prefill.reset();
  }

  /** Tokens that an iteration of its engine takes, as the engine model has it. */
  get batchTokens(): Tokens | undefined {
    return this.forecast?.profile.maxBatchedTokens;
  }

  /** Requests, of whomever, that wait in its engine: an estimate. */
  engineWaiting(now: Milliseconds): number {
    return this.engine.waiting(now, this.batchTokens);
  }

  /** Forgets how it did beside its peers, so that it is not ejected again for what it was ejected for. */
  acquit(): void {
    this.breaker.forgive();
    this.slowness.reset();
    this.excessMs.reset();
  }

  status(): ReplicaStatus {
    const now = this.clock.now();
    return {
      id: this.id,
      pool: this.pool,
      model: this.model,
      url: this.target.url,
      health: this.health.state,
      circuit: this.breaker.state(now),
      ejectedForMs: this.ejection.remaining(now),
      unavailable: this.whyOut(now),
      drained: this.drained,
      inFlight: this.own.inFlight,
      waiting: this.own.waiting,
      limit: this.ownLimit,
      inFlightTokens: this.own.inFlightTokens,
      kvShare: shareOf(this.own.inFlightTokens, this.kvTokens),
      prefixShare: this.prefixHits.share,
      ttftMs: this.latency.ttft(SHOWN_PROMPT_TOKENS),
      tpotMs: this.latency.tpotMs,
      requests: this.requests,
      failures: this.failures,
      gpu: this.hardware.gpu,
      gpus: this.hardware.gpus,
      usdPerHour: this.hardware.usdPerHour,
      watts: wattsOf(this.hardware, this.own.inFlight),
      engineWaiting: this.engineWaiting(now),
      trafficShare: this.engine.informed ? 1 / this.engine.share : undefined,
      prefillTokensPerSecond: perSecond(this.prefill.now),
      slow: this.slowdown.slow,
    };
  }

  private describe({ hardware, adapters }: ReplicaSettings): void {
    const { power, gpus, speed } = this.hardware;
    if (hardware.power !== power || hardware.gpus !== gpus || hardware.speed !== speed) {
      this.meter = meterOf(hardware);
      this.meter?.share(this.inFlight, this.clock.now());
    }
    this.hardware = hardware;
    if (adapters === undefined) this.adapters = undefined;
    else if (this.adapters?.sameAs(adapters) !== true) this.adapters = new AdapterSlots(adapters);
  }

  /**
   * The size of its cache as the file or else its engine has said it. Learning one for the first time makes nothing that is known wrong: the index
   * only begins to be capped by it.
   */
  private get saidSize(): string | undefined {
    if (this.cacheBlocks !== undefined) return `${this.cacheBlocks} blocks`;
    return this.engineKvTokens === undefined ? undefined : `${this.engineKvTokens} tokens`;
  }
}

function shareOf(part: number, whole: number | undefined): number | undefined {
  return whole === undefined || whole <= 0 ? undefined : Math.min(1, part / whole);
}

function perSecond(perMs: number | undefined): number | undefined {
  return perMs === undefined ? undefined : perMs * 1000;
}

function meterOf(hardware: Hardware): EnergyMeter | undefined {
  if (hardware.power === undefined) return undefined;
  return new EnergyMeter(requests => (wattsOf(hardware, requests) ?? 0) * hardware.speed);
}

/** What an engine says of itself on its own `/metrics`, where somebody reads it. */
export interface EngineFacts {
  /** Tokens that its KV cache holds. */
  readonly kvTokens?: Tokens;
  /** When its process started, in whatever unit: only a change means something (`process_start_time_seconds`). */
  readonly startedAt?: number;
  /** Requests that wait in it, of whomever (`vllm:num_requests_waiting`). */
  readonly waiting?: number;
}
