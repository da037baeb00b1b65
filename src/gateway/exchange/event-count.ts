import { Buffer } from 'node:buffer';
import type { Bytes } from '#contract/units.js';

const DATA = Buffer.from('data:');
/** Pieces of a stream that are looked into: of a longer one, the rest is taken to be like them. */
const LOOKED_AT = 32;

/** How many events a stream has brought: one a token, as engines write them. What a long answer costs to count is what its beginning does. */
export class EventCount {
  private pieces = 0;
  private bytes: Bytes = 0;
  private events = 0;

  see(piece: Buffer): void {
    if (this.pieces >= LOOKED_AT) return;
    this.pieces++;
    this.bytes += piece.length;
    for (let at = piece.indexOf(DATA); at >= 0; at = piece.indexOf(DATA, at + DATA.length)) this.events++;
  }

  /** @param all bytes of the stream so far. */
  of(all: Bytes): number {
    return this.bytes === 0 ? 0 : Math.round((all / this.bytes) * this.events);
  }
}
