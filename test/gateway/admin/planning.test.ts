import { afterAll, beforeAll, expect, it } from 'vitest';
import type { z } from 'zod';
import { ADMIN_ROUTES } from '#gateway/admin/routes.js';
import { type Configured, startConfigured } from './support.js';

const CONFIGURATION = `router: { decisions: [{ name: all, when: otherwise, models: [llama-3.1-8b] }] }
pool:
  models: { llama-3.1-8b: {} }
  pools: { p: { model: llama-3.1-8b, gpu: h100, health: false, replicas: ["http://127.0.0.1:9"] } }
`;

let gateway: Configured;
beforeAll(async () => {
  gateway = await startConfigured(CONFIGURATION);
});
afterAll(() => gateway.dispose());

const trace = { from: 'generated', kind: 'azure', requests: 200, rate: 5 };

interface Told {
  readonly name: string;
  readonly data: object;
}

async function begin(path: string, body: object, signal?: AbortSignal): Promise<Response> {
  return fetch(`${gateway.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  });
}

/** The events of a stream, which ends after the last. */
async function toldBy(response: Response): Promise<readonly Told[]> {
  const blocks = (await response.text()).split('\n\n').map(block => /^event: (.*)\ndata: (.*)$/s.exec(block));
  return blocks.flatMap(found => (found === null ? [] : [{ name: found[1]!, data: JSON.parse(found[2]!) }]));
}

async function firstOf(response: Response): Promise<string> {
  const { value } = await response.body!.pipeThrough(new TextDecoderStream()).getReader().read();
  return value ?? '';
}

/** How often it is asked again, and after how many milliseconds, where a thread must end first. */
const PATIENCE = 1000;
const pause = (): Promise<void> => new Promise(resolve => setTimeout(resolve, 50));

/** Once the thread of a job before has ended, which takes a moment. */
async function whenFree(path: string, body: object): Promise<readonly Told[]> {
  for (let i = 0; ; i++) {
    const told = await toldBy(await begin(path, body));
    const busy = (told.at(-1)!.data as { code?: string }).code === 'gateway.overloaded';
    if (!busy || i === PATIENCE) return told;
    await pause();
  }
}

it.each([
  ['/api/plans', { trace, model: 'llama-3.1-8b', gpus: ['h100'], slo: { ttft_ms: 500, tpot_ms: 50 } }, 'plan'],
  [
    '/api/plans',
    {
      ...{ trace, model: 'llama-3.1-8b', gpus: ['h100'], slo: { ttft_ms: 500, tpot_ms: 50 } },
      ...{ buying: { spot_up: 0.9 }, disaggregate: {}, over_time: { window_s: trace.requests / trace.rate / 4 } },
    },
    'plan',
  ],
  [
    '/api/plans',
    { trace, model: 'llama-3.1-8b', gpus: ['h100'], slo: { ttft_ms: 500, tpot_ms: 50 }, budget: 5 },
    'plan',
  ],
  ['/api/simulations', { trace }, 'simulation'],
  ['/api/what-if', { trace, second: CONFIGURATION.replace('gpu: h100', 'gpu: a100'), seeds: 2 }, 'comparison'],
] as const)('%s tells what its schema says and ends with a result', async (path, body, last) => {
  const told = await whenFree(path, body);
  expect(told.at(-1)?.name, JSON.stringify(told.at(-1))).toBe(last);
  const schemas = ADMIN_ROUTES.find(route => route.path === path)!.events!;
  for (const { name, data } of told) expect((schemas[name] as z.ZodType).parse(data)).toMatchObject(data);
});

it('what cannot be done fails with its code, and a body that is none is refused', async () => {
  const slo = { ttft_ms: 500, tpot_ms: 50 };
  const told = await whenFree('/api/plans', { trace, model: 'gpt-9', gpus: ['h100'], slo });
  expect(told.at(-1)).toMatchObject({ name: 'failed', data: { code: 'config.unknown_reference' } });
  const poor = await whenFree('/api/plans', { trace, model: 'llama-3.1-8b', gpus: ['h100'], slo, budget: 3 });
  expect(poor.at(-1)).toMatchObject({ name: 'failed', data: { code: 'config.range', path: 'budget' } });
  const nothing = await whenFree('/api/plans', { trace: { from: 'traffic' }, model: 'qwen3-8b', gpus: ['h100'], slo });
  expect(nothing.at(-1)).toMatchObject({ name: 'failed', data: { code: 'trace.unreadable' } });
  expect((await begin('/api/plans', { trace, model: 'qwen3-8b', gpus: [], slo })).status).toBe(400);
  expect((await begin('/api/simulations', { trace: { from: 'nowhere' } })).status).toBe(400);
  expect((await begin('/api/what-if', { trace })).status).toBe(400);
  expect((await begin('/api/what-if', { trace, second: CONFIGURATION, seeds: 1 })).status).toBe(400);
});

it('closing the stream stops the job and frees its place', async () => {
  const long = { trace: { ...trace, requests: 50_000, rate: 500 } };
  // Both are refused for as long as the thread of a job before has not ended.
  for (let i = 0; ; i++) {
    const stop = new AbortController();
    const two = await Promise.all([1, 2].map(() => begin('/api/simulations', long, stop.signal)));
    const refused = (await Promise.all(two.map(firstOf))).filter(first => first.includes('gateway.overloaded'));
    stop.abort();
    if (refused.length === 2 && i < PATIENCE) await pause();
    else {
      expect(refused).toHaveLength(1);
      break;
    }
  }
  const told = await whenFree('/api/simulations', { trace });
  expect(told.at(-1)?.name, JSON.stringify(told.at(-1)?.data)).toBe('simulation');
});

it('the stream ends after the last event', async () => {
  const response = await begin('/api/simulations', { trace: { from: 'traffic' } });
  expect(await response.text()).toMatch(/^event: failed\ndata: .*\n\n$/);
});

it('lists rows of one’s own before the built-in ones, each name once, and says what is wrong with one', async () => {
  const ask = async (catalogue: string): Promise<Response> => begin('/api/catalogue', { catalogue });
  const attention = '{ kind: grouped, heads: 32, kv_heads: 8, head_dim: 128 }';
  const model = `{ hub: mine/Llama-3.1-8B-Instruct, layers: 32, hidden: 4096, intermediate: 14336, vocabulary: 128256, tied: false,
    attention: ${attention}, context: 4096, source: made for this test }`;
  const response = await ask(`models: [${model}]`);
  expect(response.status, await response.clone().text()).toBe(200);
  const { models } = (await response.json()) as { models: readonly { name: string; hub: string; context: number }[] };
  expect(models[0]).toEqual({ name: 'llama-3.1-8b', hub: 'mine/Llama-3.1-8B-Instruct', context: 4096 });
  expect(new Set(models.map(({ name }) => name)).size).toBe(models.length);
  const refused = await ask('gpus: [{ name: mine }]');
  expect(refused.status).toBe(400);
  expect(await refused.json()).toMatchObject({ error: { code: 'request.invalid', param: 'gpus.0.memory_bytes' } });
});
