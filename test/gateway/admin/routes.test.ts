import { afterAll, beforeAll, expect, it } from 'vitest';
import type { z } from 'zod';
import { ADMIN_ROUTES } from '#gateway/admin/routes.js';
import { type MockUpstream, startMockUpstream } from '../../support/mock-upstream.js';
import { type Answer, ask, type Configured, startConfigured } from './support.js';

let upstream: MockUpstream;
let gateway: Configured;

beforeAll(async () => {
  upstream = await startMockUpstream();
  gateway = await startConfigured(
    `# kept
router:
  signals: { hard: { keyword: { any: [prove] } } }
  decisions:
    - { name: deep, when: hard, models: [large] }
    - { name: default, when: otherwise, models: [small, large], select: static }
pool:
  models:
    small: { price: { prompt: 1, completion: 2, cached: 0.5 }, context: 32k, quality: 0.3 }
    large: { price: { prompt: 10, completion: 20 }, context: 128k, quality: 0.9 }
    paired: { price: { prompt: 1, completion: 2 }, context: 32k, quality: 0.1 }
  pools:
    s: { model: small, health: false, replicas: ["${upstream.url}"] }
    l: { model: large, health: false, replicas: ["${upstream.url}"] }
    brief: { model: paired, context: 8k, health: false, replicas: ["${upstream.url}"] }
    whole: { model: paired, health: false, replicas: ["${upstream.url}"] }
  rebalance: { day: { short: brief, long: whole } }
`,
    { OPENAI_API_KEY: 'sk-do-not-show-this-key' },
  );
  await gateway.chat({ model: 'auto' });
  await gateway.chat({ model: 'auto', messages: [{ role: 'user', content: 'prove it' }] });
});
afterAll(async () => {
  await gateway.dispose();
  await upstream.close();
});

const call = (name: string, options: { body?: unknown; path?: string } = {}): Promise<Answer> => {
  const [method = '', path = ''] = name.split(' ');
  return ask(gateway.url, method, options.path ?? path, options.body === undefined ? {} : { body: options.body });
};

/** Each call of the API, once. */
const CALLS: Readonly<Record<string, { body?: unknown; path?: string | (() => Promise<string>) }>> = {
  'GET /api/openapi.json': {},
  'GET /api/session': {},
  'GET /api/state': {},
  'GET /api/overview': {},
  'GET /api/workload': {},
  'GET /api/catalogue': {},
  'POST /api/catalogue': { body: { catalogue: 'models: []' } },
  'GET /api/records': {},
  'GET /api/records/{id}': {
    path: async () => `/api/records/${(await gateway.records.list({ limit: 1 }))[0]?.id}`,
  },
  'POST /api/explain': { body: { model: 'auto', messages: [{ role: 'user', content: 'prove it' }] } },
  'GET /api/models': {},
  'GET /api/pools': {},
  'GET /api/pools/recommendations': {},
  'GET /api/replicas': {},
  'POST /api/replicas/{id}/drain': { path: '/api/replicas/REPLICA/drain', body: {} },
  'POST /api/replicas/{id}/undrain': { path: '/api/replicas/REPLICA/undrain', body: {} },
  'GET /api/configuration': {},
  'GET /api/configuration/schema': {},
  'POST /api/configuration/check': { body: { text: 'pool: {}' } },
  'POST /api/configuration': { path: '/api/configuration', body: 'CHANGED' },
  'GET /api/configuration/versions': {},
  'GET /api/configuration/versions/{number}': { path: '/api/configuration/versions/1' },
  'GET /api/configuration/difference': { path: '/api/configuration/difference?from=1' },
  'POST /api/configuration/rollback': { body: { to: 1 } },
  'GET /api/heads': {},
  'GET /api/rebalance': {},
  'POST /api/rebalance/{pair}/pause': { path: '/api/rebalance/day/pause', body: {} },
  'POST /api/rebalance/{pair}/resume': { path: '/api/rebalance/day/resume', body: {} },
  'POST /api/rebalance/{pair}/revert': { path: '/api/rebalance/day/revert', body: {} },
  'GET /api/discovery': {},
  'POST /api/discovery/test': { body: 'TEST' },
  'POST /api/discovery/proposal': {
    body: { backends: [{ url: 'http://127.0.0.1:8000', models: [{ id: 'Qwen/Qwen3-8B', context: 32768 }] }] },
  },
};
/** Tested with the engines that have them, by reading a stream, with local models, and (in governance.test.ts) where callers have keys. */
const ELSEWHERE = [
  'POST /api/replicas/{id}/faults',
  'GET /api/records/live',
  'POST /api/classify',
  'POST /api/embeddings',
  'POST /api/similarity',
  'POST /api/plans',
  'GET /api/traffic/live',
  'POST /api/simulations',
  'POST /api/what-if',
];
const GOVERNANCE = /^\S+ \/api\/(?:whoami|keys|teams|users|budgets|usage|audit)\b/;

it('every route answers what its schema says, and nothing that the schema does not list', async () => {
  const names = ADMIN_ROUTES.map(({ method, path }) => `${method} ${path}`).filter(name => !GOVERNANCE.test(name));
  expect([...Object.keys(CALLS), ...ELSEWHERE].sort()).toEqual([...names].sort());
  for (const route of ADMIN_ROUTES) {
    const name = `${route.method} ${route.path}`;
    const given = CALLS[name];
    if (given === undefined) continue;
    const replica = encodeURIComponent(gateway.gateway.runtime.pool.replicas()[0]?.id ?? '');
    const path = typeof given.path === 'function' ? await given.path() : (given.path ?? route.path);
    const body =
      given.body === 'CHANGED'
        ? { text: `${gateway.text()}# changed\n`, note: 'a comment' }
        : given.body === 'TEST'
          ? { url: upstream.url }
          : given.body;
    const answer = await call(name, {
      path: path.replace('REPLICA', replica),
      ...(body === undefined ? {} : { body }),
    });
    expect([name, answer.status, answer.body.error]).toEqual([name, 200, undefined]);
    expect((route.answer as z.ZodType).parse(answer.body), name).toEqual(answer.body);
    expect(JSON.stringify(answer.body), name).not.toContain('sk-do-not-show');
  }
});

it('the overview counts requests, money and what the best model would have cost', async () => {
  const { body } = await call('GET /api/overview', { path: '/api/overview?window=15m' });
  expect(body.best_model).toBe('large');
  expect(body.total).toMatchObject({ requests: 2, answered: 2, failed: 0 });
  // 11 prompt tokens of which 5 cached, 4 completion tokens, each time; see the mock.
  const large = (11 * 10 + 4 * 20) / 1e6;
  const small = (6 * 1 + 5 * 0.5 + 4 * 2) / 1e6;
  expect(body.total.cost_usd).toBeCloseTo(large + small, 12);
  expect(body.total.baseline_usd).toBeCloseTo(2 * large, 12);
  expect(body.points).toHaveLength(90);
  expect(body.points.reduce((sum: number, { requests }: { requests: number }) => sum + requests, 0)).toBe(2);
  expect(body.models.map(({ name }: { name: string }) => name).sort()).toEqual(['large', 'small']);
  expect(body.decisions.map(({ name }: { name: string }) => name).sort()).toEqual(['deep', 'default']);
});

it('records can be searched by any of their words, page by page', async () => {
  const deep = await call('GET /api/records', { path: '/api/records?q=PROVE' });
  expect(deep.body.records.map((record: { decision: string }) => record.decision)).toEqual(['deep']);
  const first = await call('GET /api/records', { path: '/api/records?limit=1' });
  expect(first.body.records).toHaveLength(1);
  const second = await call('GET /api/records', { path: `/api/records?limit=1&before=${first.body.next}` });
  expect(second.body.records).toHaveLength(1);
  expect(second.body.records[0].id).not.toBe(first.body.records[0].id);
  expect((await call('GET /api/records', { path: '/api/records?q=nowhere' })).body).toEqual({ records: [] });
});

it('a live tail tells of requests as they end, those that are asked for', async () => {
  const response = await fetch(`${gateway.url}/api/records/live?decision=deep`);
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  await gateway.chat({ model: 'auto' });
  const asked = await gateway.chat({ model: 'auto', messages: [{ role: 'user', content: 'prove it' }] });
  let text = '';
  while (!text.includes('\n\n')) text += (await reader.read()).value ?? '';
  await reader.cancel();
  expect(text).toMatch(/^event: record\ndata: /);
  expect(JSON.parse(text.slice(text.indexOf('{'), text.indexOf('\n\n')))).toMatchObject({
    id: asked.headers.get('x-request-id'),
    decision: 'deep',
  });
});

it('a drained replica gets no more until it is put back', async () => {
  const { body } = await call('GET /api/replicas');
  const { id } = body.replicas.find((one: { pool: string }) => one.pool === 's');
  const path = `/api/replicas/${encodeURIComponent(id)}`;
  const drained = await call('POST drain', { path: `${path}/drain`, body: {} });
  expect(drained.body).toMatchObject({ id, drained: true, unavailable: 'drained' });
  // The static order says small; its only replica is out.
  expect((await gateway.chat({ model: 'auto' })).headers.get('x-weir-model')).toBe('large');
  const back = await call('POST undrain', { path: `${path}/undrain`, body: {} });
  expect(back.body.drained).toBe(false);
  expect(back.body.unavailable).toBeUndefined();
  expect((await gateway.chat({ model: 'auto' })).headers.get('x-weir-model')).toBe('small');
});

it('finds keys by name only, and sends one to no server but its provider’s', async () => {
  const { body } = await call('GET /api/discovery');
  expect(body.keys).toEqual([
    { provider: 'OpenAI', variable: 'OPENAI_API_KEY', url: 'https://api.openai.com', api: 'openai' },
  ]);
  upstream.seen.length = 0;
  const test = await call('POST /api/discovery/test', { body: { url: upstream.url, variable: 'OPENAI_API_KEY' } });
  expect([test.status, test.body.error.code]).toEqual([400, 'request.invalid']);
  expect(upstream.seen).toEqual([]);
  const metadata = await call('POST /api/discovery/test', { body: { url: 'http://169.254.169.254/latest' } });
  expect([metadata.status, metadata.body.error.param]).toEqual([400, 'url']);
});

it('says of a backend that cannot be reached why not', async () => {
  const { body } = await call('POST /api/discovery/test', { body: { url: 'http://127.0.0.1:9' } });
  expect(body).toMatchObject({ reachable: false, problem: { code: 'upstream.connect' } });
});
