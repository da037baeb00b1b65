import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { withoutSecrets } from '#gateway/upstream/secrets.js';
import { type MockUpstream, startMockUpstream } from '../support/mock-upstream.js';
import { type RunningGateway, startGateway } from '../support/running-gateway.js';

const KEY = 'sk-provider-0123456789abcdef';
const OTHER = 'another-secret-of-the-pool';
let engine: MockUpstream;
let gateway: RunningGateway;

beforeAll(async () => {
  engine = await startMockUpstream();
});
afterAll(() => engine.close());
beforeEach(async () => {
  gateway = await startGateway(`
pool:
  models: { m: { context: 32k } }
  pools: { m: { model: m, api_key: ${KEY}, headers: { x-tenant-token: ${OTHER} }, health: false, replicas: ["${engine.url}"] } }
`);
});
afterEach(() => gateway.close());

it.each([400, 401, 403, 429, 500])(
  'a provider that repeats its key with status %i does not give it away',
  async status => {
    engine.behaviour = { kind: 'status', status, message: `Incorrect API key provided: ${KEY}; ${OTHER}; no room` };
    const response = await gateway.chat({ model: 'm' });
    const said = await response.text();
    expect(engine.seen.at(-1)!.headers.authorization).toBe(`Bearer ${KEY}`);
    for (const shown of [
      said,
      JSON.stringify(await gateway.recordOf(response)),
      JSON.stringify([...response.headers]),
    ]) {
      expect(shown).not.toContain(KEY);
      expect(shown).not.toContain(OTHER);
    }
    // What is no secret is still said, unless it is about Weir's own key.
    expect(said.includes('no room')).toBe(status !== 401 && status !== 403);
  },
);

it('what Weir tells of itself holds no key of a provider', async () => {
  for (const path of ['/api/state', '/api/configuration', '/api/pools', '/api/replicas', '/metrics', '/v1/models']) {
    const text = await (await fetch(gateway.url + path)).text();
    expect(text, path).not.toContain(KEY);
    expect(text, path).not.toContain(OTHER);
  }
});

it('takes credentials out of a text, and nothing else', () => {
  const shown = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json', 'x-key': 'short' };
  expect(withoutSecrets(`application/json ${KEY}${KEY} short`, shown)).toBe('application/json •••••• short');
});
