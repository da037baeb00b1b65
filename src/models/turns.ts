/** Comparisons of vectors between which others have their turn: a millisecond or two. */
const SHARE = 2048;

/** Work on the thread that also serves: after each share of it others have their turn. */
export class Turns {
  private done = 0;

  /** @param work comparisons of vectors, or what takes as long: a character that is counted in n-grams is about one. */
  async spent(work: number): Promise<void> {
    this.done += work;
    if (this.done < SHARE) return;
    this.done = 0;
    await new Promise<void>(resolve => setImmediate(resolve));
  }
}
