/** A line of text, or that there was one too long to keep. */
export interface Line {
  readonly number: number;
  /** `undefined` when the line is longer than the limit: its text was dropped as it came. */
  readonly text: string | undefined;
}

/**
 * Cuts text that comes in pieces, broken anywhere, into lines. Never holds more than `limit` characters and one piece, however
 * long a line is. A last line without an end counts; an empty one after the last end does not.
 */
export async function* linesOf(pieces: AsyncIterable<string> | Iterable<string>, limit: number): AsyncGenerator<Line> {
  let kept = '';
  let tooLong = false;
  let number = 1;
  for await (const piece of pieces) {
    let from = 0;
    for (let end = piece.indexOf('\n'); end >= 0; end = piece.indexOf('\n', from)) {
      const text = kept + piece.slice(from, end);
      yield { number: number++, text: tooLong || text.length > limit ? undefined : text };
      kept = '';
      tooLong = false;
      from = end + 1;
    }
    if (tooLong) continue;
    kept += piece.slice(from);
    if (kept.length > limit) {
      kept = '';
      tooLong = true;
    }
  }
  if (tooLong || kept.length > 0) yield { number, text: tooLong ? undefined : kept };
}
