import { MalformedResponse, ResponseHead } from './response-head.js';

/** Who hears of an answer. `data` gets bytes that belong to it: they are copies, and stay as they are. */
export interface ResponseSink {
  head(head: ResponseHead): void;
  data(bytes: Buffer): void;
  /** The answer is whole. @param reusable whether another request may be sent on the connection. */
  end(reusable: boolean): void;
}

/** No answer is expected: whatever comes is a fault of the other side. */
const IDLE = 0;
const HEAD = 1;
const FIXED = 2;
const UNTIL_CLOSE = 3;
const CHUNK_SIZE = 4;
const CHUNK_EXTENSION = 5;
const CHUNK_DATA = 6;
const CHUNK_END = 7;
const TRAILER = 8;

/** The longest head, and trailer, that is taken. */
const MAX_HEAD_BYTES = 64 * 1024;
/** The longest line of a chunk's size with its extension. */
const MAX_SIZE_LINE = 1024;
/** Provisional answers (1xx) before the real one; more are a joke. */
const MAX_PROVISIONAL = 16;

const CR = 13;
const LF = 10;
const SEMICOLON = 59;
const BLANK = 32;
const TAB = 9;

/**
 * Reads HTTP/1.1 responses (RFC 9112) of one connection, one at a time, as they come in pieces. All of the body that stands in one
 * piece is handed on at once, whatever chunks it was cut into: an event stream of small chunks costs one call a read, not one a chunk.
 *
 * What contradicts itself (two lengths, a length and a chunked body, a size that is no number) is refused rather than guessed at.
 */
export class ResponseParser {
  private at = IDLE;
  private rest = 0;
  private line = 0;
  private provisional = 0;
  private carry: Buffer | undefined;
  private out: Buffer | undefined;
  private filled = 0;
  private reusable = true;
  private bodiless = false;
  private done = false;

  constructor(private readonly sink: ResponseSink) {}

  /** From now on an answer is expected. @param bodiless it has no body, whatever its head says: the request was a HEAD. */
  expect(bodiless = false): void {
    this.at = HEAD;
    this.provisional = 0;
    this.bodiless = bodiless;
  }

  /**
   * Takes what came: `bytes` from `start` to `end`, which may change as soon as this returns.
   *
   * @throws MalformedResponse
   */
  push(bytes: Buffer, start: number, end: number): void {
    let from = start;
    let until = end;
    let source = bytes;
    if (this.carry !== undefined) {
      source = Buffer.concat([this.carry, bytes.subarray(start, end)]);
      from = 0;
      until = source.length;
      this.carry = undefined;
    }
    this.out = undefined;
    this.filled = 0;
    while (from < until && !this.done) {
      switch (this.at) {
        case IDLE:
          throw new MalformedResponse('bytes that no request asked for');
        case HEAD:
          from = this.readHead(source, from, until);
          break;
        case FIXED:
        case CHUNK_DATA:
        case UNTIL_CLOSE:
          from = this.readBody(source, from, until);
          break;
        case CHUNK_SIZE:
          from = this.readSize(source, from, until);
          break;
        default:
          this.readFraming(source[from]!);
          from++;
      }
    }
    this.deliver();
    // Bytes behind the end belong to no request: nothing that comes on this connection can be trusted any more.
    if (this.done) this.over(this.reusable && from === until);
  }

  /** The other side closed. @returns whether that was the end of an answer, as it may be. */
  close(): boolean {
    if (this.at !== UNTIL_CLOSE) return false;
    this.over(false);
    return true;
  }

  private readHead(bytes: Buffer, from: number, until: number): number {
    const found = bytes.indexOf(HEAD_END, from);
    if (found < 0 || found + HEAD_END.length > until) {
      if (until - from > MAX_HEAD_BYTES) throw new MalformedResponse(`a head of more than ${MAX_HEAD_BYTES} bytes`);
      this.carry = Buffer.from(bytes.subarray(from, until));
      return until;
    }
    if (found - from > MAX_HEAD_BYTES) throw new MalformedResponse(`a head of more than ${MAX_HEAD_BYTES} bytes`);
    const head = new ResponseHead(bytes.toString('latin1', from, found + 2));
    const next = found + HEAD_END.length;
    if (head.status < 200) {
      if (head.status === 101) throw new MalformedResponse('a change of protocol that nobody asked for');
      if (++this.provisional > MAX_PROVISIONAL) throw new MalformedResponse('provisional answers without end');
      return next;
    }
    this.frame(head);
    return next;
  }

  /** How the body is delimited (RFC 9112, section 6.3). */
  private frame(head: ResponseHead): void {
    this.reusable = !head.says('connection', 'close') && (!head.old || head.says('connection', 'keep-alive'));
    const coding = head.get('transfer-encoding').toLowerCase();
    const length = head.get('content-length');
    if (head.contradicts('content-length')) throw new MalformedResponse('two lengths');
    if (head.contradicts('transfer-encoding')) throw new MalformedResponse('two transfer codings');
    if (coding !== '' && length !== '') throw new MalformedResponse('a length beside a transfer coding');
    if (coding !== '' && coding !== 'chunked')
      throw new MalformedResponse(`the transfer coding ${coding.slice(0, 40)}`);
    if (length !== '' && !LENGTH.test(length)) throw new MalformedResponse(`the length ${length.slice(0, 40)}`);
    this.sink.head(head);
    if (this.bodiless || head.status === 204 || head.status === 304 || (length !== '' && Number(length) === 0))
      this.finish();
    else if (coding === 'chunked') {
      this.rest = 0;
      this.line = 0;
      this.at = CHUNK_SIZE;
    } else if (length === '') this.at = UNTIL_CLOSE;
    else {
      this.rest = Number(length);
      this.at = FIXED;
    }
  }

  private readBody(bytes: Buffer, from: number, until: number): number {
    const end = this.at === UNTIL_CLOSE ? until : Math.min(until, from + this.rest);
    this.out ??= Buffer.allocUnsafe(until - from);
    bytes.copy(this.out, this.filled, from, end);
    this.filled += end - from;
    if (this.at === UNTIL_CLOSE) return end;
    this.rest -= end - from;
    if (this.rest > 0) return end;
    if (this.at === FIXED) this.finish();
    else this.at = CHUNK_END;
    return end;
  }

  private readSize(bytes: Buffer, from: number, until: number): number {
    let at = from;
    while (at < until) {
      const byte = bytes[at++]!;
      const digit = hex(byte);
      if (digit >= 0) {
        this.rest = this.rest * 16 + digit;
        if (++this.line > 12) throw new MalformedResponse('a chunk of absurd size');
        continue;
      }
      if (this.line === 0) throw new MalformedResponse('a chunk without a size');
      if (byte === LF) this.sized();
      else if (byte === CR || byte === SEMICOLON || byte === BLANK || byte === TAB) this.at = CHUNK_EXTENSION;
      else throw new MalformedResponse('a chunk size that is no number');
      return at;
    }
    return at;
  }

  /** One byte of what stands between chunks. */
  private readFraming(byte: number): void {
    switch (this.at) {
      case CHUNK_EXTENSION:
        if (byte === LF) this.sized();
        else if (++this.line > MAX_SIZE_LINE) throw new MalformedResponse('a chunk extension without end');
        return;
      case CHUNK_END:
        if (byte === LF) {
          this.line = 0;
          this.at = CHUNK_SIZE;
        } else if (byte !== CR) throw new MalformedResponse('a chunk that is longer than it says');
        return;
      default:
        // Trailers are read over; `line` counts their bytes, `rest` those of the current line.
        if (++this.line > MAX_HEAD_BYTES) throw new MalformedResponse('a trailer without end');
        if (byte === LF) {
          if (this.rest === 0) this.finish();
          this.rest = 0;
        } else if (byte !== CR) this.rest++;
    }
  }

  private sized(): void {
    this.line = 0;
    this.at = this.rest === 0 ? TRAILER : CHUNK_DATA;
  }

  private finish(): void {
    this.at = IDLE;
    this.done = true;
  }

  private over(reusable: boolean): void {
    this.at = IDLE;
    this.done = false;
    this.sink.end(reusable);
  }

  private deliver(): void {
    const { out, filled } = this;
    if (out === undefined || filled === 0) return;
    this.out = undefined;
    this.filled = 0;
    this.sink.data(filled === out.length ? out : out.subarray(0, filled));
  }
}

const HEAD_END = Buffer.from('\r\n\r\n');
const LENGTH = /^\d{1,15}$/;

function hex(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const lower = byte | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}
