import type { Cancel, Clock } from '#contract/clock.js';
import type { Usage } from '#contract/outcome.js';
import type { PlacementRequest } from '#contract/placement.js';
import type { Tokens } from '#contract/units.js';
import type { PoolConfig } from '#pool/schema.js';
import { listedReplicas, replicaId } from '#pool/topology/listed-replicas.js';
import type { Replica } from '#pool/topology/replica.js';
import type { Topology } from '#pool/topology/served.js';
import { type Arrangement, homeOf } from './arrangement.js';
import { type Change, KEPT, type Move, type MoveState, type RebalanceStatus } from './move.js';
import { explained, Pair } from './pair.js';
import type { Prediction, Split } from './split.js';

/** What rebalancing needs of the pool that it belongs to. */
export interface RebalanceHost {
  readonly clock: Clock;
  topology(): Topology;
  /** {@link Arrangement} has changed: builds what it says. */
  rearrange(): void;
  /** A replica takes requests again, or no more. */
  changed(replica: Replica): void;
  /** Something was decided, or a replica has arrived or been given up. */
  told(news: RebalanceNews): void;
}

export type RebalanceNews =
  | { readonly kind: 'change'; readonly change: Change }
  | { readonly kind: 'move'; readonly move: Move };

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

interface UnderWay {
  readonly change: Writable<Change>;
  readonly pair: Pair;
  readonly moves: Map<string, { readonly move: Writable<Move>; readonly overdue: Cancel }>;
}

/**
 * Pools that follow the sun (`wrp.md`, opportunity 11): looks at what comes for each pair and moves its boundary and its replicas. A replica that
 * moves first finishes what it has; only then does it stand in the other pool. One change of a pair is under way at a time.
 */
export class Rebalancer implements Arrangement {
  readonly windows = new Map<string, Tokens>();
  readonly places = new Map<string, string>();
  private readonly pairs = new Map<string, Pair>();
  private readonly timers = new Map<string, Cancel>();
  private readonly underWay = new Map<string, UnderWay>();
  private readonly changes: Change[] = [];
  private readonly moves: Move[] = [];
  /** Windows of short pools as the file has them. */
  private readonly fileWindows = new Map<string, Tokens>();
  private numbered = 0;

  constructor(private readonly host: RebalanceHost) {}

  /**
   * Takes over a configuration. What has moved stays where it is, as far as there still are such replicas in such pairs, and so does a boundary
   * unless the file has another than before.
   *
   * @returns whether the arrangement has changed.
   */
  configure(config: PoolConfig): boolean {
    const wanted = config.rebalance ?? {};
    for (const [name, pair] of this.pairs) {
      const settings = wanted[name];
      const same = settings !== undefined && JSON.stringify(settings) === JSON.stringify(pair.settings);
      const model = settings && config.pools[settings.long]?.model;
      if (same && model === pair.model && windowIn(config, settings.long) === pair.longest) continue;
      this.abandon(name);
      this.pairs.delete(name);
      this.timers.get(name)?.();
      this.timers.delete(name);
    }
    for (const [name, settings] of Object.entries(wanted)) {
      if (this.pairs.has(name)) continue;
      const { model } = config.pools[settings.long]!;
      this.pairs.set(name, new Pair(name, settings, model, windowIn(config, settings.long), this.host.clock));
      this.wait(name);
    }
    return this.keepWhatIsTrue(config);
  }

  /** A request asks for a place. */
  asked(request: PlacementRequest): void {
    for (const pair of this.pairs.values()) if (pair.model === request.model) pair.asked(request);
  }

  answered(request: PlacementRequest, replica: Replica, usage: Usage | undefined): void {
    if (usage === undefined) return;
    for (const pair of this.pairs.values()) {
      if (!pair.has(replica.pool)) continue;
      pair.ended(request.outputTokens, usage.promptTokens, usage.cachedTokens ?? 0, usage.completionTokens);
    }
  }

  /** A place came free. */
  released(replica: Replica): void {
    if (replica.moving && replica.own.inFlight === 0) this.end(replica, 'moved');
  }

  status(): RebalanceStatus {
    const { pools } = this.host.topology();
    return {
      pairs: [...this.pairs.values()].map(pair =>
        pair.status(pools.get(pair.settings.short), pools.get(pair.settings.long)),
      ),
      changes: this.changes.map(change => ({ ...change })),
      moves: this.moves.map(move => ({ ...move })),
    };
  }

  /** Has nothing more decided for a pair, or goes on. What is under way is called off. @returns whether there is such a pair. */
  pause(name: string, paused: boolean): boolean {
    const pair = this.pairs.get(name);
    if (pair === undefined) return false;
    pair.paused = paused;
    if (paused) this.abandon(name);
    return true;
  }

  /** Puts a pair back as the file has it, and pauses it. @returns whether there is such a pair. */
  revert(name: string): boolean {
    const pair = this.pairs.get(name);
    if (pair === undefined) return false;
    this.pause(name, true);
    const { short, long } = this.served(pair) ?? {};
    if (short === undefined || long === undefined) return true;
    const away = [...short.replicas, ...long.replicas].filter(({ id, pool }) => homeOf(id) !== pool);
    const before = pair.split(short, long);
    const back = away.filter(({ id }) => homeOf(id) === short.name).length;
    const boundary = this.fileWindow(pair) ?? before.boundary;
    if (away.length === 0 && boundary === before.boundary) return true;
    const after = {
      boundary,
      short: before.short + 2 * back - away.length,
      long: before.long - 2 * back + away.length,
    };
    this.begin(pair, before, after, away, 'Put back as the file has it, by hand.', undefined);
    return true;
  }

  private fileWindow({ settings }: Pair): Tokens | undefined {
    return this.fileWindows.get(settings.short);
  }

  private wait(name: string): void {
    const pair = this.pairs.get(name)!;
    this.timers.set(
      name,
      this.host.clock.after(pair.settings.every, () => {
        if (this.pairs.get(name) !== pair) return;
        this.wait(name);
        this.look(pair);
      }),
    );
  }

  private look(pair: Pair): void {
    const pools = this.served(pair);
    if (pools === undefined || pair.paused || this.underWay.has(pair.name)) return;
    const due = pair.decide(pools.short, pools.long);
    if (due === undefined) return;
    const { split } = due.best;
    const moved = split.short - due.from.short;
    // Those with least on them are soonest there.
    const leaving = [...(moved > 0 ? pools.long : pools.short).replicas]
      .filter(({ unavailable }) => unavailable === undefined)
      .sort((a, b) => a.inFlightTokens - b.inFlightTokens)
      .slice(0, Math.abs(moved));
    pair.began(due.from, split);
    this.begin(pair, due.from, split, leaving, explained(due, due.from), {
      before: due.now,
      after: due.best.predicted,
    });
  }

  private begin(
    pair: Pair,
    before: Split,
    after: Split,
    leaving: readonly Replica[],
    why: string,
    predicted: { readonly before: Prediction; readonly after: Prediction } | undefined,
  ): void {
    const { clock } = this.host;
    const change: Writable<Change> = {
      ...{ id: ++this.numbered, pair: pair.name, at: clock.wall(), why, before, after, state: 'under_way' },
      predicted: predicted && { beforeMs: predicted.before.p99Ms, afterMs: predicted.after.p99Ms },
    };
    keep(this.changes, change);
    const { short, long, drain } = pair.settings;
    const going: UnderWay = { change, pair, moves: new Map() };
    this.underWay.set(pair.name, going);
    for (const replica of leaving) {
      const move: Writable<Move> = {
        ...{ id: ++this.numbered, pair: pair.name, replica: replica.id, from: replica.pool },
        ...{ to: replica.pool === short ? long : short, state: 'draining', change: change.id },
        ...{ at: clock.wall(), endedAt: undefined },
      };
      keep(this.moves, move);
      replica.moving = true;
      going.moves.set(replica.id, { move, overdue: clock.after(drain, () => this.end(replica, 'given_up')) });
    }
    this.host.told({ kind: 'change', change: { ...change } });
    for (const { move } of [...going.moves.values()]) this.host.told({ kind: 'move', move: { ...move } });
    for (const replica of leaving) this.released(replica);
    this.finish(going);
  }

  private end(replica: Replica, state: MoveState): void {
    for (const going of this.underWay.values()) {
      const found = going.moves.get(replica.id);
      if (found === undefined) continue;
      going.moves.delete(replica.id);
      found.overdue();
      found.move.state = state;
      found.move.endedAt = this.host.clock.wall();
      replica.moving = false;
      if (state === 'moved') {
        going.pair.moved += 1;
        if (homeOf(replica.id) === found.move.to) this.places.delete(replica.id);
        else this.places.set(replica.id, found.move.to);
        this.host.rearrange();
      } else this.host.changed(replica);
      this.host.told({ kind: 'move', move: { ...found.move } });
      this.finish(going);
      return;
    }
  }

  /** With its replicas where they were to go, or given up, the boundary of a change is set. */
  private finish(going: UnderWay): void {
    const { change, pair, moves } = going;
    if (moves.size > 0 || this.underWay.get(pair.name) !== going) return;
    this.underWay.delete(pair.name);
    const { boundary } = change.after;
    const lost = this.moves.some(move => move.change === change.id && move.state !== 'moved');
    change.state = lost ? 'cancelled' : 'done';
    if (!lost && boundary !== change.before.boundary) {
      if (boundary === this.fileWindow(pair)) this.windows.delete(pair.settings.short);
      else this.windows.set(pair.settings.short, boundary);
      this.host.rearrange();
    }
    this.host.told({ kind: 'change', change: { ...change } });
  }

  /** Calls off what is under way: replicas that were to move serve on where they are. */
  private abandon(name: string): void {
    const going = this.underWay.get(name);
    if (going === undefined) return;
    const { replicas } = this.host.topology();
    for (const [id, { move, overdue }] of [...going.moves]) {
      const replica = replicas.get(id);
      if (replica !== undefined) this.end(replica, 'cancelled');
      else {
        overdue();
        going.moves.delete(id);
        move.state = 'cancelled';
        move.endedAt = this.host.clock.wall();
        this.finish(going);
      }
    }
  }

  /** Forgets arrangements of replicas and pairs that are no more. */
  private keepWhatIsTrue(config: PoolConfig): boolean {
    const size = this.places.size + this.windows.size;
    const pairs = [...this.pairs.values()];
    const there = new Set(
      Object.entries(config.pools).flatMap(([name, entry]) =>
        listedReplicas(name, entry).map(replica => replicaId(name, replica)),
      ),
    );
    for (const [id, to] of this.places) {
      const home = homeOf(id);
      if (!there.has(id) || !pairs.some(pair => pair.has(to) && pair.has(home))) this.places.delete(id);
    }
    for (const name of this.windows.keys()) {
      const stays = pairs.some(({ settings }) => settings.short === name);
      if (!stays || this.fileWindows.get(name) !== windowIn(config, name)) this.windows.delete(name);
    }
    this.fileWindows.clear();
    for (const { settings } of pairs) this.fileWindows.set(settings.short, windowIn(config, settings.short));
    for (const { pair, moves } of this.underWay.values()) {
      if ([...moves.keys()].some(id => !there.has(id))) this.abandon(pair.name);
    }
    return this.places.size + this.windows.size !== size;
  }

  private served({ settings }: Pair) {
    const { pools } = this.host.topology();
    const [short, long] = [pools.get(settings.short), pools.get(settings.long)];
    return short === undefined || long === undefined ? undefined : { short, long };
  }
}

function windowIn({ models, pools }: PoolConfig, name: string): Tokens {
  const entry = pools[name]!;
  return entry.context ?? models[entry.model]!.context;
}

function keep<T>(list: T[], one: T): void {
  list.unshift(one);
  if (list.length > KEPT) list.pop();
}
