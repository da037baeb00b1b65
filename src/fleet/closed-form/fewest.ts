/** The least number from `start` (at least 1) to `most` that is enough, where enough stays enough; `undefined` where none is. */
export function fewest(start: number, most: number, enough: (count: number) => boolean): number | undefined {
  let high = Math.max(1, start);
  let low = high - 1;
  while (!enough(high)) {
    if (high >= most) return undefined;
    low = high;
    high = Math.min(most, high * 2);
  }
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (enough(middle)) high = middle;
    else low = middle;
  }
  return high;
}
