import type { Cancel, Clock } from '#contract/clock.js';
import { WeirError } from '#contract/errors.js';
import type { PlacementRequest } from '#contract/placement.js';
import type { Milliseconds } from '#contract/units.js';
import type { Lease } from '#pool/lease.js';
import type { ServedModel, ServedPool } from '#pool/topology/served.js';
import { factsOf } from './facts.js';
import { mayUse, saturated } from './refusals.js';
import { Waiter } from './waiter.js';

/** What the waiting room needs of the pool that it belongs to. */
export interface WaitingHost {
  readonly clock: Clock;
  model(name: string): ServedModel | undefined;
  /** A place if there is one now; `undefined` when the request would have to wait, an error that waiting would not help. */
  place(request: PlacementRequest, since: Milliseconds, now: Milliseconds): Lease | WeirError | undefined;
  pools(): ReadonlyMap<string, ServedPool>;
}

const NOTHING: Cancel = () => {};

/** Requests that wait for places: who may wait, who has to make room, and who is next. */
export class WaitingRoom {
  private arrivals = 0;
  /** Those who wait, each once however many queues it stands in. */
  private here = 0;
  /** When time is next to serve those who wait, and what calls that off. */
  private wake: Wake | undefined;
  /** Pools that may have places for those who wait. */
  private readonly due = new Set<ServedPool>();
  /** Pools that have lost a replica: some may wait for what is all out. */
  private readonly bereft = new Set<ServedPool>();
  private serving = false;

  constructor(private readonly host: WaitingHost) {}

  /** Has a request wait in every pool that could take it and has room for it, or refuses it. */
  wait(
    model: ServedModel,
    request: PlacementRequest,
    settle: (result: Lease | WeirError) => void,
    now: Milliseconds,
  ): Cancel {
    const candidates = this.joinable(model, request, now);
    const facts = factsOf(request);
    const evicted: Settled[] = [];
    const pools = candidates.filter(
      pool => (pool.predictedWait(facts) ?? 0) <= pool.entry.queue.timeout && this.makeRoom(pool, request, evicted),
    );
    if (pools.length === 0) {
      for (const pool of candidates) pool.memory.counts.saturated += 1;
      deliver(evicted);
      settle(saturated(model.name, candidates, facts));
      return NOTHING;
    }
    const waiter = new Waiter(request, settle, now, this.arrivals++);
    waiter.join(model, pools);
    const longest = Math.max(...pools.map(pool => pool.entry.queue.timeout));
    const cancelTimer = this.host.clock.after(longest, () => {
      const stoodIn = waiter.pools;
      waiter.stop();
      for (const pool of stoodIn) pool.memory.counts.timedOut += 1;
      settle(saturated(request.model, stoodIn, facts));
    });
    this.here += 1;
    waiter.endWith(() => {
      cancelTimer();
      this.here -= 1;
      if (this.here === 0) this.sleep();
    });
    this.wakeInTime(now);
    // Last: those who had to go may ask for a place elsewhere, or here, at once.
    deliver(evicted);
    return () => waiter.cancel();
  }

  /**
   * Serves those who wait for a pool until it is full again, and after them those who stand in the queues of others only, which it could
   * serve as well; refuses those whom nothing can serve any more.
   *
   * @param lost a replica of it may have gone out.
   */
  serve(pool: ServedPool, lost = false): void {
    if (this.here === 0) return;
    this.due.add(pool);
    if (lost) this.bereft.add(pool);
    // Who is told may give its place back at once: places are given one after the other then, not each inside the one before.
    if (this.serving) return;
    this.serving = true;
    try {
      for (const next of this.due) {
        this.due.delete(next);
        this.offerPlacesOf(next);
      }
    } finally {
      this.serving = false;
    }
  }

  private offerPlacesOf(pool: ServedPool): void {
    const now = this.host.clock.now();
    const settled: Settled[] = [];
    const offer = (waiter: Waiter): boolean => {
      const result = this.host.place(waiter.request, waiter.since, now);
      if (result === undefined) return false;
      settled.push(this.settled(waiter, result));
      return true;
    };
    pool.queue.serve(() => pool.full, offer);
    for (const { queue } of pool.beside) if (queue.length > 0) queue.serve(() => !pool.hasRoom, offer);
    if (this.bereft.delete(pool)) for (const waiter of this.stranded(pool, now)) offer(waiter);
    this.wakeInTime(now);
    deliver(settled);
  }

  /** Those who may use none of the replicas that are left: the others of their pools are full, and may not be theirs for having failed them. */
  private stranded(pool: ServedPool, now: Milliseconds): readonly Waiter[] {
    const waiters = new Set<Waiter>();
    for (const { queue } of [pool, ...pool.beside]) for (const { value } of queue.values()) waiters.add(value);
    return [...waiters].filter(
      ({ request, pools }) =>
        !(this.host.model(request.model)?.pools ?? pools).some(({ replicas }) =>
          replicas.some(replica => mayUse(request, replica) && replica.promises(now)),
        ),
    );
  }

  /** Has time serve those who wait, where it alone gives a place back: nothing else would tell of it. */
  private wakeInTime(now: Milliseconds): void {
    let soonest = Number.POSITIVE_INFINITY;
    for (const pool of this.host.pools().values()) {
      if (pool.queue.length === 0 && pool.beside.every(({ queue }) => queue.length === 0)) continue;
      soonest = Math.min(soonest, pool.opensAt(now) ?? soonest);
    }
    if (this.wake?.at === soonest) return;
    this.sleep();
    if (soonest === Number.POSITIVE_INFINITY) return;
    const task = (): void => {
      this.wake = undefined;
      for (const pool of this.host.pools().values()) this.serve(pool);
    };
    this.wake = { at: soonest, cancel: this.host.clock.after(soonest - now, task) };
  }

  private sleep(): void {
    this.wake?.cancel();
    this.wake = undefined;
  }

  /** The configuration changed: everybody is placed, waits on in the same order, or is told. */
  regroup(old: Iterable<ServedPool>): void {
    const waiters = new Set<Waiter>();
    for (const pool of old) for (const { value } of pool.queue.values()) waiters.add(value);
    const inOrder = [...waiters].sort((a, b) => a.number - b.number);
    for (const waiter of inOrder) waiter.leaveQueues();
    const now = this.host.clock.now();
    const settled: Settled[] = [];
    for (const waiter of inOrder) {
      const model = this.host.model(waiter.request.model);
      const result = this.host.place(waiter.request, waiter.since, now);
      if (result === undefined) waiter.join(model!, this.joinable(model!, waiter.request, now));
      else settled.push(this.settled(waiter, result));
    }
    this.wakeInTime(now);
    deliver(settled);
  }

  /** Pools in whose queues a request may stand: those with a replica for it that takes requests. */
  private joinable(model: ServedModel, request: PlacementRequest, now: Milliseconds): ServedPool[] {
    return model.pools.filter(
      pool =>
        request.promptTokens + request.outputTokens <= pool.contextTokens &&
        pool.replicas.some(replica => replica.whyOut(now) === undefined && mayUse(request, replica)),
    );
  }

  /** Whether a queue can take one more, after those have left it who hold more of it than the newcomer would. */
  private makeRoom(pool: ServedPool, request: PlacementRequest, evicted: Settled[]): boolean {
    const { queue, entry } = pool;
    const facts = factsOf(request);
    const tokens = request.promptTokens + request.outputTokens;
    const { length, tokens: mostTokens, bytes: mostBytes } = entry.queue;
    if (length < 1 || tokens > mostTokens || facts.bytes > mostBytes) return false;
    const victims = queue.victims(
      facts,
      tokens,
      left => left.requests < length && left.tokens + tokens <= mostTokens && left.bytes + facts.bytes <= mostBytes,
    );
    for (const { value: waiter, facts: their } of victims ?? []) {
      waiter.leave(pool);
      pool.memory.counts.evicted += 1;
      if (waiter.pools.length > 0) continue;
      waiter.stop();
      evicted.push({ waiter, result: saturated(waiter.request.model, [pool], their) });
    }
    return victims !== undefined;
  }

  private settled(waiter: Waiter, result: Lease | WeirError): Settled {
    waiter.stop();
    if (!(result instanceof WeirError)) {
      const counts = this.host.pools().get(result.placement.pool)?.memory.counts;
      if (counts !== undefined) counts.waited += 1;
    }
    return { waiter, result };
  }
}

interface Wake {
  readonly at: Milliseconds;
  readonly cancel: Cancel;
}

interface Settled {
  readonly waiter: Waiter;
  readonly result: Lease | WeirError;
}

/** Tells those who waited, after all books are right: what they do next may come straight back here. */
function deliver(settled: readonly Settled[]): void {
  for (const { waiter, result } of settled) {
    if (!waiter.cancelled) waiter.settle(result);
    else if (!(result instanceof WeirError)) result.release({ status: 'cancelled', replicaFault: false });
  }
}
