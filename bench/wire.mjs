// Incremental reader of HTTP/1.1 messages, for the mock (requests) and the load generator (responses). Node's own parser costs
// several times as much, and both must stay far cheaper than what is measured between them.

const HEAD = 0;
const FIXED = 1;
const CHUNK_SIZE = 2;
const CHUNK_EXTENSION = 3;
const CHUNK_DATA = 4;
const CHUNK_END = 5;
const TRAILER = 6;
const MAX_HEAD = 64 * 1024;

export class MessageReader {
  #state = HEAD;
  #rest = 0;
  #lineLength = 0;
  #carry = undefined;
  #handler;

  /** @param {{ head(text: string): void, data(bytes: Buffer, start: number, end: number): void, end(): void }} handler */
  constructor(handler) {
    this.#handler = handler;
  }

  /** True between messages: a connection that closes then breaks nothing off. */
  get idle() {
    return this.#state === HEAD && this.#carry === undefined;
  }

  push(piece) {
    let bytes = piece;
    if (this.#carry !== undefined) {
      bytes = Buffer.concat([this.#carry, piece]);
      this.#carry = undefined;
    }
    const length = bytes.length;
    let at = 0;
    while (at < length) {
      switch (this.#state) {
        case HEAD: {
          const end = bytes.indexOf('\r\n\r\n', at, 'latin1');
          if (end === -1) {
            if (length - at > MAX_HEAD) throw new Error('a message head of more than 64 kB');
            this.#carry = bytes.subarray(at);
            return;
          }
          const head = bytes.latin1Slice(at, end + 2);
          at = end + 4;
          this.#frame(head);
          break;
        }
        case FIXED:
        case CHUNK_DATA: {
          const end = Math.min(length, at + this.#rest);
          this.#rest -= end - at;
          this.#handler.data(bytes, at, end);
          at = end;
          if (this.#rest === 0) {
            if (this.#state === FIXED) this.#finish();
            else this.#state = CHUNK_END;
          }
          break;
        }
        default:
          this.#framing(bytes[at]);
          at++;
      }
    }
  }

  #frame(head) {
    const fixed = /\r\ncontent-length: *(\d+)/i.exec(head);
    const chunked = fixed === null && /\r\ntransfer-encoding: *chunked/i.test(head);
    this.#handler.head(head);
    if (chunked) {
      this.#state = CHUNK_SIZE;
      this.#rest = 0;
      return;
    }
    this.#rest = fixed === null ? 0 : Number(fixed[1]);
    if (this.#rest === 0) this.#finish();
    else this.#state = FIXED;
  }

  /** One byte of the framing between chunks. */
  #framing(byte) {
    switch (this.#state) {
      case CHUNK_SIZE: {
        const digit = hex(byte);
        if (digit !== -1) this.#rest = this.#rest * 16 + digit;
        else if (byte === 10) this.#sized();
        else this.#state = CHUNK_EXTENSION;
        return;
      }
      case CHUNK_EXTENSION:
        if (byte === 10) this.#sized();
        return;
      case CHUNK_END:
        if (byte === 10) {
          this.#state = CHUNK_SIZE;
          this.#rest = 0;
        }
        return;
      default:
        if (byte === 10) {
          if (this.#lineLength === 0) this.#finish();
          this.#lineLength = 0;
        } else if (byte !== 13) this.#lineLength++;
    }
  }

  #sized() {
    this.#lineLength = 0;
    this.#state = this.#rest === 0 ? TRAILER : CHUNK_DATA;
  }

  #finish() {
    this.#state = HEAD;
    this.#handler.end();
  }
}

function hex(byte) {
  if (byte >= 48 && byte <= 57) return byte - 48;
  if (byte >= 97 && byte <= 102) return byte - 87;
  if (byte >= 65 && byte <= 70) return byte - 55;
  return -1;
}
