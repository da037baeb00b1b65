import type * as Msgpack from '@msgpack/msgpack';
import type * as Zeromq from 'zeromq';
import { WeirError } from '#contract/errors.js';

export interface KvEventLibrary {
  readonly zeromq: typeof Zeromq;
  readonly msgpack: typeof Msgpack;
}

/**
 * The two packages that KV events come with; loaded when they are first needed.
 *
 * @throws WeirError `pool.events_unavailable` when one is not installed.
 */
export async function loadKvEventLibrary(): Promise<KvEventLibrary> {
  try {
    const [zeromq, msgpack] = await Promise.all([import('zeromq'), import('@msgpack/msgpack')]);
    return { zeromq, msgpack };
  } catch (cause) {
    throw new WeirError('pool.events_unavailable', 'KV events need the packages zeromq and @msgpack/msgpack', {
      hint: 'npm install zeromq@6 @msgpack/msgpack@3',
      cause,
    });
  }
}
