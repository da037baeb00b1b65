import type { KvEvent, KvNews, KvTier, UnreadKvEvent } from '#contract/kv-events.js';

/** One message of an engine: what happened in one of its iterations. */
export interface KvBatch {
  /** Seconds of the engine's clock; 0 where it says nothing. */
  readonly at: number;
  readonly events: readonly KvNews[];
  /** Events that say nothing to Weir: of other kinds, or of a second group of layers. */
  readonly passedOver: number;
  /** Of the events, those that could not be read. */
  readonly unread: number;
}

/** Most events, blocks and tokens taken from one message. */
const MOST_EVENTS = 65_536;
const MOST_TOKENS = 4_194_304;

/** Names of fields in the order in which vLLM's arrays have them. */
const STORED = [
  ...['block_hashes', 'parent_block_hash', 'token_ids', 'block_size', 'lora_id', 'medium', 'lora_name'],
  ...['extra_keys', 'group_idx'],
] as const;
const REMOVED = ['block_hashes', 'medium', 'group_idx'] as const;

/**
 * Reads a `KVEventBatch` of vLLM out of what MessagePack gives: arrays in the order of the fields, with the name of the event first, or maps with
 * a `type`, as later releases write. Fields that older releases do not have are as if not said. Types of events that are not known are passed over; one
 * that is known and cannot be read, or that has no type, has its place among the events.
 *
 * @returns `undefined` when it is no such batch.
 */
export function readBatch(unpacked: unknown): KvBatch | undefined {
  const list = Array.isArray(unpacked) ? unpacked[1] : isRecord(unpacked) ? unpacked.events : undefined;
  if (!Array.isArray(list) || list.length > MOST_EVENTS) return undefined;
  const events: KvNews[] = [];
  let tokens = 0;
  let unread = 0;
  for (const item of list) {
    const event = readEvent(item);
    if (event === undefined) continue;
    if (event.kind === 'stored') tokens += event.tokens.length;
    if (event.kind === 'unread') unread += 1;
    if (tokens > MOST_TOKENS) return undefined;
    events.push(event);
  }
  const at = Array.isArray(unpacked) ? unpacked[0] : (unpacked as Fields).ts;
  return { at: typeof at === 'number' ? at : 0, events, passedOver: list.length - events.length, unread };
}

const UNREAD_STORED: UnreadKvEvent = Object.freeze({ kind: 'unread', of: 'stored' });
const UNREAD_REMOVED: UnreadKvEvent = Object.freeze({ kind: 'unread', of: 'removed' });

/** @returns `undefined` for what says nothing to Weir. */
function readEvent(item: unknown): KvNews | undefined {
  const tag = Array.isArray(item) ? item[0] : isRecord(item) ? item.type : undefined;
  if (tag === 'AllBlocksCleared') return { kind: 'cleared' };
  // Whatever it is, it may have been the end of some blocks.
  if (typeof tag !== 'string') return UNREAD_REMOVED;
  const fields = tag === 'BlockStored' ? STORED : tag === 'BlockRemoved' ? REMOVED : undefined;
  if (fields === undefined) return undefined;
  const said = (name: string): unknown =>
    Array.isArray(item) ? item[1 + (fields as readonly string[]).indexOf(name)] : (item as Fields)[name];
  // Of a model with several kinds of attention the first group is the one that prefixes are found by.
  const group = said('group_idx');
  if (typeof group === 'number' && group > 0) return undefined;
  const blocks = namesOf(said('block_hashes'));
  const tier = tierOf(said('medium'));
  if (blocks === undefined) return tag === 'BlockRemoved' ? UNREAD_REMOVED : UNREAD_STORED;
  if (tag === 'BlockRemoved') return { kind: 'removed', blocks, tier };
  const tokens = said('token_ids') ?? [];
  const size = said('block_size');
  if (!isTokens(tokens) || typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) return UNREAD_STORED;
  // Without any, blocks only come to lie in another place as well; with too few, nobody can tell what they are of.
  if (tokens.length > 0 && tokens.length < blocks.length * size) return UNREAD_STORED;
  const parent = said('parent_block_hash');
  const before = parent === null || parent === undefined ? undefined : nameOf(parent);
  if (parent !== null && parent !== undefined && before === undefined) return UNREAD_STORED;
  const adapter = adapterOf(said('lora_name'), said('lora_id'));
  const extra = said('extra_keys');
  return {
    ...{ kind: 'stored', blocks, parent: before, tokens, blockTokens: size, tier },
    salts: saltsOf(blocks.length, adapter, Array.isArray(extra) ? extra : []),
  };
}

/** What tells blocks apart beside tokens: the adapter alone is its name, with anything more it is all of it as text. */
function saltsOf(blocks: number, adapter: string, extra: readonly unknown[]): readonly string[] {
  if (adapter === '' && !extra.some(keys => keys !== null && keys !== undefined)) return [];
  return Array.from({ length: blocks }, (_, i) => {
    const keys = extra[i];
    if (keys === null || keys === undefined) return adapter;
    const only = Array.isArray(keys) && (keys.length === 0 || (keys.length === 1 && keys[0] === adapter));
    return only
      ? adapter
      : `${adapter} ${JSON.stringify(keys, (_key, value) => (typeof value === 'bigint' ? `${value}` : value))}`;
  });
}

function adapterOf(name: unknown, id: unknown): string {
  if (typeof name === 'string') return name;
  return typeof id === 'number' || typeof id === 'bigint' ? `lora ${id}` : '';
}

/** vLLM calls them `GPU` and `CPU`; what lies behind the host's memory has several names. */
function tierOf(medium: unknown): KvTier {
  if (typeof medium !== 'string') return 'device';
  const name = medium.toLowerCase();
  if (name === 'gpu' || name === 'device' || name === 'hbm') return 'device';
  return name.startsWith('cpu') || name === 'host' || name === 'dram' ? 'host' : 'disk';
}

function namesOf(value: unknown): readonly number[] | undefined {
  if (!Array.isArray(value) || value.length > MOST_EVENTS) return undefined;
  const names = value.map(nameOf);
  return names.every(name => name !== undefined) ? (names as number[]) : undefined;
}

/** An engine's hash, 64 bits or the bytes of a SHA-256, as an integer below 2^53. */
function nameOf(hash: unknown): number | undefined {
  if (typeof hash === 'number' && Number.isSafeInteger(hash)) return hash;
  if (typeof hash === 'bigint') return Number(BigInt.asUintN(53, hash));
  if (!(hash instanceof Uint8Array) || hash.length < 7) return undefined;
  let name = 0;
  for (let i = hash.length - 7; i < hash.length; i++) name = (name % 35_184_372_088_832) * 256 + hash[i]!;
  return name;
}

type Fields = Readonly<Record<string, unknown>>;

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTokens(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every(token => Number.isSafeInteger(token) && token >= 0);
}

/** A batch as vLLM's releases with arrays write it; what MessagePack is to be given. */
export function writeBatch(at: number, events: readonly KvEvent[]): unknown {
  return [at, events.map(writeEvent), 0];
}

const MEDIA: Readonly<Record<KvTier, string>> = { device: 'GPU', host: 'CPU', disk: 'DISK' };

function writeEvent(event: KvEvent): unknown {
  if (event.kind === 'cleared') return ['AllBlocksCleared'];
  const { blocks, tier } = event;
  if (event.kind === 'removed') return ['BlockRemoved', blocks, MEDIA[tier]];
  const { parent, tokens, blockTokens } = event;
  return ['BlockStored', blocks, parent ?? null, tokens, blockTokens, null, MEDIA[tier]];
}
