import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type MockUpstream, startMockUpstream } from '../../support/mock-upstream.js';
import { type RunningGateway, startGateway } from '../../support/running-gateway.js';
import { chatPost, type RawReply, sendRaw } from './raw.js';

let upstream: MockUpstream;
let gateway: RunningGateway;

beforeAll(async () => {
  upstream = await startMockUpstream();
  gateway = await startGateway(`
router: { decisions: [{ name: default, when: otherwise, models: [m] }] }
pool:
  models: { m: {} }
  pools: { p: { model: m, replicas: [${JSON.stringify(upstream.url)}] } }`);
});

afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

afterEach(async () => {
  expect((await gateway.chat({ model: 'auto' })).status).toBe(200);
  expect(gateway.gateway.inFlight).toBe(0);
});

const BODY = '{"model":"auto","messages":[{"role":"user","content":"hi"}]}';
const HEAD = 'POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n';

const codeOf = (reply: RawReply | undefined): string =>
  (JSON.parse(reply?.body ?? '') as { error: { code: string } }).error.code;

describe('what is no HTTP is answered in the form of the API, and the connection closed', () => {
  test.each<[string, string, number, string]>([
    ['noise', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 tls\r\n\r\n', 400, 'request.malformed'],
    ['an unknown method', `BREW /v1/chat/completions HTTP/1.1\r\nhost: x\r\n\r\n`, 400, 'request.malformed'],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400, 'request.malformed'],
    ['a space before the colon', `${HEAD}content-length : 5\r\n\r\nhello`, 400, 'request.malformed'],
    ['a line feed in a header', `${HEAD}x-a: b\nx-c: d\r\n\r\n`, 400, 'request.malformed'],
    ['NUL in a header', `${HEAD}x-a: b\0c\r\n\r\n`, 400, 'request.malformed'],
    ['a folded header', `${HEAD}x-a: b\r\n c\r\n\r\n`, 400, 'request.malformed'],
    ['no host', 'POST /v1/chat/completions HTTP/1.1\r\n\r\n', 400, ''],
    ['a length that is none', `${HEAD}content-length: five\r\n\r\nhello`, 400, 'request.malformed'],
    ['a negative length', `${HEAD}content-length: -5\r\n\r\nhello`, 400, 'request.malformed'],
    ['a length beyond all', `${HEAD}content-length: 99999999999999999999999\r\n\r\n`, 400, 'request.malformed'],
    ['two lengths', `${HEAD}content-length: 5\r\ncontent-length: 6\r\n\r\nhello`, 400, 'request.malformed'],
    [
      'length and chunks',
      `${HEAD}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
      400,
      'request.malformed',
    ],
    [
      'chunks and length',
      `${HEAD}transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n`,
      400,
      'request.malformed',
    ],
    ['chunked, but not last', `${HEAD}transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n`, 400, 'request.malformed'],
    ['a chunk size that is none', `${HEAD}transfer-encoding: chunked\r\n\r\nxyz\r\n`, 400, 'request.malformed'],
    [
      'a chunk size too large',
      `${HEAD}transfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\n`,
      400,
      'request.malformed',
    ],
    [
      'a chunk longer than it says',
      `${HEAD}transfer-encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n`,
      400,
      'request.malformed',
    ],
    ['a head of 100 kB', `${HEAD}x-a: ${'a'.repeat(100_000)}\r\n\r\n`, 431, 'request.headers_too_large'],
    ['10,000 headers', `${HEAD}${'x-a: b\r\n'.repeat(10_000)}\r\n`, 431, 'request.headers_too_large'],
    ['a path of 100 kB', `GET /${'a'.repeat(100_000)} HTTP/1.1\r\nhost: x\r\n\r\n`, 431, 'request.headers_too_large'],
    ['a tunnel', 'CONNECT example.com:443 HTTP/1.1\r\nhost: example.com\r\n\r\n', 405, 'request.method_not_allowed'],
    ['an expectation', `${HEAD}expect: coffee\r\ncontent-length: 2\r\n\r\n{}`, 417, 'request.malformed'],
  ])('%s', async (_, text, status, code) => {
    const { length } = upstream.seen;
    const { replies, closed } = await sendRaw(gateway.url, Buffer.from(text, 'latin1'), { replies: 2 });
    expect(replies.map(reply => reply.status)).toEqual([status]);
    if (code !== '') expect(codeOf(replies[0])).toBe(code);
    expect(closed).toBe(true);
    expect(upstream.seen.length).toBe(length);
  });
});

describe('what is HTTP, if seldom seen, is answered', () => {
  test('requests one behind the other on a connection, good and bad, each in its turn', async () => {
    const bad = chatPost('{"model":');
    const { replies } = await sendRaw(gateway.url, Buffer.concat([chatPost(BODY), bad, chatPost(BODY)]), {
      replies: 3,
    });
    expect(replies.map(reply => reply.status)).toEqual([200, 400, 200]);
  });

  test('what is smuggled behind a body is a request of its own, or nothing', async () => {
    const { length } = upstream.seen;
    const smuggled = Buffer.concat([chatPost(BODY), Buffer.from('GET /admin HTTP/1.1\r\nhost: x\r\n\r\n')]);
    const { replies } = await sendRaw(gateway.url, smuggled, { replies: 2 });
    expect(replies.map(reply => reply.status)).toEqual([200, 404]);
    expect(upstream.seen.length).toBe(length + 1);
  });

  test('a body in chunks', async () => {
    const chunks = [...BODY].map(char => `1\r\n${char}\r\n`).join('');
    const { replies } = await sendRaw(
      gateway.url,
      `${HEAD}transfer-encoding: chunked\r\n\r\n${chunks}0\r\nx-trailer: y\r\n\r\n`,
    );
    expect(replies[0]?.status).toBe(200);
  });

  test('expect: 100-continue', async () => {
    const { replies } = await sendRaw(gateway.url, chatPost(BODY, ['expect: 100-continue']));
    expect(replies[0]?.status).toBe(200);
  });

  test('HTTP/1.0', async () => {
    const { replies, closed } = await sendRaw(
      gateway.url,
      `POST /v1/chat/completions HTTP/1.0\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`,
      { replies: 2 },
    );
    expect([replies.map(reply => reply.status), closed]).toEqual([[200], true]);
  });

  test('a whole URL for a path', async () => {
    const text = chatPost(BODY).toString().replace('/v1/chat', 'http://weir.example:8080/v1/chat');
    expect((await sendRaw(gateway.url, text)).replies[0]?.status).toBe(200);
    const health = 'GET HTTP://x/healthz?a=b HTTP/1.1\r\nhost: x\r\n\r\n';
    expect((await sendRaw(gateway.url, health)).replies[0]?.status).toBe(200);
    const root = await sendRaw(gateway.url, 'GET http://x HTTP/1.1\r\nhost: x\r\n\r\n');
    expect(root.replies[0]?.status).toBe(200);
  });

  test('an upgrade that is offered and not taken', async () => {
    const { replies } = await sendRaw(gateway.url, chatPost(BODY, ['connection: upgrade', 'upgrade: h2c, websocket']));
    expect(replies[0]?.status).toBe(200);
  });

  test.each<[string, string, number, string]>([
    ['GET', '/v1/chat/completions', 405, 'request.method_not_allowed'],
    ['PUT', '/v1/chat/completions', 405, 'request.method_not_allowed'],
    ['OPTIONS', '/v1/chat/completions', 405, 'request.method_not_allowed'],
    ['OPTIONS', '*', 404, 'request.unknown_path'],
    ['TRACE', '/healthz', 405, 'request.method_not_allowed'],
    ['DELETE', '/v1/models/m', 405, 'request.method_not_allowed'],
    ['GET', '//healthz', 404, 'request.unknown_path'],
    ['GET', '/../../etc/passwd', 404, 'request.unknown_path'],
    ['GET', '/%2e%2e/%2e%2e/etc/passwd', 404, 'request.unknown_path'],
    ['GET', '/v1/models/%ff%fe', 404, 'request.unknown_model'],
    ['GET', '/v1/models/__proto__', 404, 'request.unknown_model'],
    ['GET', '/api/records?limit=NaN', 400, 'request.invalid'],
  ])('%s %s', async (method, path, status, code) => {
    const { replies } = await sendRaw(
      gateway.url,
      `${method} ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 0\r\n\r\n`,
    );
    expect([replies[0]?.status, codeOf(replies[0])]).toEqual([status, code]);
  });

  test('HEAD has no body', async () => {
    for (const path of ['/healthz', '/', '/nowhere', '/v1/chat/completions']) {
      const raw = `HEAD ${path} HTTP/1.1\r\nhost: x\r\n\r\nGET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`;
      const bytes = await rawText(gateway.url, raw);
      // If the first had a body, the second answer would not stand right behind its head.
      expect(bytes).toMatch(/^HTTP\/1\.1 \d+ [\s\S]*?\r\n\r\nHTTP\/1\.1 200 OK/);
    }
  });

  test('a content type of another kind is taken for what it holds', async () => {
    for (const type of ['text/plain', 'multipart/form-data; boundary=x', '']) {
      const text = chatPost(BODY).toString().replace('application/json', type);
      expect((await sendRaw(gateway.url, text)).replies[0]?.status).toBe(200);
    }
  });

  test('headers named like members of Object, and tokens in odd bytes', async () => {
    const odd = ['__proto__: x', 'constructor: y', 'x-user: caf\xe9', `authorization: Bearer ${'k'.repeat(4000)}`];
    const bytes = Buffer.from(chatPost(BODY, odd).toString('utf8'), 'latin1');
    expect((await sendRaw(gateway.url, bytes)).replies[0]?.status).toBe(200);
  });
});

async function rawText(url: string, text: string): Promise<string> {
  const { connect } = await import('node:net');
  return new Promise(resolve => {
    let received = '';
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(text));
    socket.on('data', chunk => {
      received += chunk.toString('latin1');
    });
    socket.on('close', () => resolve(received));
  });
}
