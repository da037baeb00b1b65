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
    const known = byText.get(finding.piece.text);
    if (known === undefined) byText.set(finding.piece.text, [finding]);
    else known.push(finding);
  }
  return text => {
    const found = byText.get(text);
    return found === undefined ? text : redacted(text, found);
  };
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
