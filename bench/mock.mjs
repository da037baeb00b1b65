// The instant upstream: an OpenAI-compatible engine that costs next to nothing, so that what is measured is what stands before
// it. Raw sockets, prepared bytes; one process that listens on several ports, so that it looks like several replicas.
// Started as a child process: `node bench/mock.mjs [replicas]`; sends `{ports, events}` to its parent once it listens.
import { createServer } from 'node:net';
import { pathToFileURL } from 'node:url';
import { MessageReader } from './wire.mjs';

/** Content events of a streamed answer. */
const CONTENT_EVENTS = 64;
/** All `data:` events of one: the content, the finish, the usage, `[DONE]`. */
const ALL_EVENTS = CONTENT_EVENTS + 3;
/** Each event is an HTTP chunk of its own; so many go in one write, as packets bring them to a busy proxy, … */
const EVENTS_PER_WRITE = 4;
/** … and so many writes in one turn of the event loop, so that streams interleave. */
const WRITES_PER_TURN = 4;

const CREATED = 1_750_000_000;
const WORDS = [
  'Sure',
  ',',
  ' the',
  ' water',
  ' is',
  ' shared',
  ' out',
  ' among',
  ' the',
  ' pools',
  ' in',
  ' turn',
  '.',
];
const STREAM_HEAD = Buffer.from(
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ncache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n',
);
const CONTENT = Array.from({ length: CONTENT_EVENTS }, (_, i) =>
  event(
    `"choices":[{"index":0,"delta":{${i === 0 ? '"role":"assistant",' : ''}"content":"${WORDS[i % WORDS.length]}"},"logprobs":null,"finish_reason":null}]`,
  ),
);
const WRITES = Array.from({ length: CONTENT_EVENTS / EVENTS_PER_WRITE }, (_, i) =>
  Buffer.concat(CONTENT.slice(i * EVENTS_PER_WRITE, (i + 1) * EVENTS_PER_WRITE)),
);
const FINISH = event('"choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}]');
const DONE = chunk('data: [DONE]\n\n');
const LAST_CHUNK = Buffer.from('0\r\n\r\n');
const STREAMING = '"stream":true';

const OK_HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ';
const PLAIN = `{"id":"chatcmpl-bench","object":"chat.completion","created":${CREATED},"model":"bench","choices":[{"index":0,"message":{"role":"assistant","content":"Sure, the water is shared out among the pools in turn."},"logprobs":null,"finish_reason":"stop"}],"usage":`;

function chunk(text) {
  return Buffer.from(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`);
}

function event(rest) {
  return chunk(
    `data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":${CREATED},"model":"bench",${rest}}\n\n`,
  );
}

/** Plausible counts, so that what calibrates itself on `usage` has something true to learn from: 4.2 bytes a token. */
function usage(bytes, completion) {
  const prompt = Math.round(bytes / 4.2);
  return `{"prompt_tokens":${prompt},"completion_tokens":${completion},"total_tokens":${prompt + completion}}`;
}

function answerJson(socket, status, body) {
  socket.write(
    `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    'latin1',
  );
}

function answerPlain(socket, bytes) {
  const body = `${PLAIN}${usage(bytes, 14)}}`;
  socket.write(`${OK_HEAD}${body.length}\r\n\r\n${body}`, 'latin1');
}

function answerStream(socket, bytes) {
  socket.write(STREAM_HEAD);
  let at = 0;
  const turn = () => {
    if (socket.destroyed) return;
    const end = Math.min(at + WRITES_PER_TURN, WRITES.length);
    while (at < end) socket.write(WRITES[at++]);
    if (socket.writableNeedDrain) socket.once('drain', turn);
    else if (at < WRITES.length) setImmediate(turn);
    else {
      const last = event(`"choices":[],"usage":${usage(bytes, CONTENT_EVENTS)}`);
      socket.write(Buffer.concat([FINISH, last, DONE, LAST_CHUNK]));
    }
  };
  turn();
}

function serve(socket) {
  let line = '';
  let bytes = 0;
  let stream = false;
  let tail = '';
  let closing = false;
  const reader = new MessageReader({
    head(text) {
      line = text.slice(0, text.indexOf('\r\n'));
      bytes = 0;
      stream = false;
      tail = '';
      closing = /\r\nconnection: *close/i.test(text);
    },
    data(piece, start, end) {
      bytes += end - start;
      if (stream) return;
      // Inside a JSON string the quotes would be escaped, so these bytes can only be the field itself.
      const body = piece.subarray(start, end);
      stream =
        body.includes(STREAMING) ||
        (tail !== '' && (tail + body.latin1Slice(0, Math.min(16, body.length))).includes(STREAMING));
      tail = body.latin1Slice(Math.max(0, body.length - 16));
    },
    end() {
      if (line.startsWith('POST /v1/chat/completions')) {
        if (stream) answerStream(socket, bytes);
        else answerPlain(socket, bytes);
      } else if (line.startsWith('GET /health')) answerJson(socket, '200 OK', '{}');
      else if (line.startsWith('GET /v1/models')) {
        answerJson(
          socket,
          '200 OK',
          '{"object":"list","data":[{"id":"bench","object":"model","created":0,"owned_by":"bench"}]}',
        );
      } else answerJson(socket, '404 Not Found', '{"error":{"message":"no such path","type":"not_found_error"}}');
      if (closing) socket.end();
    },
  });
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('data', piece => reader.push(piece));
}

async function main() {
  const replicas = Number(process.argv[2] ?? 4);
  const servers = Array.from({ length: replicas }, () => createServer(serve));
  await Promise.all(servers.map(server => new Promise(resolve => server.listen(0, '127.0.0.1', 1024, resolve))));
  process.send?.({ ports: servers.map(server => server.address().port), events: ALL_EVENTS });
  process.on('disconnect', () => process.exit(0));
  process.on('SIGTERM', () => process.exit(0));
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) await main();
