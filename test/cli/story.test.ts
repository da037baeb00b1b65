import { expect, it } from 'vitest';
import { renderExplanation } from '#cli/story.js';
import { explanationOf } from '#gateway/explain.js';
import { cold, recordOf } from '../dashboard/stories.js';

it('shows what the score of each replica is made of, and why the others lost', () => {
  const record = recordOf('req_1');
  const { placement } = record;
  const told = explanationOf({ ...record, placement, selected: 'small' }, 0, () => true);
  const lines = renderExplanation(told).split('\n');
  const from = lines.indexOf('placement');
  expect(lines.slice(from + 2, from + 6).map(line => line.trim().split(/ {2,}/))).toEqual([
    ['replica', 'score', 'prefix × 0.56', 'load × 0.44'],
    ['> gpu-small/127.0.0.1:9001', '0.868', '1', '0.7'],
    ['gpu-small/127.0.0.1:9002', '0.456', '0.12', '0.884', 'prefix cost it 0.493'],
    ['gpu-small/127.0.0.1:9003', '0', '–', '–', 'circuit open'],
  ]);
  expect(told.placement?.losers[0]).toEqual({
    replica: 'gpu-small/127.0.0.1:9002',
    score: 0.456,
    why: 'prefix cost it 0.493',
  });
});

it('shows scores without a table of parts where one thing alone was weighed', () => {
  const { placement, ...record } = recordOf('req_1');
  const { parts: _, ...plain } = placement!;
  const told = explanationOf({ ...record, placement: plain, selected: 'small' }, 0, () => true);
  const text = renderExplanation(told);
  expect(text).toContain('> gpu-small/127.0.0.1:9001  0.868');
  expect(text).not.toContain('prefix ×');
});

it('names who has most of the prompt where it could not be chosen', () => {
  const { placement, ...record } = cold('req_1', true);
  const text = renderExplanation(explanationOf({ ...record, placement, selected: 'small' }, 0, () => true));
  expect(text).toContain('gpu-small/127.0.0.1:9003 has about 1024, and could not be chosen: circuit open');
});

it('tells from which tier a prefix comes, and what reading it takes', () => {
  const { placement, ...record } = recordOf('req_1');
  const told = (tiers: { host: number; disk: number; readMs?: number; computeMs?: number }) => {
    const tiered = { ...placement!, expectedPrefixTokens: 1000, prefixSource: 'events' as const, prefixTiers: tiers };
    return renderExplanation(explanationOf({ ...record, placement: tiered, selected: 'small' }, 0, () => true));
  };
  expect(told({ host: 600, disk: 150, readMs: 12, computeMs: 140 })).toContain(
    "250 of them on its GPUs, 600 in its host's memory, 150 in storage; reading takes 12ms, computing takes 140ms",
  );
  const unpriced = told({ host: 600, disk: 0 });
  expect(unpriced).toContain("400 of them on its GPUs, 600 in its host's memory\n");
  expect(unpriced).not.toContain('takes');
});
