import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isWeirError } from '#contract/errors.js';
import { readTrace } from '#workload/traces/read.js';
import type { TraceRequest } from '#workload/traces/trace.js';
import { weirHeader, weirRow } from '#workload/traces/weir.js';

/** A request that a format can hold, and a row of that format which holds it. */
export interface SampleRow {
  readonly row: string;
  /** What it says, its arrival since the first of the file. */
  readonly request: Omit<TraceRequest, 'prefix'>;
}

export interface FormatSample {
  readonly format: string;
  /** Lines that stand before the rows. */
  readonly header: readonly string[];
  readonly timed: boolean;
  /** A row that arrives so many ms after the beginning. */
  row(arrivalMs: number, promptTokens: number, outputTokens: number): SampleRow;
  /** Rows with one thing wrong, and the field that is named for it (none where the whole line is wrong). */
  readonly broken: readonly (readonly [row: string, field: string | undefined])[];
}

const sizes = fc.record({
  gap: fc.integer({ min: 0, max: 5000 }),
  promptTokens: fc.integer({ min: 1, max: 5000 }),
  outputTokens: fc.integer({ min: 1, max: 500 }),
});
const lists = fc.array(sizes, { minLength: 1, maxLength: 30 });

/** What holds for every format that traces are read in. */
export function describeTraceFormat(sample: FormatSample): void {
  const fileOf = (rows: readonly string[]) => [...sample.header, ...rows].join('\n');
  const rowsOf = (list: readonly { gap: number; promptTokens: number; outputTokens: number }[]) => {
    let arrivalMs = 0;
    return list.map(({ gap, promptTokens, outputTokens }, i) => {
      if (i > 0) arrivalMs += gap;
      return sample.row(arrivalMs, promptTokens, outputTokens);
    });
  };

  describe(`trace format ${sample.format}`, () => {
    test('is recognised by content, and every row becomes its request', async () => {
      await fc.assert(
        fc.asyncProperty(lists, async list => {
          const rows = rowsOf(list);
          const trace = await readTrace(fileOf(rows.map(({ row }) => row)));
          expect(trace).toMatchObject({ format: sample.format, timed: sample.timed, refused: 0, refusals: [] });
          expect(trace.requests).toHaveLength(rows.length);
          for (const [i, { request }] of rows.entries()) {
            const { arrivalMs, ...rest } = request;
            expect(trace.requests[i]).toMatchObject(rest);
            expect(trace.requests[i]!.arrivalMs).toBeCloseTo(sample.timed ? arrivalMs : 0, 2);
          }
        }),
        { numRuns: 40 },
      );
    });

    test('is the same however the text is cut, with Windows line ends and blank lines', async () => {
      await fc.assert(
        fc.asyncProperty(lists, fc.integer({ min: 1, max: 200 }), async (list, size) => {
          const text = fileOf(rowsOf(list).map(({ row }) => row));
          const whole = await readTrace(text);
          const pieces = text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
          expect(await readTrace(pieces)).toEqual(whole);
          const { requests } = await readTrace(`${text.replaceAll('\n', '\r\n\r\n')}\r\n`);
          expect(requests).toEqual(whole.requests);
        }),
        { numRuns: 20 },
      );
    });

    test('rows with something wrong are counted with line and reason, and the others stay', async () => {
      const good = sample.row(0, 100, 10).row;
      const trace = await readTrace(fileOf([good, ...sample.broken.map(([row]) => row), good]));
      expect(trace.requests).toHaveLength(2);
      expect(trace.refused).toBe(sample.broken.length);
      expect(trace.refusals.reduce((sum, { rows }) => sum + rows, 0)).toBe(sample.broken.length);
      const paths = sample.broken.map(([, field], i) => {
        const line = `line ${sample.header.length + i + 2}`;
        return field === undefined ? line : `${line}, ${field}`;
      });
      expect(trace.problems.map(({ path }) => path)).toEqual(paths.slice(0, 8));
      for (const { code } of trace.problems) expect(code).toBe('trace.unreadable');
    });

    test('whatever stands between, it ends in a trace or an error of the catalogue, and each line is accounted for', async () => {
      const noise = fc.oneof(fc.string(), fc.json(), fc.constant('1,2,3'), fc.constant(sample.row(5, 7, 9).row));
      await fc.assert(
        fc.asyncProperty(fc.array(noise, { maxLength: 20 }), async junk => {
          const lines = junk.map(line => line.replaceAll(/[\r\n]/g, ' '));
          const text = fileOf([sample.row(0, 5, 5).row, ...lines]);
          try {
            const { requests, refused } = await readTrace(text);
            const written = 1 + lines.filter(line => line.trim() !== '').length;
            expect(requests.length + refused).toBe(written);
            for (const { arrivalMs } of requests) expect(arrivalMs).toBeGreaterThanOrEqual(0);
          } catch (error) {
            if (!isWeirError(error)) throw error;
            expect(error.code).toBe('trace.unreadable');
          }
        }),
      );
    });

    test("survives being written in Weir's own form and read again", async () => {
      const trace = await readTrace(
        fileOf(rowsOf([{ gap: 0, promptTokens: 600, outputTokens: 9 }]).map(({ row }) => row)),
      );
      const again = await readTrace([weirHeader(trace), ...trace.requests.map(weirRow)].join('\n'));
      expect(again.requests).toEqual(trace.requests);
      expect([again.timed, again.startedAt]).toEqual([trace.timed, trace.startedAt]);
    });
  });
}
