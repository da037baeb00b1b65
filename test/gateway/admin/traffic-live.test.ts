import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { prefixReuse } from '#workload/shape/prefix-reuse.js';
import { readTrace } from '#workload/traces/read.js';
import { weir } from '../../cli/run.js';
import { type MockUpstream, startMockUpstream } from '../../support/mock-upstream.js';
import { type Configured, startConfigured } from './support.js';

const folder = mkdtempSync(join(tmpdir(), 'weir-live-'));
let upstream: MockUpstream;
let gateway: Configured;
beforeAll(async () => {
  upstream = await startMockUpstream();
  gateway = await startConfigured(`router: { decisions: [{ name: all, when: otherwise, models: [m] }] }
pool:
  models: { m: {} }
  pools: { p: { model: m, health: false, replicas: ["${upstream.url}"] } }
`);
});
afterAll(async () => {
  await gateway.dispose();
  await upstream.close();
  rmSync(folder, { recursive: true });
});

const SECRET = 'the quick brown fox jumps over the lazy dog and does so again ';

async function recorded(name: string) {
  const output = join(folder, name);
  const running = weir('trace', 'record', '--live', gateway.url, '--for', '2s', '--output', output);
  await expect.poll(() => gateway.gateway.tap.size).toBe(1);
  for (let i = 0; i < 3; i++) {
    await gateway.chat({ model: 'auto', messages: [{ role: 'user', content: `${SECRET.repeat(40)}${i}` }] });
  }
  const { code, stderr } = await running;
  expect(code, stderr).toBe(0);
  return readFileSync(output, 'utf8');
}

it('a live recording has tokens, models and shared beginnings, and no text; two of them have nothing in common', async () => {
  const texts = [await recorded('a.jsonl'), await recorded('b.jsonl')];
  for (const text of texts) {
    expect(text).not.toMatch(/fox|dog/);
    const trace = await readTrace(
      (async function* () {
        yield text;
      })(),
    );
    expect(trace).toMatchObject({ format: 'weir', timed: true, refused: 0 });
    expect(trace.requests).toHaveLength(3);
    expect(trace.requests[0]).toMatchObject({ promptTokens: 11, outputTokens: 4, model: 'm' });
    expect(prefixReuse(trace.requests)?.infinite).toBeGreaterThan(0.5);
  }
  const hashesOf = (text: string) => new Set([...text.matchAll(/\d{10,}/g)].map(([hash]) => hash));
  const [first, second] = texts.map(hashesOf);
  expect(first!.size).toBeGreaterThan(0);
  expect([...first!].filter(hash => second!.has(hash)).length).toBeLessThanOrEqual(0);
});

it('is refused where it cannot be', async () => {
  const none = await weir('trace', 'record', '--live', 'http://127.0.0.1:9');
  expect([none.code, none.stderr]).toEqual([2, expect.stringMatching(/does not answer/)]);
  const since = await weir('trace', 'record', '--live', gateway.url, '--since', '1h');
  expect(since.code).toBe(2);
});
