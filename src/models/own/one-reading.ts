import type { Span } from '#contract/learned.js';
import type { Window } from './windows.js';

/**
 * What windows that overlap found, as one reading of the text. What the edge of a window cut off counts only where no other window has all of it.
 * Of one type, what overlaps is one; of two types the surer has what both claim. Whatever counts is covered by the reading.
 *
 * @param found the spans of each window, with their places in the whole text.
 * @returns in order, none over another.
 */
export function oneReading(
  windows: readonly Window[],
  found: readonly (readonly Span[])[],
  length: number,
): readonly Span[] {
  if (windows.length === 1) return found[0] ?? [];
  const spans = found.flatMap((some, at) =>
    some.filter(span => !isCut(span, windows[at]!, length) || !seenWhole(span, at, windows, length)),
  );
  const kept: Span[] = [];
  for (const span of spans.sort((a, b) => a.start - b.start || b.end - a.end)) {
    const last = kept.at(-1);
    if (last === undefined || span.start >= last.end) kept.push(span);
    else if (span.type === last.type) kept[kept.length - 1] = united(last, span);
    else if (span.end > last.end) {
      const yields = span.score > last.score && span.start > last.start;
      if (yields) kept[kept.length - 1] = { ...last, end: span.start };
      kept.push(yields ? span : { ...span, start: last.end });
    }
  }
  return kept;
}

function isCut({ start, end }: Span, window: Window, length: number): boolean {
  return (start === window.start && start > 0) || (end === window.end && end < length);
}

function seenWhole(span: Span, from: number, windows: readonly Window[], length: number): boolean {
  const { start, end } = span;
  return [windows[from - 1], windows[from + 1]].some(
    window => window !== undefined && start >= window.start && end <= window.end && !isCut(span, window, length),
  );
}

function united(a: Span, b: Span): Span {
  return { ...a, end: Math.max(a.end, b.end), score: Math.max(a.score, b.score) };
}
