import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MalformedResponse, type ResponseHead } from '#gateway/http1/response-head.js';
import { ResponseParser } from '#gateway/http1/response-parser.js';

interface Heard {
  readonly heads: ResponseHead[];
  readonly data: Buffer[];
  readonly ends: boolean[];
  readonly parser: ResponseParser;
}

function listening(bodiless = false): Heard {
  const heads: ResponseHead[] = [];
  const data: Buffer[] = [];
  const ends: boolean[] = [];
  const parser = new ResponseParser({
    head: head => heads.push(head),
    data: bytes => data.push(bytes),
    end: reusable => ends.push(reusable),
  });
  parser.expect(bodiless);
  return { heads, data, ends, parser };
}

/** Pushes the bytes in pieces that end at `cuts`, each out of a buffer that is spoilt afterwards. */
function feed({ parser }: Heard, bytes: Buffer, cuts: readonly number[] = []): void {
  const ends = [...new Set(cuts.map(cut => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  let from = 0;
  for (const end of [...ends, bytes.length]) {
    if (end <= from) continue;
    const piece = Buffer.from(bytes.subarray(from, end));
    parser.push(piece, 0, piece.length);
    piece.fill(0);
    from = end;
  }
}

const body = fc.uint8Array({ maxLength: 300 }).map(bytes => Buffer.from(bytes));
const cuts = fc.array(fc.nat(1000), { maxLength: 12 });
const eol = '\r\n';

function chunked(pieces: readonly Buffer[], extension: string, trailer: string): Buffer {
  const parts: Buffer[] = [];
  for (const piece of pieces) {
    if (piece.length > 0)
      parts.push(Buffer.from(`${piece.length.toString(16)}${extension}${eol}`), piece, Buffer.from(eol));
  }
  return Buffer.concat([...parts, Buffer.from(`0${extension}${eol}${trailer}${eol}`)]);
}

describe('the parser of responses', () => {
  it('reads a body of a stated length, however it is cut', () => {
    fc.assert(
      fc.property(body, cuts, (sent, at) => {
        const heard = listening();
        const head = `HTTP/1.1 200 OK${eol}Content-Length: ${sent.length}${eol}Content-Type: text/plain${eol}${eol}`;
        feed(heard, Buffer.concat([Buffer.from(head), sent]), at);
        expect(Buffer.concat(heard.data)).toEqual(sent);
        expect(heard.heads.map(({ status }) => status)).toEqual([200]);
        expect(heard.heads[0]?.get('content-type')).toBe('text/plain');
        expect(heard.ends).toEqual([true]);
      }),
    );
  });

  it('reads a chunked body, however it is chunked and cut, extensions and trailers left out', () => {
    fc.assert(
      fc.property(
        fc.array(body, { maxLength: 6 }),
        cuts,
        fc.constantFrom('', ';a=b', ' ;x'),
        fc.constantFrom('', `x-sum: 1${eol}`, `a: b${eol}c: d${eol}`),
        (pieces, at, extension, trailer) => {
          const heard = listening();
          const head = Buffer.from(`HTTP/1.1 200 OK${eol}transfer-encoding: chunked${eol}${eol}`);
          feed(heard, Buffer.concat([head, chunked(pieces, extension, trailer)]), at);
          expect(Buffer.concat(heard.data)).toEqual(Buffer.concat(pieces));
          expect(heard.ends).toEqual([true]);
        },
      ),
    );
  });

  it('hands on what one read brought at once, whatever chunks it was cut into', () => {
    const heard = listening();
    const pieces = ['data: 1\n\n', 'data: 2\n\n', 'data: 3\n\n'].map(text => Buffer.from(text));
    const head = Buffer.from(`HTTP/1.1 200 OK${eol}transfer-encoding: chunked${eol}${eol}`);
    feed(heard, Buffer.concat([head, chunked(pieces, '', '')]));
    expect(heard.data.map(String)).toEqual(['data: 1\n\ndata: 2\n\ndata: 3\n\n']);
  });

  it('reads until the close where nothing else ends the body', () => {
    const heard = listening();
    feed(heard, Buffer.from(`HTTP/1.1 200 OK${eol}${eol}half`));
    expect(heard.ends).toEqual([]);
    expect(heard.parser.close()).toBe(true);
    expect([Buffer.concat(heard.data).toString(), heard.ends]).toEqual(['half', [false]]);
    expect(heard.parser.close()).toBe(false);
  });

  it('knows an answer that was cut off from one that ended', () => {
    const heard = listening();
    feed(heard, Buffer.from(`HTTP/1.1 200 OK${eol}content-length: 5${eol}${eol}half`));
    expect(heard.parser.close()).toBe(false);
    expect(heard.ends).toEqual([]);
  });

  it.each([
    ['HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n', false],
    ['HTTP/1.1 200 OK\r\nConnection: foo, Close\r\ncontent-length: 0\r\n\r\n', false],
    ['HTTP/1.1 200 OK\r\nconnection: foo\r\nconnection: close\r\ncontent-length: 0\r\n\r\n', false],
    ['HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n', false],
    ['HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 0\r\n\r\n', true],
    ['HTTP/1.1 204 No Content\r\n\r\n', true],
    ['HTTP/1.1 200 OK\r\ncontent-length: 00\r\n\r\n', true],
    ['HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n', true],
    ['HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n', true],
    // Whoever sends more than it says must not have the rest taken for the next answer.
    ['HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\nHTTP/1.1 200 OK\r\n', false],
  ])('%j leaves a connection that may be used again: %s', (text, reusable) => {
    const heard = listening();
    feed(heard, Buffer.from(text));
    expect(heard.ends).toEqual([reusable]);
  });

  it('takes the answer to a HEAD for one without a body', () => {
    const heard = listening(true);
    feed(heard, Buffer.from(`HTTP/1.1 200 OK${eol}content-length: 100${eol}${eol}`));
    expect(heard.ends).toEqual([true]);
  });

  it.each([
    'GARBAGE\r\n\r\n',
    'HTTP/2 200 OK\r\n\r\n',
    'HTTP/1.1 20 OK\r\n\r\n',
    'HTTP/1.1 101 Switching Protocols\r\n\r\n',
    'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n',
    'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n',
    'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntransfer-encoding: gzip\r\n\r\n',
    'HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n',
    'HTTP/1.1 200 OK\r\ncontent-length: 1e3\r\n\r\n',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n\r\n',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nabcd\r\n',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nfffffffffffff\r\n',
    `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;${'x'.repeat(2000)}`,
    `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(70_000)}`,
    'HTTP/1.1 100 Continue\r\n\r\n'.repeat(20),
  ])('refuses %j', text => {
    const heard = listening();
    expect(() => feed(heard, Buffer.from(text))).toThrow(MalformedResponse);
    expect(heard.ends).toEqual([]);
  });

  it('takes nothing that was not asked for', () => {
    const heard = listening();
    feed(heard, Buffer.from(`HTTP/1.1 204 No Content${eol}${eol}`));
    expect(() => feed(heard, Buffer.from('x'))).toThrow(MalformedResponse);
  });

  it('survives any bytes: it ends, refuses or waits', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map(raw => Buffer.from(raw)),
      fc
        .string({
          unit: fc.constantFrom(
            '\r',
            '\n',
            '0',
            'a',
            ':',
            ' ',
            ';',
            'HTTP/1.1 200 OK\r\n',
            'content-length: 3\r\n',
            'transfer-encoding: chunked\r\n',
          ),
          maxLength: 60,
        })
        .map(text => Buffer.from(text)),
    );
    fc.assert(
      fc.property(bytes, cuts, (sent, at) => {
        const heard = listening();
        try {
          feed(heard, sent, at);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedResponse);
        }
        expect(heard.ends.length).toBeLessThanOrEqual(1);
      }),
    );
  });
});
