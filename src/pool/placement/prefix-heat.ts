/** Depths, in blocks, at which requests in flight are counted: each a quarter deeper than the one before. */
const DEPTHS: readonly number[] = depths(65_536);
/** Beginnings that are counted at once. Requests beyond count nowhere, so that some beginnings seem less shared than they are. */
const MOST_COUNTED = 262_144;

/** How many times over those who share a beginning now will use a copy of it: chosen on two seeds of `bench/hot-prefixes.mjs`. */
const TURNS = 4;

/** A request that is counted, at so many of {@link DEPTHS} from the first: to be handed back when it has ended. */
export interface Counted {
  readonly hashes: ArrayLike<number>;
  depths: number;
}

/** Requests in flight that share a beginning. */
interface Crowd {
  count: number;
  /** Whose it is while it is one request's, which is then counted no deeper: nobody shares what is deeper. */
  alone: Counted | undefined;
}

/** How many hold the first blocks of a prompt, up to a depth. */
export type HoldersAt = (hash: number) => number;

/**
 * How many requests in flight share the beginning of a prompt, and so what its being cached is worth.
 *
 * Sending a request where its beginning is not cached costs computing it there. But then that replica has it too: where c requests that
 * share it run at the same time, and k replicas hold it, one more copy will be used by c / (k + 1) of them, and by as many again when those
 * have ended, several times over; and they share what it costs. So a cached block counts
 *
 *     min(1, (k + 1) / (4 c + 1))        c without the request itself, two or more
 *
 * of its tokens. A conversation's own turns, one at a time, count whole; a system prompt that fifty requests are using on one replica counts a
 * hundredth, and load decides who is the next to hold it.
 *
 * Counted at depths that grow by a quarter, and no deeper than others share it: once for most prompts, some thirty times for 2,000 shared
 * blocks. Between two depths the deeper one's count holds, which is the lower; beyond the deepest within a match, that one's.
 */
export class PrefixHeat {
  private readonly inFlight = new Map<number, Crowd>();
  /** Of the prompt looked at last: what a block is worth up to each depth, and what all blocks up to it are worth. */
  private readonly shares = new Float64Array(DEPTHS.length);
  private readonly sums = new Float64Array(DEPTHS.length);
  private looked = 0;
  /** Whether what lies beyond the last of those depths is known to be shared by nobody. */
  private whole = true;

  /** @param most beginnings that are counted at once: {@link MOST_COUNTED} unless said. */
  constructor(private readonly most = MOST_COUNTED) {}

  /** Beginnings that requests in flight have. */
  get size(): number {
    return this.inFlight.size;
  }

  /** A request is sent. @returns what {@link ended} is to be told, once. */
  began(hashes: ArrayLike<number>): Counted {
    const counted = { hashes, depths: 0 };
    this.count(counted);
    return counted;
  }

  /** A request that was sent has ended. */
  ended({ hashes, depths }: Counted): void {
    const { inFlight } = this;
    for (let at = 0; at < depths; at++) {
      const hash = hashes[DEPTHS[at]! - 1]!;
      const crowd = inFlight.get(hash)!;
      if (crowd.count > 1) crowd.count -= 1;
      else inFlight.delete(hash);
    }
  }

  /** Looks at a prompt that is to be sent, of which nobody holds more than `deepest` blocks: {@link worth} is of it from now on. */
  look(hashes: ArrayLike<number>, deepest: number, holders: HoldersAt): void {
    const { inFlight, shares, sums } = this;
    let [at, depth, sum] = [0, 0, 0];
    for (; at < DEPTHS.length && DEPTHS[at]! <= Math.min(deepest, hashes.length); at++) {
      const hash = hashes[DEPTHS[at]! - 1]!;
      const count = inFlight.get(hash)?.count ?? 0;
      // Fewer share what is deeper: from here on all counts whole.
      if (count <= 1) break;
      const share = Math.min(1, (holders(hash) + 1) / (TURNS * count + 1));
      sum += share * (DEPTHS[at]! - depth);
      depth = DEPTHS[at]!;
      shares[at] = share;
      sums[at] = sum;
    }
    this.looked = at;
    this.whole = at < DEPTHS.length && DEPTHS[at]! <= deepest;
  }

  /** Whether anything of the prompt that was looked at counts less than whole. */
  get shared(): boolean {
    return this.looked > 0;
  }

  /** What the first blocks of the prompt that was looked at are worth, in blocks: no more than they are. */
  worth(blocks: number): number {
    const { looked, sums, shares } = this;
    if (looked === 0) return blocks;
    let at = looked - 1;
    while (at >= 0 && DEPTHS[at]! > blocks) at--;
    const depth = at < 0 ? 0 : DEPTHS[at]!;
    const beyond = at + 1 < looked ? shares[at + 1]! : this.whole ? 1 : shares[looked - 1]!;
    return (at < 0 ? 0 : sums[at]!) + beyond * (blocks - depth);
  }

  /** Counts a request on, down to where it is alone; who was alone before it came is counted on as well. */
  private count(counted: Counted): void {
    const { inFlight } = this;
    const { hashes } = counted;
    while (counted.depths < DEPTHS.length && DEPTHS[counted.depths]! <= hashes.length) {
      const hash = hashes[DEPTHS[counted.depths]! - 1]!;
      const crowd = inFlight.get(hash);
      if (crowd === undefined && inFlight.size >= this.most) return;
      counted.depths += 1;
      if (crowd === undefined) {
        inFlight.set(hash, { count: 1, alone: counted });
        return;
      }
      crowd.count += 1;
      const { alone } = crowd;
      crowd.alone = undefined;
      if (alone !== undefined) this.count(alone);
    }
  }
}

function depths(most: number): readonly number[] {
  const all: number[] = [];
  for (let depth = 1; depth <= most; depth = Math.max(depth + 1, Math.floor(depth * 1.25))) all.push(depth);
  return all;
}
