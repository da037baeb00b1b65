import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '#contract/random.js';
import { createPlacer } from '#pool/placement/create-placer.js';
import type { PrefixClaim } from '#pool/placement/prefix-claims.js';
import { type Counted, PrefixHeat } from '#pool/placement/prefix-heat.js';
import { placementRequest, replicaView } from '../../contracts/placer.js';

const one = () => 1;
/** A chain of so many blocks, of which the first `shared` are those of every chain; what stands behind others is another block. */
const chain = (own: number, shared: number, blocks: number): number[] =>
  Array.from({ length: blocks }, (_, i) => (i < shared ? i + 1 : 1_000_000 * (shared + 1) + 10_000 * own + i));

describe('what a shared beginning is worth', () => {
  test('(k + 1) / (4 c + 1) of each block, up to where requests part', () => {
    const heat = new PrefixHeat();
    for (let own = 0; own < 10; own++) heat.began(chain(own, 8, 40));
    heat.look(chain(99, 8, 40), 8, one);
    expect(heat.worth(8)).toBeCloseTo((8 * 2) / 41, 12);
    expect(heat.worth(4)).toBeCloseTo((4 * 2) / 41, 12);
    // One that goes on from the first of them holds more: what is its own counts whole, from the depth at which counting is closest.
    heat.look(chain(0, 8, 40), 40, one);
    expect(heat.worth(40) - heat.worth(10)).toBeCloseTo(30, 12);
    // The more hold it, the less another copy is used.
    heat.look(chain(99, 8, 40), 8, () => 3);
    expect(heat.worth(8)).toBeCloseTo((8 * 4) / 41, 12);
  });

  test('one other request is no crowd, and nothing is shared any more once all have ended', () => {
    const heat = new PrefixHeat();
    const counted = [heat.began(chain(0, 8, 20))];
    heat.look(chain(1, 8, 20), 8, one);
    expect([heat.shared, heat.worth(8)]).toEqual([false, 8]);
    for (let own = 1; own < 4; own++) counted.push(heat.began(chain(own, 8, 20)));
    heat.look(chain(9, 8, 20), 8, one);
    expect(heat.worth(8)).toBeLessThan(2);
    for (const one of counted) heat.ended(one);
    heat.look(chain(9, 8, 20), 8, one);
    expect([heat.shared, heat.worth(8), heat.size]).toEqual([false, 8, 0]);
  });

  test('counts what counting every request at every depth would, in whatever order they come and go', () => {
    const prompt = fc.record({
      own: fc.nat(4),
      shared: fc.integer({ min: 0, max: 40 }),
      blocks: fc.integer({ min: 1, max: 60 }),
    });
    const step = fc.oneof(prompt, fc.nat(20));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), prompt, fc.integer({ min: 1, max: 30 }), (steps, asked, most) => {
        const heat = new PrefixHeat();
        // One that has not room for all leaves nothing behind either.
        const small = new PrefixHeat(most);
        const open: { hashes: number[]; counted: Counted; little: Counted }[] = [];
        const end = ({ counted, little }: (typeof open)[number]) => {
          heat.ended(counted);
          small.ended(little);
        };
        for (const next of steps) {
          if (typeof next === 'number') open.splice(next % Math.max(1, open.length), 1).forEach(end);
          else {
            const hashes = chain(next.own, next.shared, next.blocks);
            open.push({ hashes, counted: heat.began(hashes), little: small.began(hashes) });
          }
        }
        const hashes = chain(asked.own, asked.shared, asked.blocks);
        heat.look(hashes, asked.blocks, one);
        const sharing = (depth: number) => open.filter(other => other.hashes[depth - 1] === hashes[depth - 1]).length;
        let worth = 0;
        let before = 0;
        for (const depth of [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 18, 22, 27, 33, 41, 51].filter(
          at => at <= asked.blocks,
        )) {
          const count = sharing(depth);
          worth += (depth - before) * (count > 1 ? Math.min(1, 2 / (4 * count + 1)) : 1);
          before = depth;
          expect(heat.worth(depth)).toBeCloseTo(worth, 9);
        }
        open.forEach(end);
        expect([heat.size, small.size]).toEqual([0, 0]);
      }),
      { numRuns: 500 },
    );
  });

  test('bounds: never more than the blocks, never less for more of them, and no more is counted than said', () => {
    const prompt = fc.record({
      own: fc.nat(5),
      shared: fc.integer({ min: 0, max: 60 }),
      blocks: fc.integer({ min: 0, max: 80 }),
    });
    fc.assert(
      fc.property(
        fc.array(prompt, { maxLength: 40 }),
        prompt,
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 100 }),
        (sent, asked, holders, most) => {
          const heat = new PrefixHeat(most);
          const chains = sent.map(({ own, shared, blocks }) => chain(own, shared, blocks));
          const counted = chains.map(hashes => heat.began(hashes));
          expect(heat.size).toBeLessThanOrEqual(most);
          const hashes = chain(asked.own, asked.shared, asked.blocks);
          heat.look(hashes, asked.blocks, () => holders);
          let before = 0;
          for (let blocks = 0; blocks <= asked.blocks; blocks++) {
            const worth = heat.worth(blocks);
            expect(worth).toBeLessThanOrEqual(blocks + 1e-9);
            expect(worth).toBeGreaterThanOrEqual(before - 1e-9);
            before = worth;
          }
          for (const one of counted.reverse()) heat.ended(one);
          expect(heat.size).toBe(0);
        },
      ),
      { examples: [[[], { own: 0, shared: 0, blocks: 0 }, 1, 1]] },
    );
  });
});

/** Sends so many requests that all run at once to four replicas, whose load is what they were sent. @returns how many each got. */
function crowd(rule: string, count: number, prompt: (i: number) => number[]): number[] {
  const placer = createPlacer(rule, { random: seededRandom(1) });
  const sent = [0, 0, 0, 0];
  for (let i = 0; i < count; i++) {
    const replicas = sent.map((requests, at) =>
      replicaView(`r${at}`, { limit: 1000, cacheBlocks: 4096, inFlight: requests, inFlightTokens: requests * 2600 }),
    );
    const request = placementRequest(prompt(i), { promptTokens: 130 * 16 });
    const { replica } = placer.choose(request, replicas)!;
    placer.committed(request, replica.id, placer.begin?.(request, replica.id));
    sent[Number(replica.id.slice(1))]! += 1;
  }
  return sent;
}

describe('copies of a hot prefix', () => {
  const shared = (i: number) => chain(i, 128, 130);

  test('a beginning that many use at once gets holders; without copies one has them all', () => {
    const spread = crowd('prefix', 40, shared);
    expect(spread.filter(count => count > 0)).toHaveLength(4);
    expect(Math.max(...spread)).toBeLessThan(20);
    expect(Math.max(...crowd('whole_prefix', 40, shared))).toBeGreaterThan(30);
  });

  test('a conversation, one turn at a time, stays where it is', () => {
    const placer = createPlacer('prefix', { random: seededRandom(1) });
    const busy = ['a', 'b', 'c'].map(id => replicaView(id, { limit: 100, cacheBlocks: 4096 }));
    let claim: PrefixClaim | undefined;
    const went = new Set<string>();
    for (let turn = 1; turn <= 30; turn++) {
      const request = placementRequest(chain(0, 0, 8 * turn));
      const [home] = went;
      const replicas = busy.map(view => ({ ...view, inFlightTokens: view.id === home ? 4000 : 1000 }));
      const { replica } = placer.choose(request, replicas)!;
      claim = placer.begin?.(request, replica.id);
      placer.committed(request, replica.id, claim);
      went.add(replica.id);
      placer.ended?.(claim!, true, undefined);
    }
    expect(went.size).toBe(1);
  });

  test('a replica that is forgotten leaves nothing behind of the requests on it', () => {
    const placer = createPlacer('prefix', { random: seededRandom(1) });
    const replicas = ['a', 'b'].map(id => replicaView(id, { limit: 100, cacheBlocks: 4096 }));
    const claims = Array.from({ length: 6 }, (_, i) => {
      const request = placementRequest(shared(i), { promptTokens: 130 * 16 });
      const claim = placer.begin?.(request, 'a');
      placer.committed(request, 'a', claim);
      return claim!;
    });
    placer.forget('a');
    for (const claim of claims) {
      placer.ended?.(claim, true, undefined);
      placer.ended?.(claim, true, undefined);
    }
    const request = placementRequest(shared(9), { promptTokens: 130 * 16 });
    placer.committed(request, 'a', placer.begin?.(request, 'a'));
    // As of a prompt that nobody else has asked for: the match counts whole.
    const loaded = replicas.map(view => ({ ...view, inFlightTokens: view.id === 'a' ? 3000 : 1000 }));
    expect(placer.choose(placementRequest(shared(10), { promptTokens: 130 * 16 }), loaded)!.replica.id).toBe('a');
  });
});
