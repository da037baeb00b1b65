/** Finds the occurrences of one thing in a text, from left to right. Begun again for each text; holds on to none when done. */
export interface Finder {
  begin(text: string): void;
  /**
   * Where the next occurrence begins that has not been told yet and begins at or after `from`, which only grows; −1 when there is none.
   */
  next(from: number): number;
  /** Where the occurrence that was told last ends. */
  readonly end: number;
}

/** How often a thing occurs in a text. */
export function countIn(finder: Finder, text: string): number {
  let count = 0;
  finder.begin(text);
  for (let at = finder.next(0); at >= 0; at = finder.next(finder.end)) count++;
  finder.begin('');
  return count;
}
