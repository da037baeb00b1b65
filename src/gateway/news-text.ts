import { z } from 'zod';
import type { PoolNews } from '#pool/sharing/news.js';

/** Longest message that is read. */
const MOST_CHARS = 4 * 1024 * 1024;
const MOST_BLOCKS = 4096;

const name = z.string().max(512);
const amount = z.number().min(0).max(1e12);

const message = z.tuple([
  z.literal(1),
  name,
  z.array(z.tuple([name, amount, amount, amount, amount, z.union([z.literal(0), z.literal(1)])])).max(4096),
  z
    .array(z.tuple([name, name, z.string().max(4096), z.number().gt(0).max(1e6), z.base64().max(11 * MOST_BLOCKS)]))
    .max(65_536),
  z.array(name).max(1024),
]);

/** A gateway's news on their way to the others. Block hashes go as the bytes of 64-bit floats, little end first, in base64. */
export function newsText(from: string, { replicas, prompts, forgotten }: PoolNews): string {
  return JSON.stringify([
    1,
    from,
    replicas.map(({ replica, inFlight, waiting, inFlightTokens, pendingPrefillTokens, open }) => [
      ...[replica, inFlight, waiting, inFlightTokens, pendingPrefillTokens],
      open ? 1 : 0,
    ]),
    prompts.map(({ replica, model, session, prefix }) => [
      ...[replica, model, session, prefix.blockTokens],
      base64Of(prefix.hashes),
    ]),
    forgotten,
  ]);
}

/** What another gateway told; `undefined` for what is no news of this form. */
export function readNews(text: string): { readonly from: string; readonly news: PoolNews } | undefined {
  if (text.length > MOST_CHARS) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  const result = message.safeParse(parsed);
  if (!result.success) return undefined;
  const [, from, replicas, sent, forgotten] = result.data;
  const prompts = sent.map(([replica, model, session, blockTokens, hashes]) => ({
    ...{ replica, model, session, prefix: { blockTokens, hashes: hashesOf(hashes) } },
  }));
  if (!prompts.every(({ prefix }) => prefix.hashes.every(Number.isFinite))) return undefined;
  return {
    from,
    news: {
      replicas: replicas.map(([replica, inFlight, waiting, inFlightTokens, pendingPrefillTokens, open]) => ({
        ...{ replica, inFlight, waiting, inFlightTokens, pendingPrefillTokens, open: open === 1 },
      })),
      prompts,
      forgotten,
    },
  };
}

function base64Of(hashes: ArrayLike<number>): string {
  const count = Math.min(hashes.length, MOST_BLOCKS);
  const bytes = Buffer.allocUnsafe(8 * count);
  for (let i = 0; i < count; i++) bytes.writeDoubleLE(hashes[i]!, 8 * i);
  return bytes.toString('base64');
}

function hashesOf(text: string): Float64Array {
  const bytes = Buffer.from(text, 'base64');
  const hashes = new Float64Array(bytes.length >> 3);
  for (let i = 0; i < hashes.length; i++) hashes[i] = bytes.readDoubleLE(8 * i);
  return hashes;
}
