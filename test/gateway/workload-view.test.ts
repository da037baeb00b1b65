import { describe, expect, test } from 'vitest';
import { workloadView } from '#gateway/workload-view.js';
import { Tally } from '#telemetry/traffic/tally.js';
import { Traffic } from '#telemetry/traffic/traffic.js';
import { recordLike } from '../support/record-like.js';

const MINUTE = 60_000;
const START = Date.UTC(2026, 0, 15, 8, 0, 0);

function recordOf(archetype: 'chat' | 'agent', promptTokens: number, model: string) {
  const record = recordLike('r');
  return {
    ...record,
    profile: {
      ...record.profile,
      archetype,
      heaviness: promptTokens > 4000 ? ('prefill' as const) : ('balanced' as const),
    },
    outcome: { ...record.outcome, model, usage: { promptTokens, completionTokens: 50, cachedTokens: 0 } },
  };
}

describe('what a gateway learns of its workload', () => {
  test('nothing of nothing', async () => {
    const view = await workloadView(new Traffic().window('24h-fine', START));
    expect(view).toMatchObject({ at: [], requests: 0, kinds: [], models: [] });
    expect(view.lengths.archetype).toBeUndefined();
  });

  test('kinds, lengths, models, and a forecast that is near a steady rate', async () => {
    const traffic = new Traffic();
    let now = START;
    for (let minute = 0; minute < 180; minute++) {
      now = START + minute * MINUTE;
      for (let i = 0; i < 4; i++) traffic.observe(recordOf('chat', 400, 'small'), now + i, undefined);
      if (minute % 2 === 0) traffic.observe(recordOf('agent', 20_000, 'large'), now + 9, undefined);
    }
    const view = await workloadView(traffic.window('24h-fine', now + MINUTE));
    expect(view.at[0]).toBe(START);
    expect(view.kinds.map(({ name, share }) => [name, Number(share.toFixed(2))])).toEqual([
      ['chat', 0.89],
      ['agent, prefill-heavy', 0.11],
    ]);
    expect(view.kinds[0]).toMatchObject({ promptTokens: 400, outputTokens: 50 });
    expect(view.models.map(({ name }) => name)).toEqual(['small', 'large']);
    for (const { mean } of view.kinds[0]!.forecasts) expect(mean).toBeCloseTo(20, 0);
    expect(view.lengths.archetype).toBe('dispersed');
    expect(view.lengths.shortShare).toBeCloseTo(8 / 9, 2);
    expect(view.scores.map(({ ahead, count }) => [ahead, count > 0])).toEqual([
      [1, true],
      [2, true],
      [3, true],
    ]);
  });

  test('survives being kept, and what an earlier version kept is read', () => {
    const tally = new Tally(START);
    tally.observe(recordOf('agent', 20_000, 'large'), undefined);
    const again = Tally.read(START, JSON.stringify(tally))!;
    expect([...again.kinds.keys()]).toEqual(['agent, prefill-heavy']);
    expect(again.totals.quantile(0.5)).toBe(tally.totals.quantile(0.5));
    const { kinds: _, prompts: __, outputs: ___, totals: ____, ...older } = JSON.parse(JSON.stringify(tally));
    expect(Tally.read(START, JSON.stringify(older))!.counts.requests).toBe(1);
  });
});
