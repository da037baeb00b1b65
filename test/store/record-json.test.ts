import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recordJson } from '#store/record-json.js';
import { anyRecord, recordOf } from './records.js';

describe('recordJson', () => {
  it('writes what parses back to the record, field by field', () => {
    fc.assert(
      fc.property(anyRecord, record => {
        expect(JSON.parse(recordJson(record))).toEqual(JSON.parse(JSON.stringify(record)));
      }),
      { numRuns: 500 },
    );
  });

  it('rounds times to a tenth of a microsecond, and nothing else', () => {
    const record = recordOf('r');
    const json = JSON.parse(
      recordJson({
        ...record,
        at: 1_760_000_000_000.125,
        stages: [
          { stage: 's', ms: 0.000_06 },
          { stage: 's', ms: 12.999_96 },
        ],
        outcome: { ...record.outcome, e2eMs: 1234.567_89, costUsd: 1.234_567_89e-7 },
      }),
    );
    expect(json.at).toBe(1_760_000_000_000.125);
    expect(json.stages.map((stage: { ms: number }) => stage.ms)).toEqual([0.0001, 13]);
    expect(json.outcome.e2eMs).toBe(1234.5679);
    expect(json.outcome.costUsd).toBe(1.234_567_89e-7);
  });

  it('writes null for what JSON has no number for, as JSON.stringify does', () => {
    const record = recordOf('r');
    const odd = {
      ...record,
      stages: [Number.NaN, Number.POSITIVE_INFINITY, -1.5, 1e300].map(ms => ({ stage: 's', ms })),
      placement: { ...record.placement!, score: Number.NEGATIVE_INFINITY },
    };
    expect(JSON.parse(recordJson(odd))).toEqual(JSON.parse(JSON.stringify(odd)));
  });

  it('remembers words without confusing them, however many there are', () => {
    for (let i = 0; i < 3000; i++) {
      const decision = i % 2 === 0 ? `d${i}` : `d"${i}`;
      expect(JSON.parse(recordJson(recordOf('r', { decision }))).decision).toBe(decision);
    }
  });
});
