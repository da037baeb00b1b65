import { request } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { seededRandom } from '#contract/random.js';
import { type FaultInput, Faults, parseFault } from '#engine-server/faults.js';
import { type EngineServer, startEngineServer } from '#engine-server/server.js';
import { VirtualClock } from '../support/virtual-clock.js';
import { ask, readEvents } from './http.js';

const open: EngineServer[] = [];

async function engine(fault?: FaultInput, speed = 2000): Promise<EngineServer> {
  const faults = fault === undefined ? [] : [fault];
  const server = await startEngineServer({ model: 'qwen3-8b', gpu: 'h100', servedAs: 'small', speed, faults });
  open.push(server);
  return server;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map(server => server.close()));
});

const chat = (server: EngineServer) => `${server.url}/v1/chat/completions`;
const plain = { model: 'small', messages: [{ role: 'user', content: 'hello' }], max_tokens: 12 };
const stream = { ...plain, stream: true };

/** The events that came before the connection broke. */
async function brokenStream(server: EngineServer) {
  const error = await ask(chat(server), stream).catch((failure: { partial?: string }) => failure);
  return readEvents((error as { partial?: string }).partial ?? '');
}

describe('an engine with a fault', () => {
  test('error: answers with the status', async () => {
    const server = await engine({ kind: 'error', status: 502 });
    const reply = await ask(chat(server), plain);
    expect([reply.status, JSON.parse(reply.text)]).toMatchObject([502, { error: { type: 'SimulatedFault' } }]);
    expect((await ask(`${server.url}/health`)).status).toBe(200);
    expect(server.stats().submitted).toBe(0);
  });

  test('hang_up: gives no byte', async () => {
    const server = await engine({ kind: 'hang_up' });
    await expect(ask(chat(server), plain)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  test('cut: breaks the stream off after the tokens it says, and frees the sequence', async () => {
    const server = await engine({ kind: 'cut', after_tokens: 5 });
    const { events, done } = await brokenStream(server);
    expect(events).toHaveLength(5);
    expect(done).toBe(false);
    expect(server.stats()).toMatchObject({ running: 0, usedBlocks: 0 });
  });

  test('cut: breaks off an answer that is too short for it, and one that does not stream', async () => {
    const server = await engine({ kind: 'cut', after_tokens: 500 });
    const { events, done } = await brokenStream(server);
    expect([events.length, done]).toEqual([12, false]);
    await expect(ask(chat(server), plain)).rejects.toMatchObject({ partial: expect.stringContaining('{"id"') });
  });

  test('stall: leaves the connection open and silent', async () => {
    const server = await engine({ kind: 'stall', after_tokens: 2 });
    const outgoing = request(chat(server), { method: 'POST', agent: false });
    outgoing.end(JSON.stringify(stream));
    let text = '';
    let ended = false;
    outgoing.on('error', () => undefined);
    outgoing.on('response', response => {
      response.setEncoding('utf8').on('data', chunk => {
        text += chunk;
      });
      response
        .on('error', () => undefined)
        .on('end', () => {
          ended = true;
        });
    });
    while (server.stats().cancelled === 0) await new Promise(resolve => setImmediate(resolve));
    // Another request goes through on the same loop: whatever was to come for the stalled one has come.
    server.setFault({ kind: 'none' });
    expect((await ask(chat(server), plain)).status).toBe(200);
    expect([readEvents(text).events.length, readEvents(text).done, ended]).toEqual([2, false, false]);
    outgoing.destroy();
  });

  test('slow: takes as many times longer, and still gives all of the answer', async () => {
    const server = await engine({ kind: 'slow', factor: 10 }, 20);
    const { events, done } = readEvents((await ask(chat(server), { ...stream, max_tokens: 20 })).text);
    expect([events.length, done]).toEqual([21, true]);
    const { text } = await ask(`${server.url}/metrics`);
    const seconds = Number(/vllm:e2e_request_latency_seconds_sum\{[^}]*\} (\S+)/.exec(text)![1]);
    // 20 iterations that each read 15.1 GB of weights at no more than 3.35 TB/s, at a speed of 20 / 10.
    expect(seconds).toBeGreaterThan((20 * 15.1e9) / 3.35e12 / 2);
  });

  test('is set, shown and ended over HTTP', async () => {
    const server = await engine();
    const url = `${server.url}/faults`;
    const set = await ask(url, { kind: 'error', share: 1, for: '10s' });
    expect(JSON.parse(set.text)).toMatchObject({ faults: [{ kind: 'error', share: 1, status: 503 }] });
    expect((await ask(chat(server), plain)).status).toBe(503);
    expect((await ask(url, { kind: 'flood' })).status).toBe(400);
    expect((await ask(url, { kind: 'cut', shares: 1 })).status).toBe(400);
    await ask(url, { kind: 'none' });
    expect(JSON.parse((await ask(url)).text)).toEqual({ faults: [] });
    expect((await ask(chat(server), plain)).status).toBe(200);
  });
});

describe('faults', () => {
  test('happen to their share of requests, the same ones under the same seed', () => {
    const drawn = (seed: number) => {
      const faults = new Faults(new VirtualClock(), seededRandom(seed));
      faults.set({ kind: 'cut', share: 0.25 });
      return Array.from({ length: 400 }, () => faults.draw()?.kind);
    };
    expect(drawn(1)).toEqual(drawn(1));
    expect(drawn(1)).not.toEqual(drawn(2));
    const hit = drawn(1).filter(kind => kind === 'cut').length;
    expect(hit).toBeGreaterThan(70);
    expect(hit).toBeLessThan(130);
  });

  test('end after the time they are set for', () => {
    const time = new VirtualClock();
    const faults = new Faults(time, seededRandom(1));
    faults.set({ kind: 'stall', for: '10s' });
    time.advance(9999);
    expect(faults.draw()).toMatchObject({ kind: 'stall' });
    time.advance(1);
    expect(faults.draw()).toBeUndefined();
  });

  test('are read from the command line, or refused', () => {
    expect(parseFault('slow:0.5:4')).toEqual({ kind: 'slow', share: 0.5, factor: 4 });
    expect(parseFault('error:0.2:500')).toEqual({ kind: 'error', share: 0.2, status: 500 });
    expect(parseFault('cut')).toEqual({ kind: 'cut' });
    for (const text of ['', 'none', 'flood', 'cut:2', 'cut:x', 'hang_up:1:1', 'slow:1:2:3']) {
      expect(() => parseFault(text)).toThrow(expect.objectContaining({ code: 'usage.invalid' }));
    }
  });
});
