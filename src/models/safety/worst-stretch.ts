import type { Part } from './parts.js';

/**
 * The stretch of `size` characters of a part that is worst, of those that begin every half of its size and the last: what the transformer
 * reads of a long text. All of a part that is no longer.
 */
export function worstStretch(part: Part, size: number, danger: (stretch: Part) => number): Part {
  if (part.end - part.start <= size) return part;
  let worst: Part = part;
  let most = Number.NEGATIVE_INFINITY;
  for (let at = part.start; ; at += Math.ceil(size / 2)) {
    const start = Math.min(at, part.end - size);
    const stretch = { start, end: start + size };
    const found = danger(stretch);
    if (found > most) [worst, most] = [stretch, found];
    if (stretch.end === part.end) return worst;
  }
}
