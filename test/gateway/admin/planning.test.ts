import { afterAll, beforeAll, expect, it } from 'vitest';
import type { z } from 'zod';
import { ADMIN_ROUTES } from '#gateway/admin/routes.js';
import { type Configured, startConfigured } from './support.js';

let gateway: Configured;
beforeAll(async () => {
  gateway = await startConfigured(`router: { decisions: [{ name: all, when: otherwise, models: [llama-3.1-8b] }] }
pool:
  models: { llama-3.1-8b: {} }
  pools: { p: { model: llama-3.1-8b, gpu: h100, health: false, replicas: ["http://127.0.0.1:9"] } }
`);
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

/** The events of a stream up to the one of a name. */
async function until(response: Response, last: readonly string[]): Promise<readonly Told[]> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  const told: Told[] = [];
  let text = '';
  for (;;) {
    const { done, value = '' } = await reader.read();
    if (done) throw new Error(`the stream ended: ${text}`);
    text += value;
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const found = /^event: (.*)\ndata: (.*)$/s.exec(block);
      if (found === null) continue;
      told.push({ name: found[1]!, data: JSON.parse(found[2]!) });
      if (last.includes(found[1]!)) {
        await reader.cancel();
        return told;
      }
    }
  }
}

/** Once the thread of a job before has ended, which takes a moment. */
async function whenFree(path: string, body: object, last: readonly string[]): Promise<readonly Told[]> {
  for (let i = 0; ; i++) {
    const told = await until(await begin(path, body), [...last, 'failed']);
    const busy = (told.at(-1)!.data as { code?: string }).code === 'gateway.overloaded';
    if (!busy || i === 100) return told;
    await new Promise(resolve => setTimeout(resolve, 50));
  }
}

it.each([
  ['/api/plans', { trace, model: 'llama-3.1-8b', gpus: ['h100'], slo: { ttft_ms: 500, tpot_ms: 50 } }, 'plan'],
  ['/api/simulations', { trace }, 'simulation'],
] as const)(
  '%s tells what its schema says and ends with a result',
  async (path, body, last) => {
    const told = await whenFree(path, body, [last]);
    expect(told.at(-1)?.name, JSON.stringify(told.at(-1))).toBe(last);
    const schemas = ADMIN_ROUTES.find(route => route.path === path)!.events!;
    for (const { name, data } of told) expect((schemas[name] as z.ZodType).parse(data)).toMatchObject(data);
  },
  30_000,
);

it('what cannot be done fails with its code, and a body that is none is refused', async () => {
  const slo = { ttft_ms: 500, tpot_ms: 50 };
  const told = await whenFree('/api/plans', { trace, model: 'gpt-9', gpus: ['h100'], slo }, []);
  expect(told.at(-1)).toMatchObject({ name: 'failed', data: { code: 'config.unknown_reference' } });
  const nothing = await whenFree(
    '/api/plans',
    { trace: { from: 'traffic' }, model: 'qwen3-8b', gpus: ['h100'], slo },
    [],
  );
  expect(nothing.at(-1)).toMatchObject({ name: 'failed', data: { code: 'trace.unreadable' } });
  expect((await begin('/api/plans', { trace, model: 'qwen3-8b', gpus: [], slo })).status).toBe(400);
  expect((await begin('/api/simulations', { trace: { from: 'nowhere' } })).status).toBe(400);
}, 30_000);

it('closing the stream stops the job and frees its place', async () => {
  const stop = new AbortController();
  const long = { trace: { ...trace, requests: 50_000, rate: 500 } };
  const response = await begin('/api/simulations', long, stop.signal);
  await response.body!.getReader().read();
  const busy = await until(await begin('/api/simulations', { trace }), ['failed']);
  expect(busy.at(-1)?.data).toMatchObject({ code: 'gateway.overloaded' });
  stop.abort();
  const told = await whenFree('/api/simulations', { trace }, ['simulation']);
  expect(told.at(-1)?.name, JSON.stringify(told.at(-1)?.data)).toBe('simulation');
}, 30_000);
