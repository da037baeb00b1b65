import { describe, expect, test } from 'vitest';
import { EngineForecast } from '#pool/engine/forecast.js';
import { engineProfile } from '#pool/engine/profile.js';
import { PLACERS } from '#pool/placement/create-placer.js';
import { customRule, SCORER_NAMES } from '#pool/placement/custom-rule.js';
import type { AdapterState } from '#pool/placement/placer.js';
import { presetRule } from '#pool/placement/presets.js';
import { aibrixPrefixCache } from '#pool/placement/rules/aibrix-prefix-cache.js';
import { dynamoCost } from '#pool/placement/rules/dynamo-cost.js';
import { sglangCacheAware } from '#pool/placement/rules/sglang-cache-aware.js';
import type { ScorerSettings } from '#pool/placement/schema.js';
import { contextFit } from '#pool/placement/scorers/context-fit.js';
import { energy } from '#pool/placement/scorers/energy.js';
import { kvUse } from '#pool/placement/scorers/kv-use.js';
import { latencyHeadroom } from '#pool/placement/scorers/latency-headroom.js';
import { loraAffinity } from '#pool/placement/scorers/lora-affinity.js';
import { noHitLru } from '#pool/placement/scorers/no-hit-lru.js';
import { queue } from '#pool/placement/scorers/queue.js';
import { running } from '#pool/placement/scorers/running.js';
import { sessionAffinity } from '#pool/placement/scorers/session-affinity.js';
import { tokenLoad } from '#pool/placement/scorers/token-load.js';
import { placementRequest, replicaView } from '../../contracts/placer.js';
import { matchOf, scorerContract, scoresOf } from '../../contracts/scorer.js';

for (const name of SCORER_NAMES) {
  const settings: ScorerSettings = { [name]: name === 'token_load' ? { weight: 1, full: 60_000 } : 1 };
  scorerContract(name, () => customRule(settings).scorers[0]!);
}
for (const name of PLACERS) {
  for (const [i, scorer] of presetRule(name).scorers.entries()) {
    scorerContract(`${scorer.name} of ${name}`, () => presetRule(name).scorers[i]!);
  }
}

const hashes = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
const asked = placementRequest(hashes, { promptTokens: 160, outputTokens: 40 });
const nothing = matchOf({});

describe('formulas', () => {
  test('queue: (most − own) / (most − least) over what waits; 1 when equal', () => {
    const replicas = [2, 6, 10].map((waiting, i) => replicaView(`r${i}`, { waiting }));
    expect(scoresOf(queue(), { request: asked, replicas, match: nothing })).toEqual({ scores: [1, 0.5, 0], worth: 1 });
    const alike = [4, 4].map((waiting, i) => replicaView(`r${i}`, { waiting }));
    expect(scoresOf(queue(), { request: asked, replicas: alike, match: nothing }).scores).toEqual([1, 1]);
  });

  test('running: what waits is not running', () => {
    const replicas = [replicaView('a', { inFlight: 9, waiting: 8 }), replicaView('b', { inFlight: 5, waiting: 0 })];
    expect(scoresOf(running(), { request: asked, replicas, match: nothing }).scores).toEqual([1, 0]);
  });

  test('kv use: free share of the KV cache, of the concurrency where its size is unknown', () => {
    const replicas = [
      replicaView('a', { kvTokens: 1000, inFlightTokens: 250 }),
      replicaView('b', { kvTokens: 1000, inFlightTokens: 5000 }),
      replicaView('c', { limit: 8, inFlight: 2, inFlightTokens: 5000 }),
    ];
    expect(scoresOf(kvUse(), { request: asked, replicas, match: nothing }).scores).toEqual([0.75, 0, 0.75]);
  });

  test('token load: 1 − min(1, tokens / 4,194,304)', () => {
    const replicas = [0, 1_048_576, 9_000_000].map((inFlightTokens, i) => replicaView(`r${i}`, { inFlightTokens }));
    expect(scoresOf(tokenLoad(), { request: asked, replicas, match: nothing }).scores).toEqual([1, 0.75, 0]);
  });

  test('lora: loaded before room before loading before full, and nothing for the base model', () => {
    const states: (AdapterState | undefined)[] = ['full', 'loading', 'room', 'loaded'];
    const replicas = states.map((state, i) => replicaView(`r${i}`, { adapters: { state: () => state } }));
    expect(scoresOf(loraAffinity(), { request: asked, replicas, match: nothing }).scores).toEqual([0, 0.6, 0.8, 1]);
    const base = [replicaView('a', { adapters: { state: () => undefined } }), replicaView('b')];
    expect(scoresOf(loraAffinity(), { request: asked, replicas: base, match: nothing })).toEqual({
      scores: [1, 1],
      worth: 0,
    });
  });

  test('session: the replica of the last turn, none for the new and the nameless, the longest silent forgotten first', () => {
    const scorer = sessionAffinity(2);
    const replicas = [replicaView('a'), replicaView('b')];
    const of = (session: string) =>
      scoresOf(scorer, { request: { ...asked, session }, replicas, match: nothing }).scores;
    expect(of('s')).toEqual([1, 1]);
    scorer.committed!({ ...asked, session: 's' }, 'b', true);
    scorer.committed!({ ...asked, session: '' }, 'a', true);
    expect(of('s')).toEqual([0, 1]);
    expect(of('')).toEqual([1, 1]);
    for (const session of ['t', 'u']) scorer.committed!({ ...asked, session }, 'a', true);
    expect(of('s')).toEqual([1, 1]);
    scorer.forget!('a');
    expect(of('t')).toEqual([1, 1]);
  });

  test('context fit: need over window', () => {
    const replicas = [400, 2000].map((contextTokens, i) => replicaView(`r${i}`, { contextTokens }));
    expect(scoresOf(contextFit(), { request: asked, replicas, match: nothing }).scores).toEqual([0.5, 0.1]);
  });

  test('no-hit LRU: cold prompts in turn by rank, never used first; a warm one is nobody in particular', () => {
    const scorer = noHitLru();
    const replicas = ['a', 'b', 'c'].map(id => replicaView(id));
    scorer.committed!(asked, 'b', true);
    scorer.committed!(asked, 'a', true);
    scorer.committed!(asked, 'c', false);
    expect(scoresOf(scorer, { request: asked, replicas, match: nothing }).scores).toEqual([0, 0.5, 1]);
    const warm = scoresOf(scorer, { request: asked, replicas, match: matchOf({ a: 1 }) });
    expect(warm).toEqual({ scores: [0.5, 0.5, 0.5], worth: 0 });
  });

  test('headroom: ½ at the objective, above when kept, below when missed, measured where nothing is modelled', () => {
    const speed = (ms: number) => ({ latency: { ttft: () => ms, tpotMs: 50 } });
    const replicas = [100, 200, 400].map((ms, i) => replicaView(`r${i}`, speed(ms)));
    const { scores } = scoresOf(latencyHeadroom({ ttftMs: 200, tpotMs: 50 }), {
      request: asked,
      replicas: [...replicas, replicaView('unknown')],
      match: nothing,
    });
    expect(scores).toEqual([(0.75 + 0.5) / 2, 0.5, (0.25 + 0.5) / 2, 0.5]);
  });

  test('headroom by the engine model: cached prompts and short queues are faster', () => {
    const forecast = new EngineForecast(engineProfile({ model: 'llama-3.1-8b', gpu: 'l40s' }));
    const long = placementRequest(hashes, { promptTokens: 8000, prefix: { hashes, blockTokens: 800 } });
    const replicas = [
      replicaView('cold', { forecast }),
      replicaView('warm', { forecast }),
      replicaView('busy', { forecast, pendingPrefillTokens: 30_000, inFlight: 20, inFlightTokens: 90_000 }),
    ];
    const scorer = latencyHeadroom({ ttftMs: 500, tpotMs: 50 });
    const [cold, warm, busy] = scoresOf(scorer, { request: long, replicas, match: matchOf({ warm: 10 }) }).scores;
    expect(warm).toBeGreaterThan(cold!);
    expect(cold).toBeGreaterThan(busy!);
  });

  test('energy: tokens a joule at the batch that would be, the hardware that yields more first', () => {
    const forecast = (gpu: string) => new EngineForecast(engineProfile({ model: 'llama-3.1-8b', gpu }));
    const replicas = [
      replicaView('idle', { forecast: forecast('h100') }),
      replicaView('busy', { forecast: forecast('h100'), inFlight: 31, inFlightTokens: 6200 }),
      replicaView('unknown'),
    ];
    const [idle, busy, unknown] = scoresOf(energy(), { request: asked, replicas, match: nothing }).scores;
    const yielded = (at: number, sequences: number, tokens: number) =>
      replicas[at]!.forecast!.tokensPerJoule(sequences, tokens);
    expect(busy).toBe(1);
    expect(idle).toBeCloseTo(yielded(0, 1, 200) / yielded(1, 32, 6400), 12);
    expect(unknown).toBe(0.5);
  });
});

describe('rules of other schedulers', () => {
  test('Dynamo: max(active prefill + prompt − credit, 0) + active decode + incoming', () => {
    const replicas = [
      replicaView('a', { pendingPrefillTokens: 100, inFlightTokens: 300 }),
      replicaView('b', { pendingPrefillTokens: 0, inFlightTokens: 500 }),
    ];
    const costs = [100 + 160 - 80 + 300 + 200, 160 + 500 + 200];
    const { scores } = scoresOf(dynamoCost(), { request: asked, replicas, match: matchOf({ a: 5 }) });
    expect(scores[0]).toBeCloseTo(1 - costs[0]! / costs[1]!, 12);
    expect(scores[1]).toBe(0);
  });

  test('SGLang: the match above half of the prompt, the least loaded below it and when load is uneven', () => {
    const best = (blocks: number, loads: readonly number[]) => {
      const replicas = loads.map((inFlight, i) => replicaView(`r${i}`, { inFlight, limit: 99 }));
      const { scores } = scoresOf(sglangCacheAware(), { request: asked, replicas, match: matchOf({ r0: blocks }) });
      return scores.indexOf(Math.max(...scores));
    };
    expect(best(6, [16, 2, 0])).toBe(0);
    expect(best(5, [16, 2, 0])).toBe(2);
    expect(best(6, [17, 2, 0])).toBe(2);
    expect(best(6, [60, 44, 43])).toBe(0);
  });

  test('AIBrix: match by whole percent, then load, within a deviation of the mean; load first when 9 apart', () => {
    const best = (blocks: Readonly<Record<string, number>>, loads: readonly number[]) => {
      const replicas = loads.map((inFlight, i) => replicaView(`r${i}`, { inFlight, limit: 99 }));
      const { scores } = scoresOf(aibrixPrefixCache(), { request: asked, replicas, match: matchOf(blocks) });
      return scores.indexOf(Math.max(...scores));
    };
    expect(best({ r0: 9, r1: 4 }, [3, 3, 1])).toBe(0);
    expect(best({ r0: 4, r1: 4 }, [3, 2, 1])).toBe(1);
    // r0 holds most but stands above mean + 1 deviation; r1 holds some and does not.
    expect(best({ r0: 9, r1: 4 }, [9, 3, 2, 2])).toBe(1);
    expect(best({ r0: 9 }, [9, 3, 2, 1])).toBe(3);
    expect(best({ r0: 9 }, [9, 1, 0])).toBe(2);
    expect(best({}, [5, 1, 3])).toBe(1);
  });

  test('llm-d: 2·queue + 2·kv + 3·prefix', () => {
    const names = presetRule('llm_d').scorers.map(({ name }) => name);
    const replicas = [
      replicaView('a', { waiting: 3, kvTokens: 1000, inFlightTokens: 500 }),
      replicaView('b', { waiting: 1, kvTokens: 1000, inFlightTokens: 900 }),
    ];
    const candidates = { request: asked, replicas, match: matchOf({ a: 5 }) };
    const parts = presetRule('llm_d').scorers.map(scorer => scoresOf(scorer, candidates));
    const total = (at: number) => parts.reduce((sum, { scores, worth }) => sum + worth * scores[at]!, 0);
    expect(names).toEqual(['queue', 'kv use', 'prefix']);
    expect(total(0)).toBeCloseTo(2 * 0 + 2 * 0.5 + 3 * 0.5, 12);
    expect(total(1)).toBeCloseTo(2 * 1 + 2 * 0.1 + 3 * 0, 12);
  });
});
