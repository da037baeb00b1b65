import type { TextRewrite } from '#contract/answer-guard.js';
import type { SafetyFinding } from './scan.js';
import { stripped } from './unveil.js';

/** What stands in the place of what was taken out. */
export const REMOVED = '[removed]';

/** The disguises that are redacted by taking out what nobody sees, and leave no gap. */
const UNSEEN: ReadonlySet<string> = new Set(['disguise:invisible', 'disguise:tag_characters', 'disguise:bidi']);

/** Texts without what was found in them. A text that stands in a request twice is changed in both places. */
export function redaction(findings: readonly SafetyFinding[]): TextRewrite {
  const byText = new Map<string, SafetyFinding[]>();
  for (const finding of findings) {
    for (const [text, found] of byPart(finding)) {
      const known = byText.get(text);
      if (known === undefined) byText.set(text, [found]);
      else known.push(found);
    }
  }
  return text => {
    const found = byText.get(text);
    return found === undefined ? text : redacted(text, found);
  };
}

/** A finding in each of the texts that it stands in. */
function* byPart(finding: SafetyFinding): Generator<[string, SafetyFinding]> {
  const { piece, start = 0, end = piece.text.length } = finding;
  let at = 0;
  for (const part of piece.parts ?? [piece.text]) {
    if (at >= end) return;
    const from = Math.max(0, start - at);
    const to = Math.min(part.length, end - at);
    if (from < to) yield [part, { ...finding, start: from, end: to }];
    at += part.length + 1;
  }
}

function redacted(text: string, findings: readonly SafetyFinding[]): string {
  const seen = findings.filter(({ rule }) => !rule.startsWith('disguise:'));
  const places = seen.map(({ start = 0, end = text.length }) => ({ start, end })).sort((a, b) => a.start - b.start);
  let out = '';
  let from = 0;
  for (const { start, end } of places) {
    if (end <= from) continue;
    out += text.slice(from, Math.max(from, start)) + (start < from ? '' : REMOVED);
    from = end;
  }
  out += text.slice(from);
  return findings.some(({ rule }) => UNSEEN.has(rule)) ? stripped(out) : out;
}
