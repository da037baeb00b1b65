/**
 * HTTP/1.1 responses, cut anywhere: the cuts change nothing, and what both this parser and that of Node (llhttp) take is read alike.
 */
import { HTTPParser } from 'node:_http_common';
import { MalformedResponse } from '../../../dist/gateway/http1/response-head.js';
import { ResponseParser } from '../../../dist/gateway/http1/response-parser.js';
import { chance, pick, shuffled, words } from '../draw.mjs';
import { same } from '../same.mjs';

export const name = 'http-response';

export function generate(random) {
  const early = chance(random, 0.1) ? 'HTTP/1.1 100 Continue\r\n\r\n' : '';
  const status = pick(random, [
    '200 OK',
    '200 OK',
    '204 No Content',
    '304 Not Modified',
    '503',
    '404 Not Found',
    '099 x',
  ]);
  const body = words(random, 8);
  const chunked = chance(random, 0.6);
  const headers = [
    'content-type: text/event-stream',
    `X-${pick(random, ['a', 'b'])}: ${words(random, 2).replaceAll(/[^ -~]/g, '')}`,
    ...(chance(random, 0.2) ? [`Connection:${pick(random, [' close', ' keep-alive', 'x, close'])}`] : []),
    ...(chunked
      ? [pick(random, ['Transfer-Encoding: chunked', 'transfer-encoding:chunked', 'transfer-encoding: Chunked'])]
      : []),
    ...(chunked || chance(random, 0.2)
      ? []
      : [`Content-Length: ${chance(random, 0.95) ? body.length : random.below(99)}`]),
    ...(chance(random, 0.03)
      ? [pick(random, ['content-length: 5', 'transfer-encoding: gzip', 'content-length : 3'])]
      : []),
  ];
  const head = `${early}HTTP/1.${chance(random, 0.95) ? 1 : 0} ${status}\r\n${shuffled(random, headers).join('\r\n')}\r\n\r\n`;
  const text = head + (chunked ? chunks(random, body) : body) + (chance(random, 0.02) ? 'more' : '');
  const pieces = [];
  for (let from = 0; from < text.length; ) {
    const to = from + 1 + random.below(chance(random, 0.3) ? 5 : 400);
    pieces.push(text.slice(from, to));
    from = to;
  }
  return pieces;
}

function chunks(random, body) {
  let out = '';
  for (let from = 0; from < body.length; ) {
    const to = Math.min(body.length, from + 1 + random.below(20));
    const size = (to - from).toString(16);
    out += `${chance(random, 0.1) ? size.toUpperCase().padStart(4, '0') : size}${chance(random, 0.1) ? ';a=b' : ''}\r\n`;
    out += `${body.slice(from, to)}\r\n`;
    from = to;
  }
  return `${out}0\r\n${chance(random, 0.1) ? 'X-T: 1\r\n' : ''}\r\n`;
}

export function check(pieces) {
  const cut = read(pieces);
  const whole = read([pieces.join('')]);
  const { body, ...facts } = cut;
  const { body: other, ...others } = whole;
  // Whatever stood in the same read as the fault is not handed on.
  if (cut.fault === undefined ? body !== other : !body.startsWith(other))
    throw new Error('cut in pieces, the body is another');
  // Where the end of an answer ends a read, the connection may be used again; what comes behind is a fault of its own.
  if (facts.ended && others.ended) facts.reusable = others.reusable;
  if (cut.fault !== IDLE && !same(facts, others)) throw new Error('cut in pieces, the answer is another');
  // llhttp takes no tab for the white space it is (RFC 9110, section 5.6.3).
  if (pieces.join('').includes('\t\r')) return;
  const theirs = node(pieces.join(''));
  if (theirs === undefined || whole.fault !== undefined) return;
  if (theirs.status !== whole.status) throw new Error('Node reads another status');
  if (theirs.ended !== whole.ended) throw new Error('Node finds another end');
  if (theirs.body !== whole.body) throw new Error('Node reads another body');
  if (whole.reusable && !theirs.keep) throw new Error('Node would not use the connection again');
}

const IDLE = 'bytes that no request asked for';

function read(pieces) {
  const out = { status: 0, body: '', ended: false, reusable: false, fault: undefined };
  const parser = new ResponseParser({
    head: head => {
      if (out.status !== 0) throw new Error('two heads');
      out.status = head.status;
    },
    data: bytes => {
      if (out.status === 0 || out.ended || bytes.length === 0) throw new Error('a body at the wrong time');
      out.body += bytes.toString('latin1');
    },
    end: reusable => {
      if (out.ended) throw new Error('two ends');
      out.ended = true;
      out.reusable = reusable;
    },
  });
  parser.expect();
  try {
    for (const piece of pieces) {
      const bytes = Buffer.from(piece, 'latin1');
      parser.push(bytes, 0, bytes.length);
      // Whoever reads may reuse the buffer.
      bytes.fill(0);
    }
    parser.close();
  } catch (error) {
    if (!(error instanceof MalformedResponse)) throw error;
    out.fault = error.message;
  }
  return out;
}

/** What Node's own parser makes of one answer, and `undefined` when it refuses it. */
function node(text) {
  const out = { status: 0, body: '', ended: false, keep: false };
  const parser = new HTTPParser();
  parser.initialize(HTTPParser.RESPONSE, {});
  let heads = 0;
  parser[HTTPParser.kOnHeadersComplete] = (
    _major,
    _minor,
    _headers,
    _method,
    _url,
    status,
    _message,
    _upgrade,
    keep,
  ) => {
    if (status >= 200) heads++;
    if (heads > 1) return 0;
    if (status >= 200) out.status = status;
    out.keep = keep;
    return 0;
  };
  parser[HTTPParser.kOnBody] = bytes => {
    if (heads <= 1 && !out.ended) out.body += bytes.toString('latin1');
  };
  parser[HTTPParser.kOnMessageComplete] = () => {
    if (heads === 1) out.ended = true;
  };
  const bytes = Buffer.from(text, 'latin1');
  const done = parser.execute(bytes);
  const refused = done instanceof Error || parser.finish() instanceof Error;
  parser.close();
  return refused || heads > 1 ? undefined : out;
}
