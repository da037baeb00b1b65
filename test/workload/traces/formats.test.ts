import { describe, expect, test } from 'vitest';
import { TRACE_FORMATS } from '#workload/traces/formats.js';
import { readTrace } from '#workload/traces/read.js';
import { jsonObject } from '#workload/traces/row.js';
import { describeTraceFormat, type FormatSample } from '../../contracts/trace-format.js';

const EPOCH = Date.UTC(2023, 10, 16, 18, 15, 46);
const azureTime = (ms: number) => new Date(EPOCH + ms).toISOString().replace('T', ' ').replace('Z', '0000');
const json = (value: object) => JSON.stringify(value);
const request = (arrivalMs: number, promptTokens: number, outputTokens: number) => ({
  ...{ arrivalMs, promptTokens, outputTokens },
});

const SAMPLES: readonly FormatSample[] = [
  {
    format: 'azure',
    header: ['TIMESTAMP,ContextTokens,GeneratedTokens'],
    timed: true,
    row: (ms, prompt, output) => ({
      row: `${azureTime(ms)},${prompt},${output}`,
      request: request(ms, prompt, output),
    }),
    broken: [
      ['2023-13-16 18:15:46.6,374,44', 'TIMESTAMP'],
      ['1700158546,374,44', 'TIMESTAMP'],
      ['2023-11-16 18:15:46.6805900,0,44', 'ContextTokens'],
      ['2023-11-16 18:15:46.6805900,374,-1', 'GeneratedTokens'],
      ['2023-11-16 18:15:46.6805900,374,many', 'GeneratedTokens'],
      ['2023-11-16 18:15:46.6805900,374', undefined],
      ['"2023-11-16,374,44', undefined],
    ],
  },
  {
    format: 'vidur',
    header: ['num_prefill_tokens,num_decode_tokens,num_total_tokens,pd_ratio'],
    timed: false,
    row: (_, prompt, output) => ({
      row: `${prompt},${output},${prompt + output},${prompt / output}`,
      request: request(0, prompt, output),
    }),
    broken: [
      ['0,1,1,0', 'num_prefill_tokens'],
      ['1,1.5,1,0', 'num_decode_tokens'],
      [',1,1,0', 'num_prefill_tokens'],
    ],
  },
  {
    format: 'burstgpt',
    header: ['Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,Total tokens,Log Type'],
    timed: true,
    row: (ms, prompt, output) => ({
      row: `${ms / 1000},7,1.5,"GPT-4",${prompt},${output},${prompt + output},Conversation log`,
      request: { ...request(ms, prompt, output), session: '7', model: 'GPT-4' },
    }),
    broken: [
      ['5,7,1,ChatGPT,472,0,472,Conversation log', 'Response tokens'],
      ['noon,7,1,ChatGPT,472,18,490,Conversation log', 'Timestamp'],
      ['5,7,1,ChatGPT,0,18,490,Conversation log', 'Request tokens'],
    ],
  },
  {
    format: 'mooncake',
    header: [],
    timed: true,
    row: (ms, prompt, output) => ({
      row: json({ timestamp: ms, input_length: prompt, output_length: output, hash_ids: [0] }),
      request: request(ms, prompt, output),
    }),
    broken: [
      [json({ timestamp: -1, input_length: 5, output_length: 1, hash_ids: [] }), 'timestamp'],
      [json({ timestamp: 0, input_length: 0, output_length: 1, hash_ids: [] }), 'input_length'],
      [json({ timestamp: 0, input_length: 5, output_length: 1 }), 'hash_ids'],
      [json({ timestamp: 0, input_length: 5, output_length: 1, hash_ids: [1, 2] }), 'hash_ids'],
      ['[1]', undefined],
      ['{', undefined],
    ],
  },
  {
    format: 'vllm-log',
    header: [],
    timed: true,
    row: (ms, prompt, output) => ({
      row: json({ request_id: 'a', input_toks: prompt, output_toks: output, arrival_time: (EPOCH + ms) / 1000 }),
      request: request(ms, prompt, output),
    }),
    broken: [
      [json({ input_toks: 5, output_toks: 1, arrival_time: null }), 'arrival_time'],
      [json({ input_toks: 5.5, output_toks: 1, arrival_time: 1 }), 'input_toks'],
      ['nothing', undefined],
    ],
  },
  {
    format: 'vllm-bench',
    header: [],
    timed: true,
    row: (ms, prompt, output) => ({
      row: json({ num_prompts: 1, input_lens: [prompt], output_lens: [output], start_times: [1000 + ms / 1000] }),
      request: request(ms, prompt, output),
    }),
    broken: [
      [json({ input_lens: [5], output_lens: [0], start_times: [1] }), 'output_lens'],
      [json({ input_lens: [5], output_lens: [], start_times: [1] }), 'output_lens'],
      [json({ input_lens: [5], output_lens: [5] }), undefined],
      ['{}', undefined],
    ],
  },
  {
    format: 'openai',
    header: [],
    timed: true,
    row: (ms, prompt, output) => ({
      row: json({
        timestamp: (EPOCH + ms) / 1000,
        request: {
          model: 'gpt-x',
          messages: [{ role: 'user', content: 'x'.repeat(600) }],
          metadata: { session_id: 's' },
        },
        response: { usage: { prompt_tokens: prompt, completion_tokens: output } },
      }),
      request: { ...request(ms, prompt, output), session: 's', model: 'gpt-x' },
    }),
    broken: [
      [json({ timestamp: 1, request: { messages: [] } }), 'max_tokens'],
      [json({ request: { messages: [], max_tokens: 5 } }), 'timestamp'],
      [json({ timestamp: 1, request: { messages: [], max_tokens: 0 } }), 'max_tokens'],
      [json({ timestamp: 1, request: {} }), undefined],
      ['not JSON', undefined],
    ],
  },
  {
    format: 'weir',
    header: [json({ weir_trace: 1, timed: true, started_at: EPOCH })],
    timed: true,
    row: (ms, prompt, output) => ({
      row: json({ t_ms: ms, prompt_tokens: prompt, output_tokens: output, session: 'a', model: 'm' }),
      request: { ...request(ms, prompt, output), session: 'a', model: 'm' },
    }),
    broken: [
      [json({ t_ms: 'x', prompt_tokens: 1, output_tokens: 1 }), 't_ms'],
      [json({ t_ms: 1, output_tokens: 1 }), 'prompt_tokens'],
      [json({ t_ms: 1, prompt_tokens: 1, output_tokens: 1, prefix: [] }), 'prefix'],
      [json({ t_ms: 1, prompt_tokens: 1, output_tokens: 1, prefix: { block_tokens: 1, hashes: [1, 2] } }), 'prefix'],
      ['{', undefined],
    ],
  },
];

for (const sample of SAMPLES) describeTraceFormat(sample);

describe('all formats', () => {
  test('each has a sample here, and no line opens two of them', () => {
    expect(new Set(SAMPLES.map(({ format }) => format))).toEqual(new Set(TRACE_FORMATS.map(({ name }) => name)));
    for (const { format, header, row } of SAMPLES) {
      const line = header[0] ?? row(0, 5, 5).row;
      const opened = TRACE_FORMATS.filter(each => each.open(line, jsonObject(line)) !== undefined);
      expect(opened.map(({ name }) => name)).toEqual([format]);
    }
  });

  test('Azure 2024 has zones in its times, Vidur perhaps times', async () => {
    const azure = await readTrace(
      'TIMESTAMP,ContextTokens,GeneratedTokens\n2024-05-10 00:00:00.009930+00:00,2162,5\n2024-05-10 02:00:01+02:00,1,0',
    );
    expect(azure.startedAt).toBeCloseTo(Date.UTC(2024, 4, 10) + 9.93, 2);
    expect(azure.requests[1]!.arrivalMs).toBeCloseTo(990.07, 2);
    const vidur = await readTrace('arrived_at,num_prefill_tokens,num_decode_tokens\n1.5,10,2\n0.5,11,3\n');
    expect(vidur.timed).toBe(true);
    expect(vidur.requests.map(({ arrivalMs }) => arrivalMs)).toEqual([500, 1500]);
  });

  test('an OpenAI body alone is estimated from its text, and requests that begin alike share hashes', async () => {
    const body = (tail: string) =>
      json({
        messages: [
          { role: 'system', content: 'long rules '.repeat(60) },
          { role: 'user', content: tail },
        ],
        max_tokens: 8,
      });
    const trace = await readTrace(`${body('one')}\n${body('two')}`);
    expect(trace).toMatchObject({ timed: false, estimated: 2 });
    const [one, two] = trace.requests;
    expect(one).toMatchObject({ promptTokens: Math.ceil((6 + 660 + 4 + 3) / 4), outputTokens: 8 });
    expect(one!.prefix.hashes).toHaveLength(2);
    expect(one!.prefix.hashes).toEqual(two!.prefix.hashes);
  });
});
