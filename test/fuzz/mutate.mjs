/** Changes a case, which is a list of pieces of text, a little: what the grammar alone would never write. */
import { chance, pick } from './draw.mjs';

const TOKENS = [
  ...[
    '"',
    '\\',
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '0',
    '-',
    '.',
    'e',
    ' ',
    '\n',
    '\r',
    '\r\n\r\n',
    '\n\n',
    '\0',
    '\xff',
    '\xc3',
    '\xed\xa0\x80',
  ],
  ...[
    '\xef\xbb\xbf',
    'null',
    'true',
    '""',
    '{}',
    '[]',
    '"model":',
    '"messages":[',
    '"m\\u006fdel"',
    '\\u0000',
    'data:',
    'data: [DONE]',
  ],
  ...[
    '"usage":{}',
    '"error":',
    '"finish_reason":"stop"',
    '1e999',
    '[[[[[[[[',
    ']]]]]]]]',
    'and ',
    'not ',
    '(',
    '- ',
    '\t',
    '*a',
    '&a',
    '!!x',
  ],
];

export function mutate(random, pieces, other) {
  let out = [...pieces];
  for (let left = 1 + random.below(3); left > 0; left--) out = one(random, out, other);
  return out;
}

function one(random, pieces, other) {
  if (pieces.length === 0) return [pick(random, TOKENS)];
  const at = random.below(pieces.length);
  const text = pieces[at];
  const from = random.below(text.length + 1);
  const to = Math.min(text.length, from + 1 + random.below(chance(random, 0.5) ? 4 : 40));
  const put = changed => pieces.toSpliced(at, 1, changed);
  switch (random.below(8)) {
    case 0:
      return put(text.slice(0, from) + text.slice(to));
    case 1:
      return put(text.slice(0, to) + text.slice(from));
    case 2:
    case 3:
      return put(text.slice(0, from) + pick(random, TOKENS) + text.slice(chance(random, 0.5) ? from : to));
    case 4:
      return put(text.slice(0, from) + String.fromCharCode(random.below(256)) + text.slice(from + 1));
    case 5:
      return chance(random, 0.3)
        ? put(text.slice(0, from))
        : put(text.slice(0, from) + text.slice(from) + pick(random, TOKENS));
    case 6: {
      const donor = pick(random, other) ?? '';
      const start = random.below(donor.length + 1);
      return put(text.slice(0, from) + donor.slice(start, start + random.below(60)) + text.slice(from));
    }
    default:
      // Where a stream is cut is as much a part of a case as what it says.
      return chance(random, 0.5) || at === pieces.length - 1
        ? pieces.toSpliced(at, 1, text.slice(0, from), text.slice(from))
        : pieces.toSpliced(at, 2, text + pieces[at + 1]);
  }
}

/** The smallest case found that still fails, by leaving out pieces and ever shorter parts of them. */
export async function shrink(pieces, fails, most = 3000) {
  let best = pieces;
  let left = most;
  const attempt = async candidate => {
    if (left-- <= 0 || !(await fails(candidate))) return false;
    best = candidate;
    return true;
  };
  for (let improved = true; improved && left > 0; ) {
    improved = false;
    for (let at = best.length - 1; at >= 0; at--) {
      if (best.length > 1 && (await attempt(best.toSpliced(at, 1)))) improved = true;
      else if (at + 1 < best.length && (await attempt(best.toSpliced(at, 2, best[at] + best[at + 1])))) improved = true;
    }
    for (let at = 0; at < best.length; at++) {
      for (let size = best[at].length; size >= 1; size = size >> 1) {
        for (let from = 0; from < best[at].length; ) {
          const shorter = best[at].slice(0, from) + best[at].slice(from + size);
          if (await attempt(best.toSpliced(at, 1, shorter))) improved = true;
          else from += size;
          if (left <= 0) return best;
        }
      }
    }
  }
  return best;
}
