import { WeirError } from '#contract/errors.js';
import type { Bytes } from '#contract/units.js';

/**
 * Room for answers that wait in this process until they are whole: because they are not streamed, or because a guard or a cascade judges them as
 * a whole. One budget of bytes for all requests, so that many long answers at once end some of them and not the process.
 */
export class HeldRoom {
  private taken: Bytes = 0;

  /** @param most what all answers may take together; {@link HeldShare}s have the bound of one answer beside it. */
  constructor(public most: Bytes) {}

  /** What is taken now. */
  get held(): Bytes {
    return this.taken;
  }

  /** The share of one answer, with nothing in it yet. @param longest what it may grow to. */
  share(longest: Bytes): HeldShare {
    return new HeldShare(this, longest);
  }

  /** @returns whether there was room; nothing is taken where there is none. */
  take(bytes: Bytes): boolean {
    if (this.taken + bytes > this.most) return false;
    this.taken += bytes;
    return true;
  }

  give(bytes: Bytes): void {
    this.taken -= bytes;
  }
}

/** What one answer takes of the {@link HeldRoom}: the most that was held of it at once, from its first byte until it is let go. */
export class HeldShare {
  private bytes: Bytes = 0;
  private over = false;

  constructor(
    private readonly room: HeldRoom,
    private readonly longest: Bytes,
  ) {}

  /**
   * So many bytes of the answer are held now.
   *
   * @throws WeirError `upstream.too_large` when that is more than one answer may have, `gateway.no_room` when all together would be more
   * than they may.
   */
  grow(to: Bytes): void {
    if (this.over || to <= this.bytes) return;
    const most = Math.min(this.longest, this.room.most);
    if (to > most) {
      throw new WeirError('upstream.too_large', `What is held of the answer is longer than ${most} bytes`, {
        hint: 'The bounds are gateway.limits.answer and gateway.limits.held; held are answers that are not streamed, or judged as a whole.',
      });
    }
    if (!this.room.take(to - this.bytes)) {
      throw new WeirError(
        'gateway.no_room',
        `Answers that are held take ${this.room.held} of ${this.room.most} bytes`,
        {
          hint: 'The bound is gateway.limits.held.',
          retryAfterMs: 1000,
        },
      );
    }
    this.bytes = to;
  }

  /** Gives all of it back, once; what comes after takes nothing. */
  release(): void {
    this.room.give(this.bytes);
    this.bytes = 0;
    this.over = true;
  }
}
