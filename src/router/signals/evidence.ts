/** Longest evidence that a signal may give, in UTF-16 units. */
export const MAX_EVIDENCE = 120;

/** Long enough for any evidence, short enough that cleaning costs nothing whatever the text. */
const WINDOW = 160;

/** Control, format, unpaired surrogate and line-separating characters: nothing that could break a log line. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu;

/** Makes text from a request fit to be shown: one line, printable, at most {@link MAX_EVIDENCE} characters. */
export function evidence(text: string): string {
  const clean = text.slice(0, WINDOW).replace(UNPRINTABLE, ' ').trim();
  if (clean.length <= MAX_EVIDENCE) return clean;
  const end = isHighSurrogate(clean.charCodeAt(MAX_EVIDENCE - 2)) ? MAX_EVIDENCE - 2 : MAX_EVIDENCE - 1;
  return `${clean.slice(0, end)}…`;
}

/** The same, in quotation marks: for words found in a request. */
export function quoted(text: string): string {
  const inner = evidence(text);
  return inner.length <= MAX_EVIDENCE - 2 ? `"${inner}"` : `"${evidence(inner.slice(0, MAX_EVIDENCE - 4))}…"`;
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}
