import { createReadStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isWeirError } from '#contract/errors.js';
import { linesOf } from '#workload/traces/lines.js';
import { readTrace } from '#workload/traces/read.js';

const row = (fields: object) =>
  JSON.stringify({ timestamp: 0, input_length: 600, output_length: 5, hash_ids: [0, 1], ...fields });

async function failure(text: string): Promise<string> {
  const error: unknown = await readTrace(text).catch((caught: unknown) => caught);
  if (!isWeirError(error)) throw new Error('expected a WeirError');
  expect(error.code).toBe('trace.unreadable');
  return `${error.path}: ${error.message} ${error.hint ?? ''}`;
}

describe('reading traces', () => {
  test('rows become requests, in order of arrival', async () => {
    const trace = await readTrace(`${row({ timestamp: 2000 })}\n\n${row({ timestamp: 1000, hash_ids: [7] })}\r\n`);
    expect(trace).toEqual({
      format: 'mooncake',
      timed: true,
      estimated: 0,
      requests: [
        { arrivalMs: 1000, promptTokens: 600, outputTokens: 5, prefix: { hashes: [7], blockTokens: 512 } },
        { arrivalMs: 2000, promptTokens: 600, outputTokens: 5, prefix: { hashes: [0, 1], blockTokens: 512 } },
      ],
      refused: 0,
      refusals: [],
      problems: [],
    });
  });

  test('a byte order mark before the first line is none of it', async () => {
    const weir = `{"weir_trace":1,"timed":true}\n{"t_ms":1,"prompt_tokens":2,"output_tokens":3}\n`;
    for (const text of [row({}), weir, 'TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46,1,1']) {
      const plain = await readTrace(text);
      expect(plain.refused).toBe(0);
      expect(await readTrace(`\uFEFF${text}`)).toEqual(plain);
    }
  });

  test('a row that is nested too deeply is left out like any other that cannot be read', async () => {
    const asked = (content: unknown) => JSON.stringify({ messages: [{ role: 'user', content }], max_tokens: 3 });
    const deep = asked([{ a: 0 }]).replace('0', `${'['.repeat(9000)}${']'.repeat(9000)}`);
    const trace = await readTrace([asked('hi'), deep, asked('hi')].join('\n'));
    expect(trace.requests).toHaveLength(2);
    expect(trace.refusals).toEqual([{ reason: 'nested too deeply', rows: 1, line: 2 }]);
  });

  test('rows that cannot be read are counted, and the first say why', async () => {
    const bad = [row({ output_length: -1 }), row({ hash_ids: [0, 1, 2] }), '{', row({ timestamp: 'noon' })];
    const trace = await readTrace([row({}), ...bad, ...Array(20).fill('[]')].join('\n'));
    expect(trace.requests).toHaveLength(1);
    expect(trace.refused).toBe(24);
    expect(trace.refusals.slice(0, 2)).toEqual([
      { reason: 'not a JSON object', rows: 20, line: 6 },
      { reason: 'output_length: not a whole number of tokens from 0 to 16777216', rows: 1, line: 2 },
    ]);
    expect(trace.problems.map(({ path }) => path)).toEqual([
      'line 2, output_length',
      'line 3, hash_ids',
      'line 4',
      'line 5, timestamp',
      'line 6',
      'line 7',
      'line 8',
      'line 9',
    ]);
  });

  test('a file in which nothing can be read is an error that names line and field', async () => {
    expect(await failure('')).toMatch(/empty/);
    expect(await failure('time,tokens\n1,2\n')).toMatch(
      /line 1: Line 1 is in no known format. weir: .*; azure: CSV with/,
    );
    expect(await failure('TIMESTAMP,ContextTokens,GeneratedTokens\n')).toMatch(/empty/);
    expect(await failure(row({ input_length: 0 }))).toMatch(/line 1, input_length: Line 1 has 0 .* from 1/);
    expect(await failure(row({ hash_ids: undefined }))).toMatch(/hash_ids: Line 1 has nothing/);
    expect(await failure(row({ hash_ids: [1.5] }))).toMatch(/hash_ids: Line 1 has 1.5/);
    expect(await failure(`{"x": "${'y'.repeat(33_554_432)}"}`)).toMatch(/longer than 33554432/);
  });

  test('more rows than the limit is an error, not a cut', async () => {
    await expect(readTrace(`${row({})}\n${row({})}\n`, { maxRequests: 1 })).rejects.toMatchObject({
      code: 'trace.unreadable',
      path: 'line 2',
    });
  });

  test('whatever the text, it ends in a trace or an error of the catalogue, and every row is accounted for', async () => {
    const line = fc.oneof(fc.string(), fc.json(), fc.record({ timestamp: fc.nat(), input_length: fc.nat() }).map(row));
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 20 }), async lines => {
        const text = lines.map(each => each.replaceAll('\n', ' ')).join('\n');
        const rows = text.split('\n').filter(each => each.trim() !== '').length;
        try {
          const { requests, refused } = await readTrace(text);
          expect(requests.length + refused).toBe(rows);
        } catch (error) {
          expect(isWeirError(error) && error.code).toBe('trace.unreadable');
        }
      }),
    );
  });

  const shared = join(process.env.WEIR_SHARED ?? join(import.meta.dirname, '../../../../shared'), 'data');
  test.skipIf(!existsSync(shared)).each([
    ['traces/mooncake-conversation.jsonl', 'mooncake', 12_031, 288_500],
    ['traces/azure-2023-conv.csv', 'azure', 19_366, 0],
    ['traces/arxiv-summarization-lengths.csv', 'vidur', 28_257, 0],
    ['engine/vllm-runs/rtx4090-llama-3.1-8b/requests.jsonl', 'vllm-log', 300, 0],
  ])('the published file %s is read whole', async (file, format, rows, blocks) => {
    const trace = await readTrace(createReadStream(join(shared, file), 'utf8') as AsyncIterable<string>);
    expect([trace.format, trace.requests.length, trace.refused]).toEqual([format, rows, 0]);
    expect(trace.requests.reduce((sum, { prefix }) => sum + prefix.hashes.length, 0)).toBe(blocks);
  });
});

test('lines are the same however the text is cut, and long ones are dropped but counted', async () => {
  const text = fc.array(fc.constantFrom('a', 'bc', '\n'), { maxLength: 40 }).map(parts => parts.join(''));
  await fc.assert(
    fc.asyncProperty(text, fc.array(fc.nat({ max: 40 }), { maxLength: 6 }), async (whole, cuts) => {
      const places = [0, ...cuts.map(cut => Math.min(cut, whole.length)), whole.length].sort((a, b) => a - b);
      const pieces = places.slice(1).map((end, i) => whole.slice(places[i], end));
      const expected = whole.split('\n');
      if (expected.at(-1) === '') expected.pop();
      const lines = [];
      for await (const { number, text: line } of linesOf(pieces, 4)) lines.push([number, line]);
      expect(lines).toEqual(expected.map((line, i) => [i + 1, line.length > 4 ? undefined : line]));
    }),
  );
});
