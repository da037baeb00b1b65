import { expect, test } from 'vitest';
import type { Verdict } from '#contract/learned.js';
import { classifyRoute } from '#gateway/admin/routes/local-models.js';

test('long texts are each begun in a turn of its own, short ones together', async () => {
  let turn = 0;
  let over = false;
  const count = (): void => {
    turn++;
    if (!over) setImmediate(count);
  };
  setImmediate(count);
  const begunIn: number[] = [];
  const verdict: Verdict = { probabilities: Float32Array.of(1), best: 0, sure: true, tier: 'fast' };
  const routes = () => ({
    labels: ['a'],
    prepare: () => Promise.resolve(),
    classify: () => {
      begunIn.push(turn);
      return verdict;
    },
  });
  const runtime = { clock: { now: () => 0 }, learned: { whenBusy: 'fast', routes } };
  const ask = async (texts: string[]) => {
    begunIn.length = 0;
    await classifyRoute.handle({ gateway: { runtime }, body: { kind: 'routes', texts } } as never);
    return new Set(begunIn).size;
  };
  const long = Array.from({ length: 16 }, () => 'words of a text '.repeat(1000));
  const turns = [await ask(long), await ask(Array.from({ length: 16 }, () => 'hello'))];
  over = true;
  expect(turns).toEqual([16, 1]);
});
