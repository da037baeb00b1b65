import type { Bytes } from '#contract/units.js';

/** Pieces of at least this size are kept as they came. */
const LARGE = 4096;
/** So many pieces are kept as they came whatever their size: most bodies have fewer. */
const FEW = 8;
const ROOM = 65_536;

/**
 * Bytes that come in pieces. Many small pieces are copied together: each one kept as it came would cost a hundred bytes and hold on to the
 * whole read that it was part of, so that a body sent byte by byte would take a hundred times its size.
 */
export class BytePile {
  private readonly pieces: Buffer[] = [];
  private room: Buffer | undefined;
  private used = 0;
  private size: Bytes = 0;

  get length(): Bytes {
    return this.size;
  }

  push(piece: Buffer): void {
    this.size += piece.length;
    if (piece.length >= LARGE || this.pieces.length < FEW) {
      this.settle();
      this.pieces.push(piece);
      return;
    }
    if (this.room === undefined || this.room.length - this.used < piece.length) {
      this.settle();
      this.room = Buffer.allocUnsafeSlow(ROOM);
    }
    this.used += piece.copy(this.room, this.used);
  }

  /** All bytes, in one piece; afterwards there are none. */
  take(): Buffer {
    this.settle();
    this.room = undefined;
    const { pieces, size } = this;
    const [only] = pieces;
    const all = pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces, size);
    pieces.length = 0;
    this.size = 0;
    return all;
  }

  /** What was copied becomes a piece; the room that is left serves on. */
  private settle(): void {
    if (this.room === undefined || this.used === 0) return;
    this.pieces.push(this.room.subarray(0, this.used));
    this.room = this.room.subarray(this.used);
    this.used = 0;
  }
}
