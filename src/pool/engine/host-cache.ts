import type { PromptPrefix } from '#contract/profile.js';
import type { Bytes, Milliseconds, Tokens } from '#contract/units.js';
import type { CacheListener, HostMemory } from './engine.js';
import type { EngineProfile } from './profile.js';

/**
 * The memory of an engine's host in whole KV blocks, each as large as a block of all GPUs of the replica together.
 *
 * @param link gigabytes a second that each GPU reads from it.
 * @param disk storage behind it, in the same terms; none when absent.
 */
export function hostMemory(
  { kvTransferBytesPerToken, blockTokens }: EngineProfile,
  { size, link, disk }: MemorySize & { readonly disk?: MemorySize | undefined },
): HostMemory {
  const of = (memory: MemorySize) => ({
    blocks: Math.floor(memory.size / (kvTransferBytesPerToken * blockTokens)),
    bandwidth: memory.link * 1e9,
  });
  return { ...of({ size, link }), ...(disk === undefined ? undefined : { disk: of(disk) }) };
}

/**
 * Time to read the KV of tokens from behind the GPUs: bytes over bandwidth, each GPU its own share, from one place after the other.
 *
 * @returns `undefined` where there is no such place.
 */
export function readMs(
  { cost }: Pick<EngineProfile, 'cost'>,
  memory: HostMemory | undefined,
  hostTokens: Tokens,
  diskTokens: Tokens,
): Milliseconds | undefined {
  if (hostTokens + diskTokens === 0) return 0;
  if (memory === undefined || (diskTokens > 0 && memory.disk === undefined)) return undefined;
  const seconds = hostTokens / memory.bandwidth + (diskTokens > 0 ? diskTokens / memory.disk!.bandwidth : 0);
  return 1000 * seconds * cost.kvBytesPerToken;
}

/** Bytes, and gigabytes a second. */
export interface MemorySize {
  readonly size: Bytes;
  readonly link: number;
}

/** What was found of a prefix behind the GPUs' cache, in blocks, by where it lay. */
export interface Found {
  readonly host: number;
  readonly disk: number;
}

/**
 * Prefix blocks in the host's memory, least recently used first out, and in storage behind it, where those go that it gives up. What is read from
 * either stays there; what is read from storage is in the host's memory too from then on.
 */
export class HostCache {
  private readonly host: Held;
  private readonly disk: Held | undefined;

  /** @param listener told of blocks that come in here because they left the tier before, and of blocks that leave. */
  constructor(
    { blocks, disk }: Pick<HostMemory, 'blocks' | 'disk'>,
    private readonly listener?: Pick<CacheListener, 'offloaded' | 'dropped'>,
  ) {
    this.host = new Held(blocks);
    this.disk = disk && new Held(disk.blocks);
  }

  /** Takes a block in that left the GPUs' cache. */
  put(hash: number, blocks: number): void {
    if (this.host.put(hash, blocks)) this.listener?.offloaded?.(hash, 'host');
    // What the host is too small for goes to storage at once.
    else if (!this.host.has(hash)) this.store(hash, blocks);
    this.shrink();
  }

  /** How many blocks of a prefix are held in a row, from one on and up to a limit. */
  lookup({ hashes }: PromptPrefix, from: number, limit: number): number {
    let at = from;
    while (at < limit && (this.host.has(hashes[at]!) || this.disk?.has(hashes[at]!) === true)) at++;
    return at - from;
  }

  /** The same, and they are used: the beginning stays longer than the end. */
  take(prefix: PromptPrefix, from: number, limit: number): Found {
    const blocks = this.lookup(prefix, from, limit);
    const found: [hash: number, size: number][] = [];
    let host = 0;
    for (let at = from; at < from + blocks; at++) {
      const hash = prefix.hashes[at]!;
      const here = this.host.sizeOf(hash);
      if (here !== undefined) host += 1;
      found.push([hash, here ?? this.disk!.sizeOf(hash)!]);
    }
    for (const [hash, size] of found.reverse()) {
      if (this.disk?.has(hash) === true) this.disk.put(hash, size);
      if (this.host.put(hash, size)) this.listener?.offloaded?.(hash, 'host');
    }
    this.shrink();
    return { host, disk: blocks - host };
  }

  private store(hash: number, size: number): void {
    if (this.disk?.put(hash, size) === true) this.listener?.offloaded?.(hash, 'disk');
  }

  private shrink(): void {
    for (const [hash, size] of this.host.surplus()) {
      this.store(hash, size);
      this.listener?.dropped?.(hash, 'host');
    }
    if (this.disk === undefined) return;
    for (const [hash] of this.disk.surplus()) this.listener?.dropped?.(hash, 'disk');
  }
}

interface Block {
  readonly hash: number;
  size: number;
  /** Used before and after it. */
  older: Block | undefined;
  newer: Block | undefined;
}

/**
 * Blocks that one tier holds, in a chain from the least to the most recently used. The order of a `Map` would do as well, but its front is found past
 * everything that was ever taken from there since it last grew.
 */
class Held {
  private readonly held = new Map<number, Block>();
  private oldest: Block | undefined;
  private newest: Block | undefined;
  private used = 0;

  constructor(private readonly capacity: number) {}

  has(hash: number): boolean {
    return this.held.has(hash);
  }

  sizeOf(hash: number): number | undefined {
    return this.held.get(hash)?.size;
  }

  /** Makes a block the most recently used. @returns whether it was not there yet, and is now. */
  put(hash: number, size: number): boolean {
    if (size > this.capacity) return false;
    const known = this.held.get(hash);
    if (known === undefined) {
      const block = { hash, size, older: undefined, newer: undefined };
      this.held.set(hash, block);
      this.append(block);
      this.used += size;
      return true;
    }
    known.size = size;
    if (known !== this.newest) {
      this.unlink(known);
      this.append(known);
    }
    return false;
  }

  /** Takes out what is too much, the least recently used first. */
  *surplus(): Generator<[hash: number, size: number]> {
    while (this.used > this.capacity && this.oldest !== undefined) {
      const { hash, size } = this.oldest;
      this.unlink(this.oldest);
      this.held.delete(hash);
      this.used -= size;
      yield [hash, size];
    }
  }

  private append(block: Block): void {
    block.older = this.newest;
    block.newer = undefined;
    if (this.newest === undefined) this.oldest = block;
    else this.newest.newer = block;
    this.newest = block;
  }

  private unlink({ older, newer }: Block): void {
    if (older === undefined) this.oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.newest = older;
    else newer.older = older;
  }
}
