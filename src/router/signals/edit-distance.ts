/** Longest text compared, in UTF-16 units. */
export const MAX_COMPARED = 80;

// Three rows of the table, used again for each comparison: nothing is allocated.
let twoBack = new Uint8Array(MAX_COMPARED + 1);
let before = new Uint8Array(MAX_COMPARED + 1);
let row = new Uint8Array(MAX_COMPARED + 1);

/**
 * How many single edits (a letter more, less, or other; with `swaps` also two neighbours exchanged) make `term` of what stands in
 * `text` from `start` to `end`: Levenshtein's distance, with swaps the optimal string alignment of Damerau's. Gives up
 * at more than `limit`.
 *
 * @returns `limit + 1` when there are more edits than `limit`.
 */
export function editDistance(
  term: string,
  text: string,
  start: number,
  end: number,
  limit: number,
  swaps: boolean,
): number {
  const width = end - start;
  const tooFar = limit + 1;
  if (Math.abs(term.length - width) > limit || term.length > MAX_COMPARED || width > MAX_COMPARED) return tooFar;
  for (let j = 0; j <= width; j++) before[j] = j;
  for (let i = 1; i <= term.length; i++) {
    const wanted = term.charCodeAt(i - 1);
    row[0] = i;
    let least = i;
    for (let j = 1; j <= width; j++) {
      const unit = text.charCodeAt(start + j - 1);
      let cost = before[j - 1]! + (unit === wanted ? 0 : 1);
      cost = Math.min(cost, before[j]! + 1, row[j - 1]! + 1);
      if (swaps && i > 1 && j > 1 && unit === term.charCodeAt(i - 2) && wanted === text.charCodeAt(start + j - 2)) {
        cost = Math.min(cost, twoBack[j - 2]! + 1);
      }
      row[j] = cost;
      if (cost < least) least = cost;
    }
    // A swap reaches back two rows, so one row beyond the limit is not the end yet.
    if (least > (swaps ? tooFar : limit)) return tooFar;
    [twoBack, before, row] = [before, row, twoBack];
  }
  return Math.min(before[width]!, tooFar);
}
