import { request } from 'node:http';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Listening } from '#engine-server/listen.js';
import type { EngineStats } from '#pool/engine/engine.js';
import { ask, readEvents } from '../engine-server/http.js';

export interface RunningEngine extends Listening {
  stats(): EngineStats;
}

export interface EngineUnderTest {
  /** Starts one that serves `small` with a context window of `CONTEXT` tokens. */
  start(): Promise<RunningEngine>;
  /** A prompt whose answer is longer than a few tokens. */
  readonly prompt: string;
  /** How many answers it generates at once; more than that wait. */
  readonly atOnce: number;
}

export const CONTEXT = 384;

/** What every engine behind the server keeps, whatever makes its answers. */
export function engineBackendContract(name: string, { start, prompt, atOnce }: EngineUnderTest): void {
  describe(`${name} keeps the contract of an engine`, () => {
    let engine: RunningEngine;
    let api: OpenAI;
    beforeAll(async () => {
      engine = await start();
      api = new OpenAI({ baseURL: `${engine.url}/v1`, apiKey: 'none', maxRetries: 0, timeout: 60_000 });
    });
    afterAll(() => engine.close());

    const messages = [{ role: 'user' as const, content: prompt }];
    const chat = { model: 'small', messages, seed: 5, max_tokens: 24 };
    const endless = { ...chat, max_tokens: 250, ignore_eos: true };
    const post = (body: object) => ask(`${engine.url}/v1/chat/completions`, { ...chat, ...body });
    const idle = async () => {
      while (engine.stats().running + engine.stats().waiting > 0) await new Promise(resolve => setTimeout(resolve, 5));
    };

    test('the same seed gives the same answer, whole or streamed, with the same counts', async () => {
      const whole = await api.chat.completions.create(chat);
      const again = await api.chat.completions.create(chat);
      expect(again.choices[0]!.message).toEqual(whole.choices[0]!.message);
      expect(again.choices[0]!.message.content).not.toBe('');
      const options = { stream: true as const, stream_options: { include_usage: true } };
      const chunks = [];
      for await (const chunk of await api.chat.completions.create({ ...chat, ...options })) chunks.push(chunk);
      expect(chunks[0]!.choices[0]!.delta.role).toBe('assistant');
      const text = chunks.map(chunk => chunk.choices[0]?.delta.content ?? '').join('');
      expect(text).toBe(whole.choices[0]!.message.content);
      expect(chunks.at(-2)!.choices[0]!.finish_reason).toBe(whole.choices[0]!.finish_reason);
      const { prompt_tokens, completion_tokens, total_tokens } = chunks.at(-1)!.usage!;
      expect([prompt_tokens, completion_tokens]).toEqual([whole.usage!.prompt_tokens, whole.usage!.completion_tokens]);
      expect(total_tokens).toBe(prompt_tokens + completion_tokens);
    });

    test('another seed, or another choice of the same request, gives another answer', async () => {
      const longer = { ...chat, max_tokens: 60 };
      const texts = new Set<string | null>();
      for (const seed of [1, 2, 3])
        texts.add((await api.chat.completions.create({ ...longer, seed })).choices[0]!.message.content);
      const { choices } = await api.chat.completions.create({ ...longer, n: 2 });
      for (const { message } of choices) texts.add(message.content);
      expect(texts.size).toBeGreaterThan(3);
    });

    test('max_tokens, max_completion_tokens and ignore_eos say how long an answer is', async () => {
      const { choices, usage } = await api.chat.completions.create({ ...chat, max_tokens: 7 });
      expect([choices[0]!.finish_reason, usage!.completion_tokens]).toEqual(['length', 7]);
      const other = await api.chat.completions.create({ ...chat, max_tokens: 20, max_completion_tokens: 4, n: 3 });
      expect(other.choices.map(({ finish_reason, index }) => [finish_reason, index])).toEqual([
        ['length', 0],
        ['length', 1],
        ['length', 2],
      ]);
      expect(other.usage!.completion_tokens).toBe(12);
      const long = await api.chat.completions.create(endless);
      expect([long.choices[0]!.finish_reason, long.usage!.completion_tokens]).toEqual(['length', 250]);
    });

    test('an answer ends before a stop text, in streams too', async () => {
      const { choices } = await api.chat.completions.create({ ...chat, max_tokens: 60 });
      const full = choices[0]!.message.content!;
      const stop = full.slice(14, 19);
      const expected = full.slice(0, full.indexOf(stop));
      const cut = await api.chat.completions.create({ ...chat, max_tokens: 60, stop: ['\u0001 never', stop] });
      expect([cut.choices[0]!.message.content, cut.choices[0]!.finish_reason]).toEqual([expected, 'stop']);
      const { events, done } = readEvents((await post({ max_tokens: 60, stop, stream: true })).text);
      expect(events.map(event => event.choices[0]?.delta?.content ?? '').join('')).toBe(expected);
      expect([events.at(-1)!.choices[0]!.finish_reason, done]).toEqual(['stop', true]);
    });

    test('text completions take one prompt, several, or token ids', async () => {
      const one = await api.completions.create({ model: 'small', prompt, seed: 5 });
      expect(one.usage!.completion_tokens).toBeLessThanOrEqual(16);
      const two = await api.completions.create({ model: 'small', prompt: [prompt, 'Two'], max_tokens: 5, n: 2 });
      expect(two.choices.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
      const ids = await api.completions.create({ model: 'small', prompt: [5, 6, 7], max_tokens: 3, seed: 1 });
      expect(ids.usage!.prompt_tokens).toBe(3);
    });

    test('a prompt that was read before is found in the cache, and the counts say so', async () => {
      const conversation = [
        { role: 'system' as const, content: `${prompt} `.repeat(4) },
        { role: 'user' as const, content: 'and then?' },
      ];
      const ask = { ...chat, max_tokens: 3, messages: conversation };
      await api.chat.completions.create(ask);
      const { usage } = await api.chat.completions.create(ask);
      expect(usage!.prompt_tokens_details!.cached_tokens).toBeGreaterThan(usage!.prompt_tokens / 2);
      expect(usage!.prompt_tokens_details!.cached_tokens).toBeLessThan(usage!.prompt_tokens);
      expect(engine.stats().cachedTokens).toBeGreaterThan(0);
    });

    test('what cannot be is refused in the API’s words, and nothing is left in the engine', async () => {
      const { submitted } = engine.stats();
      const long = [{ role: 'user', content: 'word '.repeat(3000) }];
      const cases: [object, number, string][] = [
        [{ messages: long }, 400, 'messages'],
        [{ max_tokens: CONTEXT }, 400, 'max_tokens'],
        [{ model: 'large' }, 404, 'model'],
        [{ messages: [] }, 400, 'messages'],
        [{ messages: 'hello' }, 400, 'messages'],
        [{ temperature: -1 }, 400, 'temperature'],
        [{ temperature: 'hot' }, 400, 'temperature'],
        [{ top_p: 2 }, 400, 'top_p'],
        [{ n: 1000 }, 400, 'n'],
        [{ stop: [1] }, 400, 'stop'],
        [{ tool_choice: 'required' }, 400, 'tool_choice'],
      ];
      for (const [body, status, param] of cases) {
        const reply = await post(body);
        expect([reply.status, JSON.parse(reply.text)]).toMatchObject([status, { error: { param, code: status } }]);
      }
      expect(engine.stats().submitted).toBe(submitted);
    });

    test('a client that leaves frees its sequence, streaming or not', async () => {
      await idle();
      const { cancelled } = engine.stats();
      for (const stream of [true, false]) {
        const outgoing = request(`${engine.url}/v1/chat/completions`, { method: 'POST', agent: false });
        outgoing.on('error', () => undefined);
        outgoing.end(JSON.stringify({ ...endless, n: 4, stream }));
        while (engine.stats().running === 0) await new Promise(resolve => setTimeout(resolve, 1));
        outgoing.destroy();
        await idle();
      }
      expect(engine.stats().cancelled - cancelled).toBeGreaterThan(0);
      expect((await ask(`${engine.url}/metrics`)).text).toMatch(/request_success_total\{[^}]*reason="abort"\} [1-9]/);
    });

    test('more requests than it answers at once wait their turn and all come', async () => {
      const many = Array.from({ length: atOnce * 3 }, (_, seed) =>
        api.chat.completions.create({ ...chat, seed, max_tokens: 12 }),
      );
      const alone = await api.chat.completions.create({ ...chat, seed: 1, max_tokens: 12 });
      const answers = await Promise.all(many);
      expect(answers[1]!.choices[0]!.message.content).toBe(alone.choices[0]!.message.content);
      expect(engine.stats()).toMatchObject({ running: 0, waiting: 0 });
    });

    test('what others ask of a vLLM server is there', async () => {
      expect((await ask(`${engine.url}/health`)).status).toBe(200);
      expect((await api.models.list()).data).toMatchObject([{ id: 'small', max_model_len: CONTEXT }]);
      const { text } = await ask(`${engine.url}/metrics`);
      for (const metric of [
        'num_requests_running',
        'num_requests_waiting',
        'kv_cache_usage_perc',
        'prompt_tokens_total',
      ])
        expect(text).toMatch(new RegExp(`^vllm:${metric}\\{.*model_name="small".*\\} \\d`, 'm'));
      for (const metric of ['prefix_cache_hits_total', 'generation_tokens_total', 'time_to_first_token_seconds_count'])
        expect(text).toMatch(new RegExp(`^vllm:${metric}\\{[^}]*\\} [1-9]`, 'm'));
      expect(text).toMatch(/^vllm:cache_config_info\{[^}]*num_gpu_blocks="\d+"/m);
      expect((await ask(`${engine.url}/nowhere`)).status).toBe(404);
      expect((await ask(`${engine.url}/v1/models`, {})).status).toBe(405);
    });
  });
}
