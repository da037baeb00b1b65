import type { Detector, Found } from './detector.js';

const LOCAL = /[\p{L}\p{N}._%+'-]/u;
const DOMAIN = /[\p{L}\p{N}.-]/u;
const LOCAL_MOST = 64;
const DOMAIN_MOST = 253;
const DOMAIN_WHOLE =
  /^(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?\.){1,8}(?:\p{L}{2,24}|xn--[a-z0-9-]{1,59})$/iu;

/** E-mail addresses, of letters of any script: from each `@` both ways, within the lengths of RFC 5321. */
export const email: Detector = {
  kind: 'email',
  find(text) {
    const found: Found[] = [];
    let last = 0;
    for (let at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) {
      let start = at;
      while (start > last && at - start < LOCAL_MOST && LOCAL.test(text[start - 1]!)) start--;
      while (start < at && /[.'-]/.test(text[start]!)) start++;
      let end = at + 1;
      while (end < text.length && end - at <= DOMAIN_MOST && DOMAIN.test(text[end]!)) end++;
      while (end > at && /[.-]/.test(text[end - 1]!)) end--;
      if (start === at || text[at - 1] === '.' || !DOMAIN_WHOLE.test(text.slice(at + 1, end))) continue;
      found.push({ start, end });
      last = end;
    }
    return found;
  },
};
