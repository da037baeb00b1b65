/**
 * Words that little else but English has: function words and very common verbs, without those that are ordinary words of another
 * language too (`in`, `die`, `me`, `on`).
 */
const WORDS: ReadonlySet<string> = new Set(
  (
    'the and that it for you with are this have not what how can would could should please which there they from does my our ' +
    'your if about has had were been will who whom when where why but than then them their these those its she him did done might ' +
    'must shall into out down after before between through during without within because while until also just only very more ' +
    'most much many some any each every other another such nor own same too here now one last new good well make made used using ' +
    'get give given take say said know tell think want need find let both few against again once ever never always often though ' +
    "although however it's i'm don't doesn't didn't isn't aren't can't won't being or"
  ).split(' '),
);

const WORD = /[a-z']+/g;
const LEAST_WORDS = 3;
const LEAST_SHARE = 0.15;

/**
 * Whether a line is English beyond doubt: at least three of {@link WORDS}, and every seventh of its words. Most English texts are
 * told by this in a microsecond or two, where the model would walk through megabytes; `bench/language.mjs` prints how often it
 * is right.
 */
export function looksEnglish(line: string): boolean {
  const text = line.toLowerCase();
  let words = 0;
  let known = 0;
  WORD.lastIndex = 0;
  for (let match = WORD.exec(text); match !== null; match = WORD.exec(text)) {
    words++;
    if (WORDS.has(match[0])) known++;
  }
  return known >= LEAST_WORDS && known >= LEAST_SHARE * words;
}
