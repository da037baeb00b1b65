import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type MockUpstream, startMockUpstream } from '../../support/mock-upstream.js';
import { type RunningGateway, startGateway } from '../../support/running-gateway.js';

let engine: MockUpstream;
let weir: RunningGateway;
const sockets: Socket[] = [];

beforeEach(async () => {
  engine = await startMockUpstream();
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all([weir.close(), engine.close()]);
});

const start = async (more = '') => {
  weir = await startGateway(`
pool:
  models: { m: {} }
  pools: { p: { model: m, health: false, replicas: ["${engine.url}"] } }
${more}`);
};

/** Asks over a connection that takes nothing in until it is told to. */
function ask(body: object): Socket {
  const text = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hello' }], ...body });
  const socket = connect(Number(new URL(weir.url).port), '127.0.0.1');
  sockets.push(socket);
  socket.pause();
  socket.on('error', () => undefined);
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${text.length}\r\n\r\n${text}`,
  );
  return socket;
}

/** All that comes until the connection closes. */
function restOf(socket: Socket): Promise<Buffer> {
  return new Promise(resolve => {
    const pieces: Buffer[] = [];
    socket.on('data', (piece: Buffer) => pieces.push(piece));
    socket.on('close', () => resolve(Buffer.concat(pieces)));
    socket.resume();
  });
}

const LONG = 24 * 1024 * 1024;
const long = () => ({
  kind: 'raw' as const,
  type: 'application/json',
  body: JSON.stringify({
    choices: [{ index: 0, message: { role: 'assistant', content: 'x'.repeat(LONG) }, finish_reason: 'stop' }],
  }),
});

describe('a client that reads slowly', () => {
  it('is given the whole of its answer though the gateway is shutting down', async () => {
    await start();
    engine.behaviour = long();
    const socket = ask({});
    await expect.poll(async () => (await weir.records.list({ limit: 1 })).length, { timeout: 20_000 }).toBe(1);
    const drained = weir.gateway.drain({ deadline: 20_000 });
    const whole = await restOf(socket);
    expect(whole.length).toBeGreaterThan(LONG);
    expect(await drained).toBe(0);
  });

  it('is cut off at the deadline of a shutdown, and counted', async () => {
    await start();
    engine.behaviour = long();
    ask({});
    await expect.poll(async () => (await weir.records.list({ limit: 1 })).length, { timeout: 20_000 }).toBe(1);
    expect(await weir.gateway.drain({ deadline: 100 })).toBe(1);
  });

  it('and takes nothing at all of its stream any more is taken to have left: the replica is free again', async () => {
    await start('gateway: { limits: { unread: 1s } }');
    const chunk = { choices: [{ index: 0, delta: { content: 'x'.repeat(1000) }, finish_reason: null }] };
    engine.behaviour = {
      kind: 'raw',
      type: 'text/event-stream',
      body: `data: ${JSON.stringify(chunk)}\n\n`.repeat(LONG / 1000),
    };
    ask({ stream: true });
    await expect.poll(() => engine.seen.length, { timeout: 20_000 }).toBe(1);
    await expect.poll(() => weir.gateway.inFlight, { timeout: 20_000 }).toBe(0);
    const [record] = await weir.records.list({ limit: 1 });
    expect(record!.outcome).toMatchObject({ status: 'cancelled', error: 'client.gone' });
    expect(weir.gateway.runtime.pool.replicas()[0]!.inFlight).toBe(0);
  });

  it('and takes nothing of a whole answer gives back the room that it takes', async () => {
    await start('gateway: { limits: { unread: 1s } }');
    engine.behaviour = long();
    ask({});
    await expect.poll(async () => (await weir.records.list({ limit: 1 })).length, { timeout: 20_000 }).toBe(1);
    await expect.poll(() => weir.gateway.runtime.heldRoom.held, { timeout: 20_000 }).toBe(0);
  });

  it('but waits for its answer is left alone for as long as that takes, and idle connections are closed', async () => {
    await start('gateway: { limits: { unread: 1s } }');
    engine.behaviour = { kind: 'hang' };
    const socket = ask({});
    const idle = connect(Number(new URL(weir.url).port), '127.0.0.1').on('error', () => undefined);
    sockets.push(idle);
    await new Promise(resolve => idle.once('close', resolve));
    expect([socket.destroyed, weir.gateway.inFlight]).toEqual([false, 1]);
  });
});
