import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { WeirError } from '#contract/errors.js';
import type { Milliseconds } from '#contract/units.js';
import { type Exchange, GONE_AFTER, type Heard, type Told } from './exchange.js';

export interface RedisExchangeOptions {
  /** `redis://…` or `rediss://…`. */
  readonly url: string;
  /** What all keys begin with; the braces around it keep them on one node of a cluster. */
  readonly prefix: string;
  /** See {@link GONE_AFTER}, which it is unless said. */
  readonly goneAfter?: Milliseconds;
}

/** An answer that takes longer counts as none. */
const ANSWER_WITHIN: Milliseconds = 1000;
const LONGEST_RECONNECT: Milliseconds = 1000;
/** `held` counts have no end of their own: they are kept for so long after they were last told. */
const HELD_FOR: Milliseconds = 60_000;

/**
 * One round trip for all counters of a process. The script adds the process to those that live, stores its sums (so that a message that
 * comes twice counts once), grants claims, and answers with what all others have counted. Time is Redis' own.
 *
 * KEYS: processes, memory, counters…; ARGV: process, gone after, a name for a new memory, the memory known before, then own, claim, until, kind, whether it
 * wants room, what it takes to be left and what it knew of the others, for each counter. A counter is a hash: process → `own claim`.
 */
const SWAP = `
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local me, gone = ARGV[1], tonumber(ARGV[2])
redis.call('ZADD', KEYS[1], now, me)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - gone)
local memory = redis.call('HGET', KEYS[2], 'name')
if not memory then
  memory = ARGV[3]
  redis.call('HSET', KEYS[2], 'name', memory)
end
if ARGV[4] ~= '' and ARGV[4] ~= memory then redis.call('HSET', KEYS[2], 'grants_from', now + gone) end
local grants = now >= tonumber(redis.call('HGET', KEYS[2], 'grants_from') or 0)
local live = {}
local processes = redis.call('ZRANGE', KEYS[1], 0, -1)
for _, id in ipairs(processes) do live[id] = true end
local answer = { tostring(#processes), memory, tostring(now) }
for i = 3, #KEYS do
  local at = 4 + (i - 3) * 7
  local own, claim, kind = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), ARGV[at + 4]
  local others, claimed = 0, 0
  local all = redis.call('HGETALL', KEYS[i])
  for f = 1, #all, 2 do
    if all[f] ~= me then
      local space = string.find(all[f + 1], ' ', 1, true)
      local its = tonumber(string.sub(all[f + 1], 1, space - 1))
      if live[all[f]] then
        others = others + its
        claimed = claimed + tonumber(string.sub(all[f + 1], space + 1))
      elseif kind == 'spent' then
        others = others + its
        claimed = claimed + its
      end
    end
  end
  local granted = own
  if ARGV[at + 5] == '1' then
    if not grants then granted = claim
    else
      local left = tonumber(ARGV[at + 6]) - (others - tonumber(ARGV[at + 7]))
      local free = left - (claimed - others)
      granted = own + math.max(0, math.min(free, math.ceil(left / #processes)))
    end
  end
  if own ~= 0 or granted ~= own then
    redis.call('HSET', KEYS[i], me, string.format('%.17g %.17g', own, granted))
    if kind == 'held' then redis.call('PEXPIRE', KEYS[i], ARGV[at + 3])
    else redis.call('PEXPIREAT', KEYS[i], ARGV[at + 3]) end
  else redis.call('HDEL', KEYS[i], me) end
  answer[#answer + 1] = string.format('%.17g', others)
  answer[#answer + 1] = string.format('%.17g', granted)
end
return answer`;

/** Where processes of several machines meet: Redis 6 or newer, by a script that runs there. */
export class RedisExchange implements Exchange {
  private constructor(
    private readonly redis: Redis & { weirSwap(keys: number, ...values: (string | number)[]): Promise<string[]> },
    private readonly prefix: string,
    private readonly goneAfter: Milliseconds,
  ) {}

  /**
   * Begins to connect, and goes on trying for as long as it is open.
   *
   * @throws WeirError `store.unavailable` when the package `ioredis` is not installed.
   */
  static async open({ url, prefix, goneAfter = GONE_AFTER }: RedisExchangeOptions): Promise<RedisExchange> {
    const { Redis: Client } = await import('ioredis').catch((cause: unknown) => {
      throw new WeirError('store.unavailable', 'Shared limits in Redis need the package ioredis', {
        path: 'gateway.shared.redis',
        hint: 'npm install ioredis@5',
        cause,
      });
    });
    const redis = new Client(url, {
      // What cannot be told now is told with the next exchange: nothing is ever queued.
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      connectTimeout: 2000,
      commandTimeout: ANSWER_WITHIN,
      retryStrategy: times => Math.min(LONGEST_RECONNECT, 50 * times),
      scripts: { weirSwap: { lua: SWAP } },
    });
    redis.on('error', () => {});
    return new RedisExchange(redis as RedisExchange['redis'], prefix, goneAfter);
  }

  async swap(process: string, told: readonly Told[], memory = ''): Promise<Heard> {
    const root = `{${this.prefix}}`;
    const keys = [`${root}:processes`, `${root}:memory`, ...told.map(({ name }) => `${root}:count:${name}`)];
    const values = told.flatMap(({ own, claim, until, kind, wants }) => [
      own,
      claim,
      kind === 'held' ? HELD_FOR : Math.ceil(until),
      kind,
      wants === undefined ? 0 : 1,
      wants?.left ?? 0,
      wants?.others ?? 0,
    ]);
    const head = [process, this.goneAfter, randomUUID(), memory];
    const answer = await this.redis.weirSwap(keys.length, ...keys, ...head, ...values);
    const [processes, now, time, ...sums] = answer as [string, string, string, ...string[]];
    const counts = told.map((_, at) => ({ others: Number(sums[2 * at]), claim: Number(sums[2 * at + 1]) }));
    return { processes: Number(processes), memory: now, time: Number(time), counts };
  }

  async close(): Promise<void> {
    this.redis.disconnect();
  }
}
