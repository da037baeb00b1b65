import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DecisionRecord } from '#contract/record.js';
import { BatchWriter } from '#store/record-batch.js';
import type { Facts } from '#store/record-table.js';
import { restored } from '#store/restored.js';
import { anyRecord, recordOf } from './records.js';

const textOf = (bytes: ArrayBuffer): string => Buffer.from(bytes).toString();

/** What comes back out of a batch. */
function readBack(writer: BatchWriter): DecisionRecord[] {
  const batch = writer.take();
  const json = textOf(batch.json);
  const shared = JSON.parse(textOf(batch.shared));
  expect(JSON.parse(json)).toHaveLength(batch.records);
  let start = 1;
  return (JSON.parse(textOf(batch.facts)) as Facts[]).map(facts => {
    const text = json.slice(start, start + facts[6]);
    start += facts[6] + 1;
    return restored(facts, text, shared);
  });
}

function written(...records: DecisionRecord[]): DecisionRecord[] {
  const writer = new BatchWriter();
  for (const record of records) writer.add(record, 1e9);
  return readBack(writer);
}

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('a batch of records', () => {
  it('gives back every record, field by field, whatever was written before', () => {
    const writer = new BatchWriter();
    fc.assert(
      fc.property(fc.array(anyRecord, { minLength: 1, maxLength: 4 }), records => {
        for (const record of [...records, ...records]) writer.add(record, 1e9);
        expect(plain(readBack(writer))).toEqual(plain([...records, ...records]));
      }),
      { numRuns: 300 },
    );
  });

  it('gives back records that differ in anything that others have in common', () => {
    const record = recordOf('r');
    const vary = (i: number): DecisionRecord => ({
      ...record,
      id: `r${i}`,
      stream: i % 2 === 0,
      parameters: { maxOutputTokens: i % 3 },
      signals: record.signals.map((signal, k) => ({ ...signal, score: i % (k + 2), evidence: `seen ${i % (k + 5)}` })),
      reason: { summary: `${i}`, passed: [{ decision: 'refuse', why: `why ${i % 6}` }] },
      attempts: record.attempts.map(attempt => ({ ...attempt, httpStatus: 200 + (i % 7) })),
    });
    const records = Array.from({ length: 200 }, (_, i) => vary(i));
    expect(written(...records)).toEqual(records);
  });

  it('writes what records have in common once', () => {
    const writer = new BatchWriter();
    for (let i = 0; i < 100; i++) writer.add(recordOf(`r${i}`), 1e9);
    const { json, shared, facts } = writer.take();
    expect(textOf(shared).split('"legal"')).toHaveLength(2);
    expect(json.byteLength + shared.byteLength + facts.byteLength).toBeLessThan(100 * 950);
  });

  it('takes no harm from a record that is none, or that has no room', () => {
    const writer = new BatchWriter();
    writer.add(recordOf('one'), 1e9);
    const broken = recordOf('broken', {
      decision: 'new',
      reason: { summary: 'new', passed: [{ decision: 'x', why: 'y' }] },
    });
    expect(() => writer.add({ ...broken, outcome: undefined as never }, 1e9)).toThrow();
    expect(() =>
      writer.add({ ...broken, signals: [{ ...broken.signals[0]!, evidence: null as never }] }, 1e9),
    ).toThrow();
    expect(() => writer.add({ ...broken, at: Number.NaN }, 1e9)).toThrow();
    expect(writer.add(broken, 10)).toBe(0);
    writer.add(recordOf('two'), 1e9);
    writer.add({ ...broken, id: 'three' }, 1e9);
    expect(readBack(writer)).toEqual([recordOf('one'), recordOf('two'), { ...broken, id: 'three' }]);
  });

  it('rounds times to a tenth of a microsecond, and nothing else', () => {
    const record = recordOf('r');
    const json = written({
      ...record,
      at: 1_760_000_000_000.125,
      stages: [
        { stage: 's', ms: 0.000_06 },
        { stage: 's', ms: 12.999_96 },
        { stage: 's', ms: 1_234_567_890.001_2 },
      ],
      outcome: { ...record.outcome, e2eMs: 1234.567_89, costUsd: 1.234_567_89e-7 },
    })[0]!;
    expect(json.at).toBe(1_760_000_000_000.125);
    expect(json.stages.map(stage => stage.ms)).toEqual([0.0001, 13, 1_234_567_890.001_2]);
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
    expect(written(odd)[0]).toEqual(plain(odd));
  });
});
