/** A part of a sequence that goes through a model: it reads `[start, end)`, and is heard on `[from, to)`. */
export interface Pass {
  readonly start: number;
  readonly end: number;
  readonly from: number;
  readonly to: number;
}

/**
 * The passes that a sequence takes where one has room for `room` tokens: they overlap by a quarter, and each token is heard in the one pass that
 * has more on both sides of it.
 */
export function coveringPasses(length: number, room: number): Pass[] {
  const size = Math.max(1, room);
  const overlap = Math.floor(size / 4);
  const passes: Pass[] = [];
  let from = 0;
  for (let start = 0; from < length; start += size - overlap) {
    const end = Math.min(length, start + size);
    const to = end === length ? end : end - Math.floor(overlap / 2);
    passes.push({ start, end, from, to });
    from = to;
  }
  return passes;
}
