import type { Detector, Found } from './detector.js';

/** Keys that say what they are by how they begin, as their makers document them. */
const KNOWN =
  /(?<![\p{L}\p{N}_-])(?:sk-(?:ant-|proj-|or-)?[A-Za-z0-9_-]{20,200}|(?:sk|pk|rk)_(?:live|test)_[A-Za-z0-9]{16,200}|gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255}|glpat-[A-Za-z0-9_-]{20,64}|(?:AKIA|ASIA)[A-Z0-9]{16}|AIza[A-Za-z0-9_-]{35}|ya29\.[A-Za-z0-9_-]{20,300}|xox[abeprs]-[A-Za-z0-9-]{10,250}|npm_[A-Za-z0-9]{36}|hf_[A-Za-z0-9]{30,64}|pypi-[A-Za-z0-9_-]{50,250}|SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16,64}|wk_[A-Za-z0-9_-]{20,100}|eyJ[A-Za-z0-9_-]{10,2000}\.eyJ[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{10,1000})(?![A-Za-z0-9])/gu;
const BLOCK = '-----BEGIN ';
const BLOCK_MOST = 16_384;
/** A value that is given to a name which says that it is secret. */
const ASSIGNED =
  /\b(?:api[_-]?key|secret(?:[_-]?key)?|access[_-]?token|auth[_-]?token|client[_-]?secret|password|passwd|pwd|passphrase|token)["']?\s{0,4}(?:[:=]|is)\s{0,4}["']?([^\s"',;<>]{6,256})/gi;

/** Keys, tokens, private keys and passwords. */
export const secret: Detector = {
  kind: 'secret',
  find(text) {
    const found: Found[] = [];
    for (const match of text.matchAll(KNOWN)) found.push({ start: match.index, end: match.index + match[0].length });
    found.push(...blocks(text));
    for (const match of text.matchAll(ASSIGNED)) {
      const value = match[1]!;
      const end = match.index + match[0].length;
      if (looksRandom(value)) found.push({ start: end - value.length, end });
    }
    return found;
  },
};

/** Private keys in PEM, head to foot. */
function blocks(text: string): Found[] {
  const found: Found[] = [];
  for (let start = text.indexOf(BLOCK); start >= 0; start = text.indexOf(BLOCK, start + BLOCK.length)) {
    const head = text.slice(start, start + 64);
    if (!/^-----BEGIN [A-Z ]{0,24}PRIVATE KEY-----/.test(head)) continue;
    const foot = text.indexOf('-----END ', start);
    if (foot < 0 || foot - start > BLOCK_MOST) continue;
    const close = text.indexOf('-----', foot + 9);
    const end = close < 0 || close - foot > 64 ? foot : close + 5;
    found.push({ start, end });
  }
  return found;
}

/** No word of a language: letters and digits, or signs, together. */
function looksRandom(value: string): boolean {
  if (/^[$({[%]/.test(value)) return false;
  const kinds = [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z0-9]/].filter(kind => kind.test(value)).length;
  return kinds >= 3 || (kinds === 2 && /\d/.test(value) && value.length >= 8);
}
