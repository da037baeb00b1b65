import type { PersonalSpan } from '#contract/personal-data.js';

/** What stands at the ends of a remainder and tells of nobody. */
const BEFORE = /^[\s\p{P}\p{S}]+/u;
const BEHIND = /[\s\p{P}\p{S}]+$/u;

/**
 * Spans, and what of others lies beside them: where two overlap the first layer says what it is, and what the second has beyond it stays, for
 * nothing that either found may go on unseen. A remainder that is of the kind beside it becomes part of it. Both layers are in order, none over another, and so is
 * what comes of them. Linear.
 */
export function layered(text: string, first: readonly PersonalSpan[], second: readonly PersonalSpan[]): PersonalSpan[] {
  const laid: PersonalSpan[] = [];
  let at = 0;
  let next = 0;
  const push = (span: PersonalSpan): void => {
    laid.push(span);
    at = span.end;
  };
  /** Puts in what of a span lies before a place. */
  const rest = (span: PersonalSpan, until: number): void => {
    const start = Math.max(span.start, at);
    const end = Math.min(span.end, until);
    if (start >= end) return;
    const before = laid.at(-1);
    const behind = first[next];
    const goesOn = before?.kind === span.kind && before.end === start;
    const leadsTo = behind?.kind === span.kind && behind.start === end;
    if (goesOn) laid.pop();
    if (leadsTo) next++;
    if (goesOn || leadsTo) {
      // What the second takes for one is one, also where the first takes it for two.
      push({ ...(goesOn ? before : behind!), start: goesOn ? before.start : start, end: leadsTo ? behind.end : end });
      return;
    }
    const whole = start === span.start && end === span.end;
    const piece = text.slice(start, end);
    const from = whole ? start : start + (BEFORE.exec(piece)?.[0].length ?? 0);
    const to = whole ? end : end - (BEHIND.exec(piece)?.[0].length ?? 0);
    if (from < to) push({ ...span, start: from, end: to });
  };
  for (const span of second) {
    while (next < first.length && first[next]!.end <= span.start) push(first[next++]!);
    while (next < first.length && first[next]!.start < span.end) {
      const behind = first[next]!;
      rest(span, behind.start);
      if (first[next] === behind) push(first[next++]!);
    }
    rest(span, span.end);
  }
  for (const span of first.slice(next)) push(span);
  return laid;
}
