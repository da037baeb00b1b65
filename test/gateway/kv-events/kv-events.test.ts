import { encode } from '@msgpack/msgpack';
import { afterEach, describe, expect, test } from 'vitest';
import { Dealer, Publisher, Router } from 'zeromq';
import { type EngineServer, startEngineServer } from '#engine-server/server.js';
import type { RuntimePorts } from '#gateway/runtime.js';
import { loadKvEventLibrary } from '#protocols/kv-events/library.js';
import { endBytes, readSequence, sequenceBytes } from '#protocols/kv-events/sequence-number.js';
import { createLogger } from '#telemetry/log.js';
import { startMockUpstream } from '../../support/mock-upstream.js';
import { metricOf, type RunningGateway, startGateway } from '../../support/running-gateway.js';

const FREE = { events: 'tcp://127.0.0.1:*', replay: 'tcp://127.0.0.1:*' };
const ENGINE = { model: 'llama-3.1-8b', gpu: 'h100', servedAs: 'm', instant: true, answerTokens: 8 };

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function engine(more: object = {}): Promise<EngineServer> {
  const server = await startEngineServer({ ...ENGINE, kvEvents: FREE, ...more });
  ends.push(() => server.close());
  return server;
}

interface Told {
  readonly url: string;
  readonly kvEvents?: { readonly events: string; readonly replay?: string | undefined } | undefined;
}

async function gatewayBefore(
  engines: readonly Told[],
  more = '',
  own: Partial<RuntimePorts> = {},
): Promise<RunningGateway> {
  const replicas = engines.map(
    ({ url, kvEvents }, at) =>
      `{ url: "${url}", id: r${at}, kv_events: { url: "${kvEvents!.events}", replay: "${kvEvents!.replay}" } }`,
  );
  const yaml = `
pool:
  models: { m: {} }
  pools: { p: { model: m, replicas: [${replicas}], kv_events: { tokenize: { from: 0, timeout: 5s } }${more} } }
router:
  decisions: [{ name: all, when: otherwise, models: [m] }]
`;
  const gateway = await startGateway(yaml, {}, own);
  ends.push(() => gateway.close());
  return gateway;
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise(resolve => setTimeout(resolve, 10));
}

const known = (gateway: RunningGateway, ...replicas: readonly string[]) =>
  until(() => replicas.every(id => gateway.gateway.runtime.pool.blocks(`p/${id}`)?.knows(`p/${id}`)));

const TEXT = 'Water waits behind the weir until a gate lifts. '.repeat(40);
const asking = (content: string) => ({ model: 'm', messages: [{ role: 'user', content }] });

/** Asks an engine behind the gateway's back. */
async function direct({ url }: Told, content: string): Promise<void> {
  const body = JSON.stringify({ ...asking(content), max_tokens: 4 });
  await (await fetch(`${url}/v1/chat/completions`, { method: 'POST', body })).json();
}

async function placed(gateway: RunningGateway, content: string) {
  const response = await gateway.chat(asking(content));
  const { usage } = (await response.json()) as { usage: { prompt_tokens_details?: { cached_tokens: number } } };
  const { placement } = await gateway.recordOf(response);
  return { ...placement!, cached: usage.prompt_tokens_details?.cached_tokens ?? 0 };
}

describe('KV events of engines', () => {
  test('what others had computed is known: the prompt goes there, and finds what was foretold', async () => {
    const engines = await Promise.all([engine(), engine({ seed: 2 }), engine({ seed: 3 })]);
    const gateway = await gatewayBefore(engines);
    await known(gateway, 'r0', 'r1', 'r2');
    await direct(engines[1]!, TEXT);
    await until(() => gateway.gateway.runtime.pool.blocks('p/r1')!.sizeOf('p/r1') > 0);
    const placement = await placed(gateway, `${TEXT} What then?`);
    expect(placement).toMatchObject({ replica: 'p/r1', prefixSource: 'events' });
    expect(placement.cached).toBeGreaterThan(400);
    const { metrics } = gateway;
    expect(await metricOf(metrics, 'weir_kv_events_exact')).toBe(3);
    expect(gateway.gateway.runtime.promptTokens.counts).toMatchObject({ asked: 1, answered: 1, failed: 0 });
    expect(await metricOf(metrics, 'weir_kv_events_total', { replica: 'p/r1' })).toBeGreaterThan(0);
  });

  test('what was computed before anybody listened is replayed', async () => {
    const first = await engine();
    await direct(first, TEXT);
    const gateway = await gatewayBefore([await engine({ seed: 2 }), first]);
    await known(gateway, 'r0', 'r1');
    expect(await placed(gateway, TEXT)).toMatchObject({ replica: 'p/r1', prefixSource: 'events' });
  });

  test('what an engine had to evict is not expected of it any more', async () => {
    const small = await engine({ blocks: 200, contextTokens: 3000 });
    const gateway = await gatewayBefore([small, await engine({ seed: 2, blocks: 200, contextTokens: 3000 })]);
    await known(gateway, 'r0', 'r1');
    await direct(small, TEXT);
    for (const other of ['x', 'y']) await direct(small, `${other} ${TEXT.repeat(5)}`);
    const ledger = gateway.gateway.runtime.pool.blocks('p/r0')!;
    const body = JSON.stringify(asking(TEXT));
    const said = await fetch(`${small.url}/tokenize`, { method: 'POST', body });
    const { tokens } = (await said.json()) as { tokens: number[] };
    await until(() => ledger.sizeOf('p/r0') > 100 && ledger.held('p/r0', tokens, '')?.device === 0);
    expect((await placed(gateway, TEXT)).expectedPrefixTokens).toBe(0);
  });

  test('a prompt that was given up to the host is told of with its tier and what reading it takes', async () => {
    const named = { servedAs: 'llama-3.1-8b', blocks: 200, contextTokens: 3000, hostMemory: 10 };
    const small = await engine(named);
    const hardware = ', served_as: llama-3.1-8b, gpu: h100, host_memory: { size: 10GB, link: 20 }';
    const gateway = await gatewayBefore([small, await engine({ ...named, seed: 2 })], hardware);
    await known(gateway, 'r0', 'r1');
    const ask = async (content: string) => {
      const body = JSON.stringify({ model: named.servedAs, messages: asking(content).messages, max_tokens: 4 });
      await (await fetch(`${small.url}/v1/chat/completions`, { method: 'POST', body })).json();
      return (await (await fetch(`${small.url}/tokenize`, { method: 'POST', body })).json()) as { tokens: number[] };
    };
    const { tokens } = await ask(TEXT);
    for (const other of ['x', 'y']) await ask(`${other} ${TEXT.repeat(5)}`);
    const held = () => gateway.gateway.runtime.pool.blocks('p/r0')!.held('p/r0', tokens, '');
    await until(() => (held()?.host ?? 0) > 400 && held()?.device === 0);
    const { expectedPrefixTokens, prefixTiers } = await placed(gateway, TEXT);
    expect(prefixTiers).toEqual({
      ...{ host: expectedPrefixTokens, disk: 0 },
      ...{ readMs: expect.closeTo((1000 * expectedPrefixTokens * 131_072) / 20e9, 9), computeMs: expect.any(Number) },
    });
  });

  test('an engine that restarts is known to hold nothing, and is followed on', async () => {
    const one = await engine();
    const gateway = await gatewayBefore([one, await engine({ seed: 2 })]);
    await known(gateway, 'r0', 'r1');
    await direct(one, TEXT);
    const ledger = gateway.gateway.runtime.pool.blocks('p/r0')!;
    await until(() => ledger.sizeOf('p/r0') > 0);
    await one.close();
    await until(() => !ledger.knows('p/r0'));
    const again = await engine({ port: one.port, kvEvents: one.kvEvents });
    await until(() => ledger.knows('p/r0') && ledger.sizeOf('p/r0') === 0);
    await direct(again, TEXT);
    await until(() => ledger.sizeOf('p/r0') > 0);
    expect(await placed(gateway, TEXT)).toMatchObject({ replica: 'p/r0', prefixSource: 'events' });
  });

  test('with events that cannot be had, and tokens that do not come, requests are placed all the same', async () => {
    const engines = await Promise.all([engine(), engine({ seed: 2 })]);
    const nowhere = { events: 'tcp://127.0.0.1:9', replay: 'tcp://127.0.0.1:9' };
    const gateway = await gatewayBefore(engines.map(({ url }) => ({ url, kvEvents: nowhere })));
    const placement = await placed(gateway, TEXT);
    expect(placement.prefixSource).toBeUndefined();
    expect((await placed(gateway, TEXT)).replica).toBe(placement.replica);
    expect(await metricOf(gateway.metrics, 'weir_kv_events_exact')).toBe(0);
  });

  test('an engine that tells no tokens leaves it at the estimate', async () => {
    const telling = await Promise.all([engine(), engine({ seed: 2 })]);
    // Whatever it is asked, it answers as to a chat.
    const mocks = await Promise.all([startMockUpstream(), startMockUpstream()]);
    ends.push(() => Promise.all(mocks.map(mock => mock.close())));
    const gateway = await gatewayBefore(mocks.map(({ url }, at) => ({ url, kvEvents: telling[at]!.kvEvents })));
    await known(gateway, 'r0', 'r1');
    const response = await gateway.chat(asking(TEXT));
    expect(response.status).toBe(200);
    const { placement, stages } = await gateway.recordOf(response);
    expect(placement!.prefixSource).toBeUndefined();
    expect(stages.map(({ stage }) => stage)).toContain('tokenize');
    expect(gateway.gateway.runtime.promptTokens.counts).toMatchObject({ asked: 1, failed: 1 });
  });
});

/** The sockets of an engine: what is `kept` is replayed to who asks, and from where on they asked is noted. */
async function spoken() {
  const publisher = new Publisher({ linger: 0 });
  const router = new Router({ linger: 0 });
  await publisher.bind('tcp://127.0.0.1:*');
  await router.bind('tcp://127.0.0.1:*');
  ends.push(
    () => router.close(),
    () => publisher.close(),
  );
  const kept: Buffer[] = [];
  const asked: number[] = [];
  void (async () => {
    try {
      for await (const [client, , number] of router) {
        const from = Number(readSequence(number));
        asked.push(from);
        for (let at = from; at < kept.length; at++) await router.send([client!, '', sequenceBytes(at), kept[at]!]);
        await router.send([client!, '', endBytes(), '']);
      }
    } catch {
      // Closed at the end of the test.
    }
  })();
  return { publisher, kept, asked, kvEvents: { events: publisher.lastEndpoint!, replay: router.lastEndpoint! } };
}

const batch = (at: number, events: unknown[]) => Buffer.from(encode([at, events, 0], { useBigInt64: true }));
const stored = (name: bigint, parent: bigint | null, tokens: number[]) => [
  ...['BlockStored', [name], parent, tokens, 4, null, 'GPU'],
];

describe('the wire of vLLM, spoken by another', () => {
  test('a gap is filled over the replay socket; a malformed batch changes nothing', async () => {
    const { publisher, kept, asked, kvEvents } = await spoken();
    const engines = await Promise.all([engine(), engine({ seed: 2 })]);
    const gateway = await gatewayBefore([{ url: engines[0]!.url, kvEvents }, engines[1]!]);
    await known(gateway, 'r0', 'r1');
    const ledger = gateway.gateway.runtime.pool.blocks('p/r0')!;
    kept.push(batch(1, [stored(0xffff_ffff_ffff_fff0n, null, [1, 2, 3, 4])]));
    kept.push(batch(2, [stored(0xffff_ffff_ffff_fff1n, 0xffff_ffff_ffff_fff0n, [5, 6, 7, 8])]));
    kept.push(batch(3, [['SomethingNew', 1], stored(7n, 0xffff_ffff_ffff_fff1n, [9, 9, 9, 9])]));
    await publisher.send(['', sequenceBytes(0), kept[0]!]);
    await until(() => ledger.sizeOf('p/r0') === 1);
    await publisher.send(['', sequenceBytes(1), Buffer.from([0xc1])]);
    await publisher.send(['', sequenceBytes(2), kept[2]!]);
    await until(() => ledger.sizeOf('p/r0') === 3);
    expect(ledger.held('p/r0', [1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 9, 0], '')?.device).toBe(12);
    expect(asked).toEqual([0, 0]);
    expect(await metricOf(gateway.metrics, 'weir_kv_event_gaps_total', { replica: 'p/r0' })).toBe(1);
    expect(await metricOf(gateway.metrics, 'weir_kv_event_malformed_total', { replica: 'p/r0' })).toBe(1);
  });

  test('an event that cannot be read makes its replica partly known, is told of once, and has nothing replayed', async () => {
    const { publisher, asked, kvEvents } = await spoken();
    const engines = await Promise.all([engine(), engine({ seed: 2 })]);
    const lines: string[] = [];
    const log = createLogger({ level: 'warn', format: 'json', stream: { write: line => lines.push(line) } });
    const gateway = await gatewayBefore([{ url: engines[0]!.url, kvEvents }, engines[1]!], '', { log });
    await known(gateway, 'r0', 'r1');
    const ledger = gateway.gateway.runtime.pool.blocks('p/r0')!;
    let sent = 0;
    const say = (...events: unknown[]) => publisher.send(['', sequenceBytes(sent), batch(++sent, events)]);
    const told = (text: string) => lines.filter(line => line.includes(text)).length;
    await say(['SomethingNew', 1], stored(1n, null, [1, 2, 3, 4]), { type: 'Other' });
    await until(() => ledger.sizeOf('p/r0') === 1);
    expect(ledger.knows('p/r0')).toBe(true);
    await say(['BlockStored', ['x'], null, [5, 6, 7, 8], 4], stored(2n, 1n, [5, 5, 5, 5]));
    await until(() => ledger.sizeOf('p/r0') === 2);
    expect(ledger.knowledge('p/r0')).toBe('partial');
    expect(ledger.held('p/r0', [1, 2, 3, 4, 5, 5, 5, 5, 0], '')?.device).toBe(8);
    await say(['BlockRemoved', 'x'], stored(3n, null, [9, 9, 9, 9]));
    await until(() => ledger.sizeOf('p/r0') === 1);
    expect(ledger.knowledge('p/r0')).toBe('partial');
    expect(await metricOf(gateway.metrics, 'weir_kv_events_exact', { replica: 'p/r0' })).toBe(0);
    expect(await metricOf(gateway.metrics, 'weir_kv_event_unread_total', { replica: 'p/r0' })).toBe(2);
    expect(await metricOf(gateway.metrics, 'weir_kv_event_malformed_total', { replica: 'p/r0' })).toBe(0);
    expect([told('events of a prefix cache cannot be read'), told('"replica":"p/r0"')]).toEqual([1, 1]);
    await say(['AllBlocksCleared']);
    await until(() => ledger.knows('p/r0'));
    expect(asked).toEqual([0]);
  });

  test('the simulated engine publishes and replays what vLLM would', async () => {
    const one = await engine();
    await direct(one, TEXT);
    const { msgpack } = await loadKvEventLibrary();
    const dealer = new Dealer({ linger: 0 });
    ends.push(() => dealer.close());
    dealer.connect(one.kvEvents!.replay!);
    await dealer.send(['', sequenceBytes(0)]);
    const [empty, number, payload] = await dealer.receive();
    expect([empty!.length, readSequence(number)]).toEqual([0, 0]);
    const [at, [event], rank] = msgpack.decode(payload!, { useBigInt64: true }) as [number, unknown[][], number];
    expect([typeof at, rank]).toEqual(['number', 0]);
    const [tag, blocks, parent, tokens, size, lora, medium] = event!;
    expect([tag, parent, size, lora, medium]).toEqual(['BlockStored', null, 16, null, 'GPU']);
    expect((tokens as number[]).length).toBe((blocks as unknown[]).length * 16);
  });
});
