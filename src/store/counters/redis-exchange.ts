import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { WeirError } from '#contract/errors.js';
import type { Milliseconds } from '#contract/units.js';
import { type Exchange, GONE_AFTER, type Heard, KEPT_FOR, type Told } from './exchange.js';

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

/**
 * One round trip for all counters of a process. The script adds the process to those that live, stores its sums (so that a message that
 * comes twice counts once), grants claims, and answers with what all others have counted. Time is Redis' own.
 *
 * KEYS: processes, memory, counters…; ARGV: process, gone after, a name for a new memory, the memory known before, how long counts are
 * kept, then own, held, claim, whether it wants room, what it takes to be left, what it knew of the others, and its need, for each
 * counter. A counter is a hash: process → `own held claim shortSince`, 0 when it is not short. See `hub.ts` for the same in words.
 */
const SWAP = `
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local me, gone, kept = ARGV[1], tonumber(ARGV[2]), ARGV[5]
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
local oldest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
local answer = { tostring(#processes), memory, tostring(now - oldest[2]) }
local function number(value) return string.format('%.17g', value) end
for i = 3, #KEYS do
  local at = 5 + (i - 3) * 7
  local own, held, claim = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
  local others, others_held, claimed, shortest, mine = 0, 0, 0, math.huge, now
  local all = redis.call('HGETALL', KEYS[i])
  for f = 1, #all, 2 do
    local o, h, c, s = string.match(all[f + 1], '^(%S+) (%S+) (%S+) (%S+)$')
    o, h, c, s = tonumber(o), tonumber(h), tonumber(c), tonumber(s)
    if all[f] == me then
      if s ~= 0 then mine = math.min(now, s) end
    else
      others = others + o
      if live[all[f]] then
        others_held = others_held + h
        claimed = claimed + c - o
        if s ~= 0 then shortest = math.min(shortest, s) end
      elseif o == 0 then redis.call('HDEL', KEYS[i], all[f]) end
    end
  end
  local in_use = own + held
  local granted, keep, short_since = claim, in_use, 0
  if ARGV[at + 4] == '1' then
    local need = tonumber(ARGV[at + 7])
    local left = tonumber(ARGV[at + 5]) - (others - tonumber(ARGV[at + 6]))
    local yields = shortest < (need > 0 and mine or math.huge)
    if not yields then keep = math.max(in_use + need, own + math.ceil(left / #processes)) end
    local reachable = math.min(own + left - claimed, keep)
    if grants and reachable - in_use >= need then granted = math.max(claim, reachable) end
    if need > 0 and granted - in_use < need and left - held - others_held >= need then short_since = mine end
  end
  if own ~= 0 or granted ~= 0 or short_since ~= 0 then
    local part = number(own) .. ' ' .. number(held) .. ' ' .. number(granted) .. ' ' .. number(short_since)
    redis.call('HSET', KEYS[i], me, part)
  else redis.call('HDEL', KEYS[i], me) end
  redis.call('PEXPIRE', KEYS[i], kept)
  answer[#answer + 1] = number(others)
  answer[#answer + 1] = number(others_held)
  answer[#answer + 1] = number(granted)
  answer[#answer + 1] = number(math.min(granted, keep))
end
redis.call('PEXPIRE', KEYS[1], kept)
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
      // All must be back before the first is taken for gone.
      retryStrategy: times => Math.min(goneAfter / 4, 50 * times),
      scripts: { weirSwap: { lua: SWAP } },
    });
    redis.on('error', () => {});
    // The first exchange is to find it where it is there.
    await Promise.race([
      new Promise<void>(resolve => redis.once('ready', resolve)),
      new Promise<void>(resolve => setTimeout(resolve, ANSWER_WITHIN).unref()),
    ]);
    return new RedisExchange(redis as RedisExchange['redis'], prefix, goneAfter);
  }

  async swap(process: string, told: readonly Told[], memory = ''): Promise<Heard> {
    const root = `{${this.prefix}}`;
    const keys = [`${root}:processes`, `${root}:memory`, ...told.map(({ name }) => `${root}:count:${name}`)];
    const values = told.flatMap(({ own, held, claim, wants }) => [
      own,
      held,
      claim,
      wants === undefined ? 0 : 1,
      wants?.left ?? 0,
      wants?.others ?? 0,
      wants?.need ?? 0,
    ]);
    const head = [process, this.goneAfter, randomUUID(), memory, KEPT_FOR];
    const answer = await this.redis.weirSwap(keys.length, ...keys, ...head, ...values);
    const [processes, now, age, ...sums] = answer as [string, string, string, ...string[]];
    const counts = told.map((_, at) => {
      const [others = 0, othersHeld = 0, claim = 0, keep = 0] = sums.slice(4 * at, 4 * at + 4).map(Number);
      return { others, othersHeld, claim, keep };
    });
    return { processes: Number(processes), memory: now, age: Number(age), counts };
  }

  async close(): Promise<void> {
    this.redis.disconnect();
  }
}
