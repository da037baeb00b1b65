/** No node. */
export const NONE = -1;
/** The owner of the node that stands for a hash itself, whoever holds it. */
export const UNION = -1;

const SMALLEST = 1024;

/**
 * An open-addressed table of (hash, owner) nodes in typed arrays: for every hash that somebody holds one union node, which knows
 * its holders, and one node for each holder. Nodes carry the links of their holder's LRU list, which is the caller's to keep.
 *
 * Grows by doubling up to `maxNodes`, which must be twice the holders' nodes there can be; 40 bytes a node and 8 for its place in the table.
 */
export class ChainTable {
  /** Links of the holders' LRU lists. Replaced when the table grows. */
  older!: Int32Array;
  newer!: Int32Array;
  /** When a holder's node was last used, as the caller counts; the caller's to keep. Replaced when the table grows. */
  usedAt!: Float64Array;
  private hashes!: Float64Array;
  private owners!: Int32Array;
  /** Of a union node its first holder and their count; of a holder's node its neighbours among the holders. */
  private next!: Int32Array;
  private previous!: Int32Array;
  /** Of a holder's node the union node of its hash. */
  private unions!: Int32Array;
  private places!: Int32Array;
  private mask = 0;
  private capacity = 0;
  private free = NONE;

  constructor(private readonly maxNodes: number) {
    this.grow();
  }

  get bytes(): number {
    return this.capacity * 40 + this.places.byteLength;
  }

  /** The node of a hash and an owner, or {@link NONE}. */
  find(hash: number, owner: number): number {
    return this.places[this.search(hash, owner)]!;
  }

  hash(node: number): number {
    return this.hashes[node]!;
  }

  owner(node: number): number {
    return this.owners[node]!;
  }

  /** How many hold the hash of a union node; 0 for {@link NONE}. */
  holders(union: number): number {
    return union === NONE ? 0 : this.previous[union]!;
  }

  firstHolder(union: number): number {
    return union === NONE ? NONE : this.next[union]!;
  }

  nextHolder(node: number): number {
    return this.next[node]!;
  }

  /** Adds a holder of a hash and returns its node, or {@link NONE} when it is one already. */
  add(hash: number, owner: number): number {
    // It may take two nodes: one for the holder, one for the hash.
    if (this.free === NONE || this.next[this.free] === NONE) this.grow();
    const place = this.search(hash, owner);
    if (this.places[place] !== NONE) return NONE;
    const node = this.take(place, hash, owner);
    const unionPlace = this.search(hash, UNION);
    let union = this.places[unionPlace]!;
    if (union === NONE) {
      union = this.take(unionPlace, hash, UNION);
      this.next[union] = NONE;
      this.previous[union] = 0;
    }
    const first = this.next[union]!;
    this.next[node] = first;
    this.previous[node] = NONE;
    this.unions[node] = union;
    if (first !== NONE) this.previous[first] = node;
    this.next[union] = node;
    this.previous[union]!++;
    return node;
  }

  /** Takes a holder's node out, and the union node with the last of them. */
  remove(node: number): void {
    const union = this.unions[node]!;
    const before = this.previous[node]!;
    const after = this.next[node]!;
    if (before === NONE) this.next[union] = after;
    else this.next[before] = after;
    if (after !== NONE) this.previous[after] = before;
    this.delete(node);
    if (--this.previous[union]! === 0) this.delete(union);
  }

  /** The place of a hash and an owner, or the empty one where they belong. */
  private search(hash: number, owner: number): number {
    const { places, mask, hashes, owners } = this;
    let place = spread(hash, owner) & mask;
    for (;;) {
      const node = places[place]!;
      if (node === NONE || (hashes[node] === hash && owners[node] === owner)) return place;
      place = (place + 1) & mask;
    }
  }

  private take(place: number, hash: number, owner: number): number {
    const node = this.free;
    this.free = this.next[node]!;
    this.hashes[node] = hash;
    this.owners[node] = owner;
    this.places[place] = node;
    return node;
  }

  private place(node: number): void {
    const { places, mask } = this;
    let place = this.home(node);
    while (places[place] !== NONE) place = (place + 1) & mask;
    places[place] = node;
  }

  /** Closes the gap behind a deleted node, so that no search ends before its end. */
  private delete(node: number): void {
    const { places, mask } = this;
    let gap = this.home(node);
    while (places[gap] !== node) gap = (gap + 1) & mask;
    for (let place = (gap + 1) & mask; places[place] !== NONE; place = (place + 1) & mask) {
      const home = this.home(places[place]!);
      if (((place - home) & mask) < ((place - gap) & mask)) continue;
      places[gap] = places[place]!;
      gap = place;
    }
    places[gap] = NONE;
    this.next[node] = this.free;
    this.free = node;
  }

  private home(node: number): number {
    return spread(this.hashes[node]!, this.owners[node]!) & this.mask;
  }

  private grow(): void {
    const old = this.capacity;
    const capacity = old === 0 ? Math.min(SMALLEST, this.maxNodes) : Math.min(old * 2, this.maxNodes);
    const wider = (from: Int32Array | undefined): Int32Array => {
      const to = new Int32Array(capacity);
      if (from !== undefined) to.set(from);
      return to;
    };
    const hashes = new Float64Array(capacity);
    if (old > 0) hashes.set(this.hashes);
    this.hashes = hashes;
    const usedAt = new Float64Array(capacity);
    if (old > 0) usedAt.set(this.usedAt);
    this.usedAt = usedAt;
    this.owners = wider(this.owners);
    this.older = wider(this.older);
    this.newer = wider(this.newer);
    this.next = wider(this.next);
    this.previous = wider(this.previous);
    this.unions = wider(this.unions);
    this.capacity = capacity;
    this.places = new Int32Array(2 ** Math.ceil(Math.log2(capacity * 2))).fill(NONE);
    this.mask = this.places.length - 1;
    for (let node = 0; node < old; node++) this.place(node);
    for (let node = capacity - 1; node >= old; node--) {
      this.next[node] = this.free;
      this.free = node;
    }
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
