/**
 * Words that little else but English has: function words and very common verbs, without those that are ordinary words of another
 * language too (`in`, `die`, `me`, `on`).
 */
const WORDS = (
  'the and that it for you with are this have not what how can would could should please which there they from does my our ' +
  'your if about has had were been will who whom when where why but than then them their these those its she him did done might ' +
  'must shall into out down after before between through during without within because while until also just only very more ' +
  'most much many some any each every other another such nor own same too here now one last new good well make made used using ' +
  'get give given take say said know tell think want need find let both few against again once ever never always often though ' +
  "although however it's i'm don't doesn't didn't isn't aren't can't won't being or"
).split(' ');

const LEAST_WORDS = 3;
const LEAST_SHARE = 0.15;

const FNV_OFFSET = 0x811c9dc5 | 0;
const FNV_PRIME = 0x01000193;

/** The words by their hash, so that no word of a text need be cut out of it to be looked up. */
const HASHES: ReadonlySet<number> = new Set(
  WORDS.map(word => [...word].reduce((hash, char) => step(hash, char.charCodeAt(0)), FNV_OFFSET)),
);

function step(hash: number, letter: number): number {
  return Math.imul(hash ^ letter, FNV_PRIME);
}

/**
 * Whether a line is English beyond doubt: at least three of {@link WORDS}, and every seventh of its words. Most English texts are
 * told by this in a microsecond, where the model would walk through megabytes; `bench/language.mjs` prints how often it is right.
 */
export function looksEnglish(line: string): boolean {
  let words = 0;
  let known = 0;
  let hash = FNV_OFFSET;
  for (let at = 0; at <= line.length; at++) {
    const code = at < line.length ? line.charCodeAt(at) : 32;
    const lower = code >= 65 && code <= 90 ? code + 32 : code;
    if ((lower >= 97 && lower <= 122) || lower === 39) hash = step(hash, lower);
    else if (hash !== FNV_OFFSET) {
      words++;
      if (HASHES.has(hash)) known++;
      hash = FNV_OFFSET;
    }
  }
  return known >= LEAST_WORDS && known >= LEAST_SHARE * words;
}
