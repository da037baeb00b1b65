// Long because: matching, insertion and eviction share one tree, and each must keep what the other two rely on.
import { ChainTable, NONE, UNION } from './chain-table.js';

export interface PrefixIndexOptions {
  /** Most (block, replica) pairs in all: 262,144 unless said. */
  readonly maxEntries?: number;
  /** Most replicas: 1,024 unless said. One more, and what was known of the one longest unused is forgotten. */
  readonly maxReplicas?: number;
  /** Most replicas whose match is told exactly: 64 unless said. */
  readonly maxMatches?: number;
}

/** How much of a prompt each replica holds. Valid until the next call of {@link PrefixIndex.match}. */
export interface PrefixMatch {
  /** Blocks on the replica that holds most. */
  readonly deepest: number;
  /** Blocks from the start of the prompt that a replica is believed to hold; not whole where the engine counts in others. */
  blocksOn(replica: string): number;
  /** What of it lies behind the GPU's memory, in blocks; `undefined` where nothing is known to. */
  lowerOn?(replica: string): { readonly host: number; readonly disk: number } | undefined;
  /** Whether that is known of the engine itself and not believed. */
  known?(replica: string): boolean;
  /** Replicas whose match is told exactly, and their names from the longest match down. */
  readonly holders: number;
  holder(rank: number): string;
}

/** What is believed of one prompt on one replica. */
export interface HeldPrefix {
  /** From the start of the prompt. */
  readonly blocks: number;
  /** When the last of them was last used, as {@link PrefixIndex.now} counts; infinite where that can not be told. */
  readonly usedAt: number;
}

/** One replica's share of the index: its blocks from least to most recently used. */
interface Shelf {
  readonly slot: number;
  readonly name: string;
  oldest: number;
  newest: number;
  size: number;
  usedAt: number;
}

const NOTHING_HELD: HeldPrefix = Object.freeze({ blocks: 0, usedAt: 0 });

/**
 * What the prefix cache of each replica is believed to hold: chain hashes of prompt blocks, in one LRU list a replica that mirrors
 * the replica's own.
 *
 * A use moves a chain to the young end with its beginning youngest, and what is evicted is always the oldest: so of any chain a
 * replica holds a beginning without gaps, and how long it is can be found by binary search. A look-up costs
 * O(log blocks) probes for each different match length, an insertion O(blocks), whatever the number of replicas.
 *
 * Memory is bounded: at most `maxEntries` pairs, 112 bytes each at the worst (and as much again, for a moment, while a table
 * grows), which is 56 MiB unless said otherwise. When all is full the replica with most pairs loses its oldest.
 */
export class PrefixIndex {
  readonly maxEntries: number;
  private readonly maxReplicas: number;
  private readonly maxMatches: number;
  private readonly table: ChainTable;
  private readonly shelves: (Shelf | undefined)[] = [];
  private readonly byName = new Map<string, Shelf>();
  private entries = 0;
  private uses = 0;
  /** Grows with every pair that comes or goes. */
  private changes = 0;

  /** Of the last look-up: blocks by slot where `stamps` says so, `common` for all others. */
  private readonly blocks: Int32Array;
  private readonly stamps: Float64Array;
  private lookups = 0;
  private looked: ArrayLike<number> | undefined;
  private lookedAt = -1;
  /** Whether it found everybody who holds anything. */
  private lookedAll = true;
  private common = 0;
  private deepest = 0;
  /** Slots whose match is exact, from the longest down. */
  private readonly ranked: Int32Array;
  private found = 0;
  private readonly result: PrefixMatch;

  constructor(options: PrefixIndexOptions = {}) {
    this.maxEntries = Math.max(1, options.maxEntries ?? 262_144);
    this.maxReplicas = Math.max(1, options.maxReplicas ?? 1024);
    this.maxMatches = Math.max(1, options.maxMatches ?? 64);
    this.table = new ChainTable(2 * this.maxEntries);
    this.blocks = new Int32Array(this.maxReplicas);
    this.stamps = new Float64Array(this.maxReplicas);
    this.ranked = new Int32Array(this.maxMatches);
    const deepest = () => this.deepest;
    const found = () => this.found;
    this.result = {
      get deepest() {
        return deepest();
      },
      get holders() {
        return found();
      },
      blocksOn: replica => this.blocksOn(replica),
      holder: rank => this.shelves[this.ranked[rank]!]!.name,
    };
  }

  /** Pairs of block and replica. */
  get size(): number {
    return this.entries;
  }

  get replicas(): number {
    return this.byName.size;
  }

  /** Blocks known to be on one replica. */
  sizeOf(replica: string): number {
    return this.byName.get(replica)?.size ?? 0;
  }

  /** Bytes that the index takes now. */
  get bytes(): number {
    return this.table.bytes + this.blocks.byteLength + this.stamps.byteLength + this.ranked.byteLength;
  }

  /**
   * How many blocks from the start of a chain each replica holds.
   *
   * The longest matches are exact, up to `maxMatches` replicas. Any more are credited with what every replica holds: they would
   * not be chosen for their match.
   */
  match(hashes: ArrayLike<number>): PrefixMatch {
    this.lookups++;
    this.looked = hashes;
    this.lookedAt = this.changes;
    this.lookedAll = true;
    this.common = 0;
    this.deepest = this.heldAnywhere(hashes);
    let level = this.deepest;
    this.found = 0;
    while (level > 0) {
      const union = this.table.find(hashes[level - 1]!, UNION);
      const holders = this.table.holders(union);
      for (let pair = this.table.firstHolder(union); pair !== NONE; pair = this.table.nextHolder(pair)) {
        const slot = this.table.owner(pair);
        if (this.stamps[slot] === this.lookups) continue;
        if (this.found === this.maxMatches) {
          this.lookedAll = false;
          this.common = this.heldByMany(hashes, this.byName.size, level);
          return this.result;
        }
        this.stamps[slot] = this.lookups;
        this.blocks[slot] = level;
        this.ranked[this.found++] = slot;
      }
      level = this.heldByMany(hashes, holders + 1, level - 1);
    }
    return this.result;
  }

  /** How many replicas hold the beginning of a prompt that a hash stands for. */
  holdersAt(hash: number): number {
    return this.table.holders(this.table.find(hash, UNION));
  }

  /** Uses so far: each insertion and each {@link ended} is one. */
  get now(): number {
    return this.uses;
  }

  /** What one replica holds of a chain, and when the last of it was used. */
  held(hashes: ArrayLike<number>, replica: string): HeldPrefix {
    const shelf = this.byName.get(replica);
    const blocks = shelf === undefined ? 0 : this.heldBy(hashes, shelf.slot, hashes.length);
    if (blocks === 0) return NOTHING_HELD;
    return { blocks, usedAt: this.table.usedAt(this.table.find(hashes[blocks - 1]!, shelf!.slot)) };
  }

  /**
   * A request for a chain ended: engines let go of its blocks now. The last block of the chain, which leaves first, says so for
   * all of them.
   */
  ended(hashes: ArrayLike<number>, replica: string): void {
    const used = ++this.uses;
    const shelf = this.byName.get(replica);
    if (shelf === undefined) return;
    // Most often all of it is still there.
    let last = hashes.length === 0 ? NONE : this.table.find(hashes[hashes.length - 1]!, shelf.slot);
    if (last === NONE) {
      const blocks = this.heldBy(hashes, shelf.slot, hashes.length - 1);
      if (blocks === 0) return;
      last = this.table.find(hashes[blocks - 1]!, shelf.slot);
    }
    this.table.use(last, used);
  }

  /** Whether the blocks of a chain that were last used at `used` were ever computed, and when they were let go, is not known. */
  doubt(hashes: ArrayLike<number>, replica: string, used: number): void {
    const shelf = this.byName.get(replica);
    if (shelf === undefined) return;
    for (let i = 0; i < hashes.length; i++) {
      const pair = this.table.find(hashes[i]!, shelf.slot);
      if (pair !== NONE && this.table.usedAt(pair) === used) this.table.use(pair, Number.POSITIVE_INFINITY);
    }
  }

  /** Forgets the oldest blocks of a replica, up to the first that was used later than `used`. @returns how many. */
  forgetOlder(replica: string, used: number): number {
    const shelf = this.byName.get(replica);
    if (shelf === undefined) return 0;
    const before = shelf.size;
    while (shelf.size > 0 && this.table.usedAt(shelf.oldest) <= used) this.evictOldest(shelf);
    return before - shelf.size;
  }

  /**
   * A replica was sent a prompt: it will hold the whole chain, and of its other blocks the `capacity` most recently used in all.
   *
   * @param known whether the end of the request will be told; if not, it can not be told when its blocks were let go.
   */
  insert(hashes: ArrayLike<number>, replica: string, capacity: number, known = true): void {
    const room = Math.min(Math.floor(capacity), this.maxEntries);
    if (!(room >= 1) || hashes.length === 0) return;
    const shelf = this.shelfOf(replica);
    const { slot } = shelf;
    shelf.usedAt = ++this.uses;
    const used = known ? this.uses : Number.POSITIVE_INFINITY;
    const length = Math.min(hashes.length, room);
    const held = this.heldBy(hashes, slot, length);
    // Youngest first, so that nothing of the chain is evicted to make room for the rest of it.
    let last = this.touch(shelf, hashes, held, used);
    while (shelf.size > room) this.evictOldest(shelf);
    let victim: Shelf | undefined;
    for (let own = held; own < length; own++) {
      if (shelf.size >= room) this.evictOldest(shelf);
      else if (this.entries >= this.maxEntries) {
        if (victim === undefined || victim.size - (victim === shelf ? own : 0) <= 0) {
          victim = this.largestBeside(shelf, own);
        }
        this.evictOldest(victim);
      }
      last = this.addBehind(shelf, last, hashes[own]!, used);
    }
  }

  /** Nothing is known to be on the replica any more. */
  forget(replica: string): void {
    const shelf = this.byName.get(replica);
    if (shelf === undefined) return;
    while (shelf.size > 0) this.evictOldest(shelf);
    this.byName.delete(replica);
    this.shelves[shelf.slot] = undefined;
    this.stamps[shelf.slot] = 0;
  }

  private blocksOn(replica: string): number {
    const shelf = this.byName.get(replica);
    if (shelf === undefined) return 0;
    return this.stamps[shelf.slot] === this.lookups ? this.blocks[shelf.slot]! : this.common;
  }

  // Three binary searches for the longest beginning of which something holds that holds for every shorter one too. Written out, as
  // closures here cost half the time of a look-up.

  /** Blocks from the start that some replica holds. */
  private heldAnywhere(hashes: ArrayLike<number>): number {
    const { table } = this;
    let low = 0;
    let high = hashes.length;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (table.find(hashes[middle - 1]!, UNION) !== NONE) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Blocks from the start, at most `limit`, that one replica holds. */
  private heldBy(hashes: ArrayLike<number>, slot: number, limit: number): number {
    const { table } = this;
    // Nothing has changed since the last look-up, which was for the same chain.
    if (hashes === this.looked && this.lookedAt === this.changes) {
      if (this.stamps[slot] === this.lookups) return Math.min(limit, this.blocks[slot]!);
      if (this.lookedAll) return 0;
    }
    let low = 0;
    let high = limit;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (table.find(hashes[middle - 1]!, slot) !== NONE) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Blocks from the start, at most `limit`, that `holders` replicas or more hold; 0 when there are none. */
  private heldByMany(hashes: ArrayLike<number>, holders: number, limit: number): number {
    const { table } = this;
    let low = 0;
    let high = limit;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (table.holders(table.find(hashes[middle - 1]!, UNION)) >= holders) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  private shelfOf(replica: string): Shelf {
    const known = this.byName.get(replica);
    if (known !== undefined) return known;
    if (this.byName.size >= this.maxReplicas) this.forget(this.longestUnused());
    let slot = 0;
    while (this.shelves[slot] !== undefined) slot++;
    const shelf = { slot, name: replica, oldest: NONE, newest: NONE, size: 0, usedAt: 0 };
    this.shelves[slot] = shelf;
    this.byName.set(replica, shelf);
    return shelf;
  }

  private longestUnused(): string {
    let found: Shelf | undefined;
    for (const shelf of this.byName.values()) if (found === undefined || shelf.usedAt < found.usedAt) found = shelf;
    return found!.name;
  }

  /** The replica with most blocks; of the one that a chain is being added to, the `own` blocks of that chain do not count. */
  private largestBeside(shelf: Shelf, own: number): Shelf {
    let found = shelf;
    let most = shelf.size - own;
    for (const other of this.byName.values()) {
      if (other === shelf || other.size <= most) continue;
      found = other;
      most = other.size;
    }
    return found;
  }

  /**
   * Moves the first `count` blocks of a chain to the young end, the beginning youngest. They most often stand there side by side since
   * the chain's last use, and are then moved as one run.
   *
   * @returns the last of them.
   */
  private touch(shelf: Shelf, hashes: ArrayLike<number>, count: number, used: number): number {
    const { table } = this;
    let last = NONE;
    for (let i = 0; i < count; ) {
      const first = table.find(hashes[i]!, shelf.slot);
      i++;
      // A chain that names a block twice has it where it stood first.
      if (first === NONE || first === last) continue;
      table.use(first, used);
      let end = first;
      for (; i < count; i++) {
        const next = table.older(end);
        if (next === NONE || next === last || table.hash(next) !== hashes[i]) break;
        end = next;
        table.use(end, used);
      }
      this.moveBehind(shelf, last, first, end);
      last = end;
    }
    return last;
  }

  /** @returns the pair of the block, which is put behind `before` in age; at the young end when that is none. */
  private addBehind(shelf: Shelf, before: number, hash: number, used: number): number {
    const pair = this.table.add(hash, shelf.slot);
    if (pair === NONE) return before;
    this.table.use(pair, used);
    this.link(shelf, before, pair, pair);
    shelf.size++;
    this.entries++;
    this.changes++;
    return pair;
  }

  private evictOldest(shelf: Shelf): void {
    const pair = shelf.oldest;
    this.unlink(shelf, pair);
    this.table.remove(pair);
    shelf.size--;
    this.entries--;
    this.changes++;
  }

  /** Puts the run from `first` down to `last` behind `before` in age. */
  private moveBehind(shelf: Shelf, before: number, first: number, last: number): void {
    const { table } = this;
    const above = table.newer(first);
    if (above === before) return;
    const below = table.older(last);
    if (above === NONE) shelf.newest = below;
    else table.linkOlder(above, below);
    if (below === NONE) shelf.oldest = above;
    else table.linkNewer(below, above);
    this.link(shelf, before, first, last);
  }

  /** Links a run that is in no list in behind `before`; at the young end when that is none. */
  private link(shelf: Shelf, before: number, first: number, last: number): void {
    const { table } = this;
    const below = before === NONE ? shelf.newest : table.older(before);
    table.linkNewer(first, before);
    table.linkOlder(last, below);
    if (before === NONE) shelf.newest = first;
    else table.linkOlder(before, first);
    if (below === NONE) shelf.oldest = last;
    else table.linkNewer(below, last);
  }

  private unlink(shelf: Shelf, pair: number): void {
    const { table } = this;
    const before = table.newer(pair);
    const after = table.older(pair);
    if (before === NONE) shelf.newest = after;
    else table.linkOlder(before, after);
    if (after === NONE) shelf.oldest = before;
    else table.linkNewer(after, before);
  }
}
