import { describe, expect, test } from 'vitest';
import { seededRandom } from '#contract/random.js';
import { createPlacer, PLACERS } from '#pool/placement/create-placer.js';
import type { ReplicaView } from '#pool/placement/placer.js';
import { placementRequest, placerContract, replicaView } from '../../contracts/placer.js';

for (const name of PLACERS) placerContract(name, random => createPlacer(name, { random }));

const make = (name: string) => createPlacer(name, { random: seededRandom(7) });
const chain = (from: number, length: number) => Array.from({ length }, (_, i) => from + i);

test('an unknown name is an error that names the known ones', () => {
  expect(() => make('best')).toThrow(expect.objectContaining({ code: 'config.unknown_reference' }));
});

describe('prefix', () => {
  test('sends a conversation back to where it is cached', () => {
    const placer = make('prefix');
    const replicas = [replicaView('a'), replicaView('b'), replicaView('c')];
    const first = placementRequest(chain(100, 20));
    placer.committed(first, 'b');
    const choice = placer.choose(placementRequest(chain(100, 22)), replicas)!;
    expect(choice.replica.id).toBe('b');
    expect(choice.expectedPrefixTokens).toBe(320);
    expect(choice.losers.every(({ score }) => score < choice.score)).toBe(true);
  });

  test('tells what each score is made of, of the chosen and of those that lost', () => {
    const placer = make('prefix');
    placer.committed(placementRequest(chain(100, 20)), 'b');
    const replicas = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'].map((id, i) =>
      replicaView(id, { inFlightTokens: 500 * i, pendingPrefillTokens: 100 * (i % 3) }),
    );
    const choice = placer.choose(placementRequest(chain(100, 22)), replicas)!;
    const { score, losers } = choice;
    const parts = placer.partsOf!(choice);
    const weights = parts!.scorers.map(({ weight }) => weight);
    expect(weights.length).toBeGreaterThan(1);
    expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 2);
    const total = (scores: readonly number[]) => scores.reduce((sum, part, i) => sum + part * weights[i]!, 0);
    expect(total(parts!.chosen)).toBeCloseTo(score, 2);
    expect(parts!.losers).toHaveLength(losers.length);
    for (const [i, loser] of losers.entries()) expect(total(parts!.losers[i]!)).toBeCloseTo(loser.score, 2);
    placer.choose(placementRequest(chain(100, 22)), replicas);
    expect(placer.partsOf!(choice)).toBeUndefined();
  });

  test('tells no parts where one replica alone could take it, or one thing alone told them apart', () => {
    const replicas = [replicaView('a'), replicaView('b', { inFlightTokens: 50 })];
    for (const [kind, views] of [
      ['prefix', replicas.slice(0, 1)],
      ['least_load', replicas],
    ] as const) {
      const placer = make(kind);
      expect(placer.partsOf!(placer.choose(placementRequest([1]), views)!)).toBeUndefined();
    }
  });

  test('says who has most of a prompt where it could not be chosen, and only then', () => {
    const placer = make('prefix');
    placer.committed(placementRequest(chain(100, 20)), 'b');
    placer.committed(placementRequest(chain(100, 5)), 'c');
    const [a, c] = [replicaView('a'), replicaView('c')];
    const prompt = placementRequest(chain(100, 22));
    const choose = (b: ReplicaView, ...more: readonly ReplicaView[]) => placer.choose(prompt, [a, b, ...more])!;
    const full = replicaView('b', { inFlight: 7, limit: 7 });
    expect(choose(full).prefixLeftOut).toEqual({ replica: 'b', tokens: 320, filtered: 'full' });
    expect(choose(full, c)).toMatchObject({ replica: { id: 'c' }, prefixLeftOut: { replica: 'b' } });
    expect(choose(replicaView('b'), c).prefixLeftOut).toBeUndefined();
    expect(choose(replicaView('b'), replicaView('d', { inFlight: 7, limit: 7 })).prefixLeftOut).toBeUndefined();
    expect(placer.choose(placementRequest(chain(900, 22)), [a, full])!.prefixLeftOut).toBeUndefined();
  });

  test('a beginning that every replica holds draws nobody: load decides', () => {
    const placer = make('prefix');
    for (const id of ['a', 'b']) placer.committed(placementRequest([1, 2]), id);
    const replicas = [replicaView('a', { inFlightTokens: 900 }), replicaView('b', { inFlightTokens: 800 })];
    expect(placer.choose(placementRequest([1, 2, 50, 51]), replicas)!.replica.id).toBe('b');
  });

  test('no prefix is worth a hot spot', () => {
    const placer = make('prefix');
    placer.committed(placementRequest(chain(1, 32)), 'a');
    const asked = placementRequest(chain(1, 40), { promptTokens: 640 });
    const others = ['b', 'c', 'd', 'e', 'f', 'g', 'h'].map(id => replicaView(id));
    const with_ = (inFlightTokens: number) => [replicaView('a', { inFlightTokens }), ...others];
    expect(placer.choose(asked, with_(16_000))!.replica.id).toBe('a');
    expect(placer.choose(asked, with_(24_000))!.replica.id).not.toBe('a');
  });

  test('leaves a queue of prefills that costs more than the prefix saves', () => {
    const placer = make('prefix');
    placer.committed(placementRequest(chain(1, 4)), 'a');
    const replicas = (pending: number) => [replicaView('a', { pendingPrefillTokens: pending }), replicaView('b')];
    const asked = placementRequest(chain(1, 5));
    expect(placer.choose(asked, replicas(2000))!.replica.id).toBe('a');
    expect(placer.choose(asked, replicas(2500))!.replica.id).toBe('b');
  });

  test('remembers of a replica what fits its cache, and beyond that twice what is in flight', () => {
    const remembered = (inFlightTokens: number) => {
      const placer = make('prefix');
      const replica = replicaView('a', { cacheBlocks: 10, inFlightTokens });
      for (let i = 0; i < 5; i++) {
        const asked = placementRequest(chain(100 * i, 10));
        placer.choose(asked, [replica]);
        placer.committed(asked, 'a');
      }
      return [0, 1, 2, 3, 4].filter(
        i => placer.choose(placementRequest(chain(100 * i, 10)), [replica])!.expectedPrefixTokens === 160,
      );
    };
    expect(remembered(0)).toEqual([4]);
    expect(remembered(160)).toEqual([2, 3, 4]);
  });

  test('remembers what all tiers of a replica hold where nobody says how many blocks that is', () => {
    const remembered = (view: Partial<ReplicaView>) => {
      const placer = make('prefix');
      const replica = replicaView('a', { cacheBlocks: undefined, ...view });
      for (let i = 0; i < 5; i++) {
        const asked = placementRequest(chain(100 * i, 10));
        placer.choose(asked, [replica]);
        placer.committed(asked, 'a');
      }
      const found = (i: number) => placer.choose(placementRequest(chain(100 * i, 10)), [replica])!.expectedPrefixTokens;
      return [0, 1, 2, 3, 4].filter(i => found(i) === 160);
    };
    expect(remembered({ kvTokens: 160 })).toEqual([4]);
    expect(remembered({ kvTokens: 160, lowerTokens: 320 })).toEqual([2, 3, 4]);
    expect(remembered({ kvTokens: 160, lowerTokens: 320, cacheBlocks: 20 })).toEqual([3, 4]);
    expect(remembered({})).toEqual([0, 1, 2, 3, 4]);
  });
});

test('max_prefix follows the first shared block to one replica, however loaded', () => {
  const placer = make('max_prefix');
  const replicas = [replicaView('a'), replicaView('b', { inFlightTokens: 1e6 })];
  placer.committed(placementRequest([0, 5]), 'b');
  for (let i = 0; i < 20; i++) {
    const asked = placementRequest([0, 100 + i]);
    expect(placer.choose(asked, replicas)!.replica.id).toBe('b');
    placer.committed(asked, 'b');
  }
});

test('least_load takes the least loaded', () => {
  const replicas = [30, 10, 20].map((inFlightTokens, i) => replicaView(`r${i}`, { inFlightTokens }));
  for (let i = 0; i < 20; i++)
    expect(make('least_load').choose(placementRequest([1]), replicas)!.replica.id).toBe('r1');
});

test('power_of_two never takes the most loaded, and not always the least', () => {
  const placer = make('power_of_two');
  const replicas = [30, 10, 20].map((inFlightTokens, i) => replicaView(`r${i}`, { inFlightTokens }));
  const chosen = new Set<string>();
  for (let i = 0; i < 100; i++) chosen.add(placer.choose(placementRequest([1]), replicas)!.replica.id);
  expect([...chosen].sort()).toEqual(['r1', 'r2']);
});

test('round_robin gives every replica its turn, and asking takes none', () => {
  const placer = make('round_robin');
  const replicas = ['a', 'b', 'c'].map(id => replicaView(id));
  const asked = placementRequest([1]);
  const turns = Array.from({ length: 6 }, () => {
    placer.choose(asked, replicas);
    const { id } = placer.choose(asked, replicas)!.replica;
    placer.committed(asked, id);
    return id;
  });
  expect(turns).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
});
