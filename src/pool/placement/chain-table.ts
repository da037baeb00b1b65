/** No node. */
export const NONE = -1;
/** The owner of the node that stands for a hash itself, whoever holds it. */
export const UNION = -1;

const SMALLEST = 1024;

/** A node is 40 bytes side by side: two numbers, then six links. Whatever is done with one touches a line of the processor's cache or two. */
const BYTES = 40;
const REALS = 5;
const HASH = 0;
const USED = 1;
const LINKS = 10;
const OWNER = 4;
const OLDER = 5;
const NEWER = 6;
/** Of a union node its first holder; of a holder's node the next holder; of a free node the next free one. */
const NEXT = 7;
/** Of a union node how many hold it; of a holder's node the holder before. */
const PREVIOUS = 8;
/** Of a holder's node the union node of its hash. */
const IN_UNION = 9;

/**
 * An open-addressed table of (hash, owner) nodes: for every hash that somebody holds one union node, which knows its holders, and one node
 * for each holder. Nodes carry the links of their holder's LRU list and when they were last used, which are the caller's to keep. A place in the
 * table has the node's spread hash beside it, so that searching and closing gaps looks at few nodes but the one it is for.
 *
 * Grows by doubling up to `maxNodes`, which must be twice the holders' nodes there can be; 40 bytes a node and 16 for its place in the table.
 */
export class ChainTable {
  /** Two views of the same nodes. */
  private reals = new Float64Array(0);
  private links = new Int32Array(0);
  /** Two numbers a place: the node, and its hash and owner spread. */
  private places = new Int32Array(0);
  /** Of positions in `places`, which are even. */
  private mask = 0;
  private capacity = 0;
  private free = NONE;

  constructor(private readonly maxNodes: number) {
    this.grow();
  }

  get bytes(): number {
    return this.capacity * BYTES + this.places.byteLength;
  }

  /** The node of a hash and an owner, or {@link NONE}. */
  find(hash: number, owner: number): number {
    return this.places[this.search(hash, owner)]!;
  }

  hash(node: number): number {
    return this.reals[node * REALS + HASH]!;
  }

  owner(node: number): number {
    return this.links[node * LINKS + OWNER]!;
  }

  /** When a holder's node was last used, as the caller counts. */
  usedAt(node: number): number {
    return this.reals[node * REALS + USED]!;
  }

  use(node: number, at: number): void {
    this.reals[node * REALS + USED] = at;
  }

  // Neighbours in the holder's LRU list.

  older(node: number): number {
    return this.links[node * LINKS + OLDER]!;
  }

  newer(node: number): number {
    return this.links[node * LINKS + NEWER]!;
  }

  linkOlder(node: number, older: number): void {
    this.links[node * LINKS + OLDER] = older;
  }

  linkNewer(node: number, newer: number): void {
    this.links[node * LINKS + NEWER] = newer;
  }

  /** How many hold the hash of a union node; 0 for {@link NONE}. */
  holders(union: number): number {
    return union === NONE ? 0 : this.links[union * LINKS + PREVIOUS]!;
  }

  firstHolder(union: number): number {
    return union === NONE ? NONE : this.links[union * LINKS + NEXT]!;
  }

  nextHolder(node: number): number {
    return this.links[node * LINKS + NEXT]!;
  }

  /** Adds a holder of a hash and returns its node, or {@link NONE} when it is one already. */
  add(hash: number, owner: number): number {
    // It may take two nodes: one for the holder, one for the hash.
    if (this.free === NONE || this.links[this.free * LINKS + NEXT] === NONE) this.grow();
    const place = this.search(hash, owner);
    if (this.places[place] !== NONE) return NONE;
    const node = this.take(place, hash, owner);
    const unionPlace = this.search(hash, UNION);
    let union = this.places[unionPlace]!;
    const { links } = this;
    if (union === NONE) {
      union = this.take(unionPlace, hash, UNION);
      links[union * LINKS + NEXT] = NONE;
      links[union * LINKS + PREVIOUS] = 0;
    }
    const first = links[union * LINKS + NEXT]!;
    links[node * LINKS + NEXT] = first;
    links[node * LINKS + PREVIOUS] = NONE;
    links[node * LINKS + IN_UNION] = union;
    if (first !== NONE) links[first * LINKS + PREVIOUS] = node;
    links[union * LINKS + NEXT] = node;
    links[union * LINKS + PREVIOUS]!++;
    return node;
  }

  /** Takes a holder's node out, and the union node with the last of them. */
  remove(node: number): void {
    const { links } = this;
    const union = links[node * LINKS + IN_UNION]!;
    const before = links[node * LINKS + PREVIOUS]!;
    const after = links[node * LINKS + NEXT]!;
    if (before === NONE) links[union * LINKS + NEXT] = after;
    else links[before * LINKS + NEXT] = after;
    if (after !== NONE) links[after * LINKS + PREVIOUS] = before;
    this.delete(node);
    if (--links[union * LINKS + PREVIOUS]! === 0) this.delete(union);
  }

  /** The place of a hash and an owner, or the empty one where they belong. */
  private search(hash: number, owner: number): number {
    const { places, mask, reals, links } = this;
    const tag = spread(hash, owner);
    let place = (tag << 1) & mask;
    for (;;) {
      const node = places[place]!;
      if (node === NONE) return place;
      if (places[place + 1] === tag && reals[node * REALS + HASH] === hash && links[node * LINKS + OWNER] === owner) {
        return place;
      }
      place = (place + 2) & mask;
    }
  }

  private take(place: number, hash: number, owner: number): number {
    const node = this.free;
    this.free = this.links[node * LINKS + NEXT]!;
    this.reals[node * REALS + HASH] = hash;
    this.links[node * LINKS + OWNER] = owner;
    this.places[place] = node;
    this.places[place + 1] = spread(hash, owner);
    return node;
  }

  /** Closes the gap behind a deleted node, so that no search ends before its end. */
  private delete(node: number): void {
    const { places, mask } = this;
    let gap = (spread(this.hash(node), this.owner(node)) << 1) & mask;
    while (places[gap] !== node) gap = (gap + 2) & mask;
    for (let place = (gap + 2) & mask; places[place] !== NONE; place = (place + 2) & mask) {
      const home = (places[place + 1]! << 1) & mask;
      if (((place - home) & mask) < ((place - gap) & mask)) continue;
      places[gap] = places[place]!;
      places[gap + 1] = places[place + 1]!;
      gap = place;
    }
    places[gap] = NONE;
    this.links[node * LINKS + NEXT] = this.free;
    this.free = node;
  }

  private grow(): void {
    const old = this.capacity;
    const capacity = old === 0 ? Math.min(SMALLEST, this.maxNodes) : Math.min(old * 2, this.maxNodes);
    const nodes = new ArrayBuffer(capacity * BYTES);
    const links = new Int32Array(nodes);
    links.set(this.links);
    this.links = links;
    this.reals = new Float64Array(nodes);
    this.capacity = capacity;
    this.widen(new Int32Array(2 ** Math.ceil(Math.log2(capacity * 4))).fill(NONE));
    for (let node = capacity - 1; node >= old; node--) {
      links[node * LINKS + NEXT] = this.free;
      this.free = node;
    }
  }

  /** Moves what is in the table to a wider one. */
  private widen(places: Int32Array<ArrayBuffer>): void {
    const old = this.places;
    const mask = places.length - 2;
    for (let from = 0; from < old.length; from += 2) {
      if (old[from] === NONE) continue;
      let to = (old[from + 1]! << 1) & mask;
      while (places[to] !== NONE) to = (to + 2) & mask;
      places[to] = old[from]!;
      places[to + 1] = old[from + 1]!;
    }
    this.places = places;
    this.mask = mask;
  }
}

/** Murmur3's finaliser over both halves of a hash below 2^53 and its owner. */
function spread(hash: number, owner: number): number {
  let bits = hash ^ Math.imul(Math.floor(hash / 4_294_967_296) + 0x7ed55d16, 0x9e3779b1);
  bits ^= Math.imul(owner + 1, 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}
