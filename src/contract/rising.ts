/** How many of rising numbers are at most `most`: by halves, in O(log n). */
export function countUpTo(rising: ArrayLike<number>, most: number): number {
  let low = 0;
  let high = rising.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rising[middle]! <= most) low = middle + 1;
    else high = middle;
  }
  return low;
}
