import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type MockUpstream, startMockUpstream } from '../../support/mock-upstream.js';
import { type RunningGateway, startGateway } from '../../support/running-gateway.js';
import { chatPost, memoryOf, type RawReply, sendRaw } from './raw.js';

let upstream: MockUpstream;
let gateway: RunningGateway;

beforeAll(async () => {
  upstream = await startMockUpstream();
  gateway = await startGateway(`
router: { decisions: [{ name: default, when: otherwise, models: [m] }] }
pool:
  models: { m: { context: 1M } }
  pools: { p: { model: m, replicas: [${JSON.stringify(upstream.url)}], served_as: served } }
gateway: { limits: { body: 8MB } }`);
});

afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

/** Whatever came before, the gateway answers. */
afterEach(async () => {
  expect((await gateway.chat({ model: 'auto' })).status).toBe(200);
  expect(gateway.gateway.inFlight).toBe(0);
});

const hello = '"messages":[{"role":"user","content":"hi"}]';

interface ApiError {
  readonly code: string;
  readonly param: string | null;
  readonly message: string;
  readonly type: string;
}

function errorOf(reply: RawReply | undefined): ApiError {
  expect(reply?.headers['content-type']).toMatch(/^application\/json/);
  const { error } = JSON.parse(reply?.body ?? '') as { error: ApiError };
  expect(error.message).toMatch(/\S/);
  expect(error.message.length).toBeLessThan(600);
  expect(error.type).toMatch(/_error$/);
  return error;
}

async function refused(body: string | Buffer): Promise<readonly [number, string, string | null]> {
  const { length } = upstream.seen;
  const { replies } = await sendRaw(gateway.url, chatPost(body));
  const { code, param } = errorOf(replies[0]);
  expect(upstream.seen.length, 'nothing reached the engine').toBe(length);
  return [replies[0]!.status, code, param];
}

describe('a body that is not JSON', () => {
  const utf8 = (bytes: number[]) =>
    Buffer.concat([Buffer.from(`{"model":"auto",${hello},"user":"`), Buffer.from(bytes), Buffer.from('"}')]);
  test.each<[string, string | Buffer]>([
    ['nothing', ''],
    ['blanks', ' \n\t '],
    ['cut off in a string', '{"model":"au'],
    ['cut off in an object', `{"model":"auto",${hello}`],
    ['something behind it', `{"model":"auto",${hello}} x`],
    ['two objects', `{"model":"auto",${hello}}{}`],
    ['a comma too many', `{"model":"auto",${hello},}`],
    ['single quotes', "{'model':'auto'}"],
    ['a comment', `{"model":"auto",${hello}/* x */}`],
    ['NaN', `{"model":"auto",${hello},"temperature":NaN}`],
    ['a byte order mark', `\ufeff{"model":"auto",${hello}}`],
    ['NUL in a string', `{"model":"auto\u0000",${hello}}`],
    ['NUL behind it', `{"model":"auto",${hello}}\u0000`],
    ['a byte that is no UTF-8', utf8([0xff])],
    ['UTF-8 cut off', utf8([0xe2, 0x82])],
    ['an overlong slash', utf8([0xc0, 0xaf])],
    ['a surrogate in UTF-8', utf8([0xed, 0xa0, 0x80])],
    ['a code point too large', utf8([0xf5, 0x80, 0x80, 0x80])],
    ['UTF-16', Buffer.from(`{"model":"auto",${hello}}`, 'utf16le')],
    ['gzip', Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3])],
  ])('%s: 400 not_json', async (_, body) => {
    expect(await refused(body)).toEqual([400, 'request.not_json', null]);
  });
});

describe('a body of the wrong types', () => {
  test.each<[string, string, string | null]>([
    ['an array', '[]', ''],
    ['null', 'null', ''],
    ['a number', '1e999', ''],
    ['no model', `{${hello}}`, 'model'],
    ['a number for a model', `{"model":1,${hello}}`, 'model'],
    ['__proto__ for a body', `{"__proto__":{"model":"auto"},${hello}}`, 'model'],
    ['a long model', `{"model":"${'m'.repeat(300)}",${hello}}`, 'model'],
    ['no messages', '{"model":"auto"}', 'messages'],
    ['messages of another type', '{"model":"auto","messages":{"0":{}}}', 'messages'],
    ['empty messages', '{"model":"auto","messages":[]}', 'messages'],
    ['null for a message', '{"model":"auto","messages":[null]}', 'messages[0]'],
    ['an unknown role', '{"model":"auto","messages":[{"role":"root"}]}', 'messages[0].role'],
    [
      'a role named like a member of Object',
      '{"model":"auto","messages":[{"role":"constructor"}]}',
      'messages[0].role',
    ],
    ['a role that is __proto__', '{"model":"auto","messages":[{"role":"__proto__"}]}', 'messages[0].role'],
    ['a deep role', `{"model":"auto","messages":[{"role":${'['.repeat(200)}${']'.repeat(200)}}]}`, 'messages[0].role'],
    ['a number for content', '{"model":"auto","messages":[{"role":"user","content":1}]}', 'messages[0].content'],
    ['null for a part', '{"model":"auto","messages":[{"role":"user","content":[null]}]}', 'messages[0].content[0]'],
    [
      'a part without a type',
      '{"model":"auto","messages":[{"role":"user","content":[{"text":"x"}]}]}',
      'messages[0].content[0].type',
    ],
    ['text for stream', `{"model":"auto",${hello},"stream":"yes"}`, 'stream'],
    ['n of 1e9', `{"model":"auto",${hello},"n":1e9}`, 'n'],
    ['max_tokens below 1', `{"model":"auto",${hello},"max_tokens":0}`, 'max_tokens'],
    ['max_tokens without end', `{"model":"auto",${hello},"max_tokens":1e999}`, 'max_tokens'],
    ['a part of a token', `{"model":"auto",${hello},"max_completion_tokens":1.5}`, 'max_completion_tokens'],
    ['null for a tool', `{"model":"auto",${hello},"tools":[null]}`, 'tools[0]'],
    ['model twice', `{"model":"m","model":"auto",${hello}}`, 'model'],
    ['messages twice', `{"model":"auto",${hello},"messages":[{"role":"user","content":"other"}]}`, 'messages'],
    ['model twice, once in disguise', `{"model":"m","mod\\u0065l":"auto",${hello}}`, 'model'],
    ['model in disguise', `{"\\u006dodel":"auto",${hello}}`, 'model'],
    ['a cap in disguise', `{"model":"auto",${hello},"max\\u005Ftokens":5}`, 'max_tokens'],
  ])('%s: 400 with its path', async (_, body, path) => {
    expect(await refused(body)).toEqual([400, 'request.invalid', path === '' ? '' : path]);
  });

  test('a model that does not exist is 404', async () => {
    expect(await refused(`{"model":"constructor",${hello}}`)).toEqual([404, 'request.unknown_model', 'model']);
  });

  test.each([
    ['brackets', '['.repeat(100_000)],
    ['closed brackets', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
    ['objects', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`],
    [
      'tools',
      `[{"type":"function","function":{"name":"f","parameters":${'['.repeat(100_000)}${']'.repeat(100_000)}}}]`,
    ],
    [
      'tools that are short enough to be parsed',
      `[{"function":{"parameters":${'['.repeat(7000)}${']'.repeat(7000)}}}]`,
    ],
  ])('deep %s are refused or harmless, never a defect', async (_, deep) => {
    const { replies } = await sendRaw(gateway.url, chatPost(`{"model":"auto",${hello},"tools":${deep}}`));
    expect([200, 400]).toContain(replies[0]!.status);
    if (deep.length > 20_000) expect(errorOf(replies[0]).code).toBe('request.invalid');
  });

  test('8 MB of brackets cost neither time nor memory', async () => {
    const body = chatPost('['.repeat(7_900_000));
    const used = await memoryOf(async () => {
      expect(errorOf((await sendRaw(gateway.url, body)).replies[0]).code).toBe('request.invalid');
    });
    expect(used).toBeLessThan(150_000_000);
  });
});

describe('what is strange but right goes through as it is', () => {
  test.each<[string, string]>([
    ['lone surrogates', `{"model":"auto","messages":[{"role":"user","content":"\\ud800 \\udfff"}]}`],
    ['NUL, escaped', `{"model":"auto","messages":[{"role":"user","content":"a\\u0000b"}]}`],
    ['numbers of any size', `{"model":"auto",${hello},"seed":123456789012345678901234567890,"x":1e-400,"y":-0}`],
    ['a temperature without end', `{"model":"auto",${hello},"temperature":1e999}`],
    ['__proto__ and constructor', `{"model":"auto",${hello},"__proto__":{"x":1},"constructor":{"prototype":1}}`],
    ['metadata named like members of Object', `{"model":"auto",${hello},"metadata":{"__proto__":"a","toString":"b"}}`],
    [
      'characters beyond the BMP',
      `{"model":"auto","messages":[{"role":"user","content":"😀 é ${'文'.repeat(5000)}"}],"z":"ü"}`,
    ],
    [
      'the word model in a text',
      `{"model":"auto","messages":[{"role":"user","content":"\\"model\\": \\"x\\""}],"metadata":{"model":"x"}}`,
    ],
    ['blanks everywhere', ` {\n"model" :\t"auto" , ${hello} } \r\n`],
    ['other members twice', `{"model":"auto",${hello},"x":1,"x":2}`],
  ])('%s', async (_, body) => {
    const { replies } = await sendRaw(gateway.url, chatPost(body));
    expect(replies[0]?.status).toBe(200);
    const sent = upstream.seen.at(-1)!.body;
    expect(sent).toEqual({ ...(JSON.parse(body) as object), model: 'served' });
  });

  test('10,000 messages', async () => {
    const messages = Array.from({ length: 10_000 }, (_, at) => ({
      role: at % 2 === 0 ? 'user' : 'assistant',
      content: `message ${at}`,
    }));
    const { replies } = await sendRaw(gateway.url, chatPost(JSON.stringify({ model: 'auto', messages })));
    expect(replies[0]?.status).toBe(200);
    expect((upstream.seen.at(-1)!.body.messages as unknown[]).length).toBe(10_000);
  });

  test('100,000 messages are too many', async () => {
    const body = `{"model":"auto","messages":[${'{"role":"user","content":""},'.repeat(100_000)}{"role":"user"}]}`;
    expect(await refused(body)).toEqual([400, 'request.invalid', 'messages']);
  });
});

describe('a body that is too long', () => {
  const piece = Buffer.alloc(1_000_000, 32);
  function* pieces(head: string, count: number) {
    yield head;
    for (let i = 0; i < count; i++) yield piece;
  }

  test('100 MB get their 413 although the client sends on, and are not kept', async () => {
    const head = 'POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 100000000\r\n\r\n';
    const used = await memoryOf(async () => {
      const { replies } = await sendRaw(gateway.url, pieces(head, 100));
      expect([replies[0]?.status, errorOf(replies[0]).code]).toEqual([413, 'request.too_large']);
      expect(replies[0]!.headers.connection).toBe('close');
    });
    expect(used).toBeLessThan(100_000_000);
  });

  test('chunks without end are cut off at the same limit', async () => {
    const chunk = Buffer.from(`f4240\r\n${' '.repeat(1_000_000)}\r\n`);
    function* endless() {
      yield 'POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n';
      for (let i = 0; i < 50; i++) yield chunk;
    }
    const { replies } = await sendRaw(gateway.url, endless());
    expect(errorOf(replies[0]).code).toBe('request.too_large');
  });

  test('a body in chunks of one byte takes memory for its length, not for its chunks', async () => {
    const tiny = Buffer.from('1\r\n \r\n'.repeat(20_000));
    function* bytes() {
      yield 'POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n';
      for (let i = 0; i < 40; i++) yield tiny;
      yield '0\r\n\r\n';
    }
    const used = await memoryOf(async () => {
      expect(errorOf((await sendRaw(gateway.url, bytes(), { waitMs: 45_000 })).replies[0]).code).toBe(
        'request.not_json',
      );
    });
    // 800,000 chunks, each of which would hold some hundred bytes.
    expect(used).toBeLessThan(80_000_000);
  });
});

describe('a client that breaks off', () => {
  test.each([
    ['in its head', 'POST /v1/chat/comp'],
    ['behind its head', 'POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 500\r\n\r\n'],
    ['in its body', 'POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 500\r\n\r\n{"model":'],
    ['in a chunk', 'POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nff\r\n{"mod'],
  ])('%s leaves nothing behind', async (_, text) => {
    const { length } = upstream.seen;
    await sendRaw(gateway.url, text, { end: true });
    while (gateway.gateway.inFlight > 0) await new Promise(resolve => setTimeout(resolve, 5));
    expect(upstream.seen.length).toBe(length);
  });
});
