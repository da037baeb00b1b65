import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MockUpstream, startMockUpstream } from '../../support/mock-upstream.js';
import { type RunningGateway, startGateway } from '../../support/running-gateway.js';

let engine: MockUpstream;
let weir: RunningGateway;

beforeAll(async () => {
  engine = await startMockUpstream();
  weir = await startGateway(`
pool:
  models: { m: {} }
  pools: { p: { model: m, health: false, replicas: ["${engine.url}"] } }
gateway: { auth: { required: true, admin_key: an-admin-key-of-the-test } }
`);
});
afterAll(() => Promise.all([weir.close(), engine.close()]));

/** The status and body that a request line is answered with. */
const answerTo = (line: string) =>
  new Promise<{ status: number; text: string }>(resolve => {
    const socket = connect(Number(new URL(weir.url).port), '127.0.0.1');
    let text = '';
    socket.on('data', piece => {
      text += piece.toString();
    });
    socket.on('close', () => resolve({ status: Number(text.slice(9, 12)), text }));
    socket.write(`${line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
  });

describe('a target', () => {
  it.each([
    ['GET http://[/healthz', 200],
    ['GET http://a:99999/healthz?x=1', 200],
    ['GET http://%/v1/models', 401],
    ['GET http://[/api/keys', 403],
    ['GET http://[/v1/nothing', 404],
    ['POST http://[/v1/chat/completions', 401],
  ])('whose URL is none is answered by its path: %s', async (line, status) => {
    expect((await answerTo(line)).status).toBe(status);
  });

  it.each([
    'GET //api/keys',
    'GET /api//keys',
    'GET /API/keys',
    'GET /%61pi/keys',
    'GET //v1/models',
    'GET /v1//models',
    'GET /V1/models',
    'POST /v1/chat/completions/',
    'POST /v1/chat/completions%2f',
    'POST /v1/chat/./completions',
    'GET /../../package.json',
    'GET /assets/..%2f..%2fpackage.json',
    'GET /%00',
    'GET /healthz#/v1',
    'OPTIONS *',
  ])('spelled another way is no way in: %s', async line => {
    expect((await answerTo(line)).status).toBe(404);
  });

  it('does not carry a key', async () => {
    for (const name of ['key', 'api_key', 'api-key', 'access_token', 'authorization'])
      expect((await answerTo(`GET /v1/models?${name}=an-admin-key-of-the-test`)).status).toBe(401);
  });
});

it.each([
  ['its head is read', 'heads'],
  ['its exchange is made', 'profiler'],
])('a defect that shows while %s ends that request alone', async (_, member) => {
  const { runtime } = weir.gateway;
  const whole = Object.getOwnPropertyDescriptor(runtime, member)!;
  Object.defineProperty(runtime, member, {
    configurable: true,
    get() {
      throw new Error('a defect of the test');
    },
  });
  try {
    const headers = { authorization: 'Bearer an-admin-key-of-the-test' };
    const response = await weir.chat({ model: 'm' }, { headers });
    expect([response.status, (await response.text()).includes('internal.defect')]).toEqual([500, true]);
  } finally {
    Object.defineProperty(runtime, member, whole);
  }
  expect([(await answerTo('GET /healthz')).status, weir.gateway.inFlight]).toEqual([200, 0]);
});
