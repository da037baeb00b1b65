import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type RunningGateway, startGateway } from '../../support/running-gateway.js';
import { chatPost, memoryOf, type RawUpstream, sendRaw, startRawUpstream } from './raw.js';

let upstream: RawUpstream;
let gateway: RunningGateway;

beforeAll(async () => {
  upstream = await startRawUpstream();
  gateway = await startGateway(`
router: { decisions: [{ name: default, when: otherwise, models: [m] }] }
pool:
  models: { m: {}, patient: {} }
  pools:
    patient: { model: patient, replicas: [${JSON.stringify(upstream.url)}], health: false, timeouts: { first_byte: 1h, stall: 1h } }
    p:
      model: m
      replicas: [${JSON.stringify(upstream.url)}]
      health: false
      circuit: { failures: 10000, error_share: 1, least_requests: 100000 }
      ejection: false
      timeouts: { connect: 1s, first_byte: 1500ms, stall: 1s }
gateway: { limits: { answer: 12MB } }`);
});

afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

/** Whatever the engine did before, its next good answer comes through. */
afterEach(async () => {
  upstream.answer = socket => socket.end(whole(GOOD));
  const response = await gateway.chat({ model: 'auto' });
  expect([response.status, await response.json()]).toEqual([200, GOOD]);
  expect(gateway.gateway.inFlight).toBe(0);
});

const GOOD = {
  id: 'x',
  choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 3, completion_tokens: 1 },
};

function http(status: string, headers: readonly string[], body: string | Buffer): Buffer {
  return Buffer.concat([
    Buffer.from(`HTTP/1.1 ${status}\r\n${headers.join('\r\n')}\r\n\r\n`),
    Buffer.from(body as string),
  ]);
}

function whole(value: unknown, headers: readonly string[] = []): Buffer {
  const body = Buffer.from(JSON.stringify(value));
  return http('200 OK', ['content-type: application/json', `content-length: ${body.length}`, ...headers], body);
}

const SSE = ['content-type: text/event-stream', 'connection: close'];
const event = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`;
const delta = (content: string) => event({ choices: [{ index: 0, delta: { content }, finish_reason: null }] });
const finish = event({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
const DONE = 'data: [DONE]\n\n';

async function asked(answer: RawUpstream['answer'], stream = false, model = 'auto') {
  upstream.answer = answer;
  upstream.requests = 0;
  const response = await gateway.chat({ model, stream });
  const text = await response.text();
  return { response, text, status: response.status, record: await gateway.recordOf(response) };
}

const codeOf = (text: string) => (JSON.parse(text) as { error: { code: string } }).error.code;

describe('an answer that is none becomes an error of the API', () => {
  test.each<[string, (socket: Socket) => void, string]>([
    [
      'a page of HTML',
      socket => socket.end(http('200 OK', ['content-type: text/html', 'content-length: 15'], '<html>ok</html>')),
      'upstream.malformed',
    ],
    ['an empty body', socket => socket.end(http('200 OK', ['content-length: 0'], '')), 'upstream.malformed'],
    ['no body', socket => socket.end(http('204 No Content', [], '')), 'upstream.status'],
    ['JSON of another kind', socket => socket.end(whole(['choices'])), 'upstream.malformed'],
    [
      'deep JSON',
      socket => socket.end(http('200 OK', ['connection: close'], '['.repeat(500_000))),
      'upstream.malformed',
    ],
    [
      'a redirect',
      socket => socket.end(http('302 Found', ['location: http://127.0.0.1:1/', 'content-length: 0'], '')),
      'upstream.status',
    ],
    [
      'a redirect to a file',
      socket => socket.end(http('301 Moved', ['location: file:///etc/passwd', 'content-length: 0'], '')),
      'upstream.status',
    ],
    [
      'gzip',
      socket =>
        socket.end(http('200 OK', ['content-encoding: gzip', 'connection: close'], gzipSync(JSON.stringify(GOOD)))),
      'upstream.malformed',
    ],
    [
      'less than it says',
      socket => socket.end(http('200 OK', ['content-length: 500'], '{"choices":[]')),
      'upstream.cut',
    ],
    ['a status beyond all', socket => socket.end(http('999 What', ['content-length: 0'], '')), 'upstream.status'],
    ['a status that is none', socket => socket.end('HTTP/1.1 abc OK\r\n\r\n'), 'upstream.malformed'],
    ['no HTTP', socket => socket.end('hello'), 'upstream.connect'],
    ['headers without end', flood('x-a: ', 'b\r\n'), 'upstream.malformed'],
    ['one header without end', flood('x-a: b', 'bbbbbbbbbbbbbbbb'), 'upstream.malformed'],
    ['a header in two', socket => socket.end('HTTP/1.1 200 OK\r\nx-a: b\r\n c\r\ncontent-length: 0\r\n\r\n'), ''],
    [
      'a NUL in a header',
      socket => socket.end('HTTP/1.1 200 OK\r\nx-a: b\0c\r\ncontent-length: 0\r\n\r\n'),
      'upstream.malformed',
    ],
    ['early hints and nothing else', hints, 'upstream.malformed'],
    ['100 Continue unasked', socket => socket.end(`HTTP/1.1 100 Continue\r\n\r\n${whole(GOOD).toString()}`), ''],
    [
      'a chunk size that is none',
      socket => socket.end(http('200 OK', ['transfer-encoding: chunked'], 'zz\r\n')),
      'upstream.malformed',
    ],
    [
      'two lengths',
      socket => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}x'),
      'upstream.malformed',
    ],
    [
      'length and chunks',
      socket => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'),
      'upstream.malformed',
    ],
  ])('%s', async (_, answer, code) => {
    const { status, text, record } = await asked(answer);
    if (code === '' && status === 200) return;
    expect(status).toBeGreaterThanOrEqual(500);
    expect(codeOf(text)).toMatch(new RegExp(`^${code.replace('.', '\\.')}`));
    expect(record.outcome.status).toBe('failed');
  });

  /** Writes more and more for as long as anybody reads. */
  function flood(first: string, more: string): (socket: Socket) => void {
    return socket => {
      socket.write(`HTTP/1.1 200 OK\r\n${first}`);
      const piece = (first.endsWith(': ') ? more + first : more).repeat(2000);
      const timer = setInterval(() => (socket.destroyed ? clearInterval(timer) : socket.write(piece)), 1);
      socket.on('close', () => clearInterval(timer));
    };
  }

  function hints(socket: Socket): void {
    const timer = setInterval(
      () =>
        socket.destroyed
          ? clearInterval(timer)
          : socket.write('HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n'.repeat(50)),
      2,
    );
    socket.on('close', () => clearInterval(timer));
  }

  test('more than it says is cut off, and what is left is not the next request’s answer', async () => {
    const { status, text } = await asked(socket => socket.write(Buffer.concat([whole(GOOD), whole({ evil: true })])));
    expect([status, JSON.parse(text)]).toEqual([200, GOOD]);
  });

  test('a longer answer than is allowed', async () => {
    const { status, text } = await asked(socket => {
      socket.write(http('200 OK', ['content-type: application/json', 'connection: close'], '{"choices":["'));
      for (let i = 0; i < 20; i++) socket.write('x'.repeat(1_000_000));
      socket.end('"]}');
    });
    expect([status, codeOf(text)]).toEqual([502, 'upstream.too_large']);
  });

  test('an answer in chunks of one byte takes memory for its length', async () => {
    const body = JSON.stringify({ ...GOOD, pad: ' '.repeat(1_000_000) });
    const chunks = Buffer.from(`${[...body].map(char => `1\r\n${char}\r\n`).join('')}0\r\n\r\n`);
    const used = await memoryOf(async () => {
      // Engine and gateway share a processor: how long a million chunks take says nothing of either, so no time limit is to be met.
      const { status, text } = await asked(
        socket => {
          socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n');
          socket.end(chunks);
        },
        false,
        'patient',
      );
      expect([status, text.length]).toEqual([200, body.length]);
    });
    expect(used).toBeLessThan(300_000_000);
  });
});

describe('values of an engine reach records and headers only as what they should be', () => {
  test.each<[string, object]>([
    [
      'line breaks in the finish reason',
      { ...GOOD, choices: [{ ...GOOD.choices[0], finish_reason: 'stop\r\nset-cookie: a=b' }] },
    ],
    ['a long finish reason', { ...GOOD, choices: [{ ...GOOD.choices[0], finish_reason: 'x'.repeat(100_000) }] }],
    [
      'a finish reason that is an object',
      { ...GOOD, choices: [{ ...GOOD.choices[0], finish_reason: { a: 1 } }], usage: undefined },
    ],
    ['line breaks in the model', { ...GOOD, model: 'm\r\nx-evil: 1' }],
  ])('%s', async (_, value) => {
    const { response, text, record } = await asked(socket => socket.end(whole(value)));
    expect([response.status, JSON.parse(text)]).toEqual([200, JSON.parse(JSON.stringify(value))]);
    expect([response.headers.get('set-cookie'), response.headers.get('x-evil')]).toEqual([null, null]);
    expect(record.outcome.finish ?? 'stop').toMatch(/^[a-z_]{1,32}$/);
  });

  test.each([-5, 1e300, 0.5, '7', null, [[]]])('%j tokens of prompt count as nothing known', async count => {
    const { status, record } = await asked(socket =>
      socket.end(whole({ ...GOOD, usage: { prompt_tokens: count, completion_tokens: 4 } })),
    );
    expect([status, record.outcome.usage]).toEqual([200, undefined]);
  });

  test('headers of its own are not passed on', async () => {
    const { response } = await asked(socket =>
      socket.end(whole(GOOD, ['set-cookie: a=b', 'x-weir-decision: mine', 'x-powered-by: y'])),
    );
    expect([response.headers.get('set-cookie'), response.headers.get('x-weir-decision')]).toEqual([null, 'default']);
  });

  test('an error of 4 kB with line breaks is said in 500 characters of JSON', async () => {
    const error = { error: { message: `bad\r\n${'<script>'.repeat(500)}` } };
    const body = JSON.stringify(error);
    const { status, text } = await asked(socket =>
      socket.end(http('400 Bad', [`content-length: ${body.length}`], body)),
    );
    const { message } = (JSON.parse(text) as { error: { message: string } }).error;
    expect([status, message.length <= 520]).toEqual([400, true]);
  });
});

describe('a stream', () => {
  const stream =
    (body: string | Buffer, headers: readonly string[] = SSE) =>
    (socket: Socket) =>
      void socket.end(http('200 OK', headers, body));

  test('that is HTML, JSON or gzip is none', async () => {
    const cases = [
      stream('<html></html>', ['content-type: text/html', 'connection: close']),
      stream(JSON.stringify(GOOD), ['content-type: application/json', 'connection: close']),
      stream(gzipSync(delta('a') + DONE), [...SSE, 'content-encoding: gzip']),
    ];
    for (const answer of cases) {
      const { status, text } = await asked(answer, true);
      expect([status, codeOf(text)]).toEqual([502, 'upstream.malformed']);
    }
  });

  test('that says an error after its 200 passes the error on and does not end cleanly', async () => {
    const failure = event({ error: { message: 'out of memory', type: 'x' } });
    const { status, text, record } = await asked(stream(delta('a') + failure + DONE), true);
    expect([status, text.includes('out of memory'), record.outcome.status]).toEqual([200, true, 'cut']);
  });

  test.each([[['[']], [{ message: ['x'] }], [42], ['plain'], [{ message: `${'['.repeat(10)}` }]])(
    'with an error of the form %j breaks off with a reason',
    async error => {
      const { record } = await asked(stream(delta('a') + event({ error })), true);
      expect([record.outcome.status, record.outcome.error]).toEqual(['cut', 'upstream.status']);
    },
  );

  test('with an error too deep to be written breaks off, and the process lives', async () => {
    const deep = `data: {"error":{"message":${'['.repeat(200_000)}${']'.repeat(200_000)}}}\n\n`;
    const { record } = await asked(stream(delta('a') + deep), true);
    expect(record.outcome.status).toBe('cut');
  });

  test('without an end mark ends in an error event, never in [DONE]', async () => {
    const whole = delta('a') + finish;
    const chunks = `${whole.length.toString(16)}\r\n${whole}\r\n`;
    for (const answer of [
      stream(delta('a')),
      stream(`${delta('a')}data: [DO`),
      stream(`${whole}data: [DO`),
      // What breaks off at the connection is cut, whatever it said before.
      stream(whole, [...SSE, `content-length: ${whole.length + 1}`]),
      stream(chunks, [...SSE, 'transfer-encoding: chunked']),
    ]) {
      const { text, record } = await asked(answer, true);
      expect([text.includes('[DONE]'), text.includes('upstream.cut'), record.outcome.status]).toEqual([
        false,
        true,
        'cut',
      ]);
    }
  });

  test('without an end mark that ends in good order behind its finish reason is whole', async () => {
    const body = delta('a') + finish;
    const chunks = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
    for (const answer of [
      stream(body),
      stream(body, [...SSE, `content-length: ${body.length}`]),
      stream(chunks, [...SSE, 'transfer-encoding: chunked']),
    ]) {
      const { text, record } = await asked(answer, true);
      expect([text, record.outcome.status]).toEqual([body + DONE, 'answered']);
    }
  });

  test('with bytes that are no UTF-8, NUL and empty events goes through as it came', async () => {
    const body = Buffer.concat([
      ...[
        Buffer.from(delta('a')),
        Buffer.from('data: {"choices":[{"delta":{"content":"'),
        Buffer.from([0xff, 0xfe, 0xe2]),
      ],
      ...[
        Buffer.from('"}}]}\n\n'),
        Buffer.from('data: \0\n\n\n\n: comment\n\nevent: x\ndata: y\n\n'),
        Buffer.from(finish + DONE),
      ],
    ]);
    upstream.answer = stream(body);
    const response = await gateway.chat({ model: 'auto', stream: true });
    expect(Buffer.from(await response.arrayBuffer()).equals(body)).toBe(true);
  });

  test('of one event that never ends is cut at its bound, in whatever pieces it comes', async () => {
    for (const size of [200, 60_000]) {
      const piece = Buffer.alloc(size, 120);
      const used = await memoryOf(async () => {
        const { text, record } = await asked(socket => {
          socket.write(http('200 OK', SSE, `${delta('a')}data: `));
          // Each in a write of its own, for as long as anybody reads.
          const more = (): void => {
            if (socket.destroyed) return;
            for (let i = 0; i < Math.ceil(200_000 / size); i++) socket.write(piece);
            setImmediate(more);
          };
          more();
        }, true);
        expect([record.outcome.status, text.includes('upstream.malformed')]).toEqual(['cut', true]);
      });
      expect(used).toBeLessThan(250_000_000);
    }
  });

  test('that a client leaves in the middle ends at the engine', async () => {
    let closed = false;
    upstream.answer = socket => {
      socket.on('close', () => {
        closed = true;
      });
      socket.write(http('200 OK', SSE, delta('a')));
    };
    await sendRaw(gateway.url, chatPost('{"model":"auto","stream":true,"messages":[{"role":"user","content":"x"}]}'), {
      waitMs: 200,
    });
    while (!closed) await new Promise(resolve => setTimeout(resolve, 5));
  });
});
