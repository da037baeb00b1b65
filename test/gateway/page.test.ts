import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RunningGateway, startGateway } from '../support/running-gateway.js';

let gateway: RunningGateway;

beforeAll(async () => {
  gateway = await startGateway(`router: { decisions: [{ name: hello, when: otherwise, respond: Hello. }] }
pool: { models: { small: {} }, pools: { small: { model: small, replicas: [http://127.0.0.1:9] } } }
`);
});

afterAll(() => gateway.close());

const get = (path: string, headers: Record<string, string> = {}) => fetch(`${gateway.url}${path}`, { headers });

it('is sent compressed to whoever takes that, and whole to others', async () => {
  const whole = await get('/', { 'accept-encoding': 'identity' });
  expect(whole.headers.get('content-encoding')).toBe(null);
  const text = await whole.text();
  expect(text).toContain('<div id="app">');
  const refused = await get('/', { 'accept-encoding': 'gzip;q=0, identity' });
  expect(refused.headers.get('content-encoding')).toBe(null);
  const zipped = await get('/', { 'accept-encoding': 'br, gzip' });
  expect(zipped.headers.get('content-encoding')).toBe('gzip');
  expect(zipped.headers.get('vary')).toBe('accept-encoding');
  expect(await zipped.text()).toBe(text);
});
