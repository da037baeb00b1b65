/** A word or number as it counts for grounding. */
export interface Term {
  readonly text: string;
  /** Lower case, without the commonest endings of English. */
  readonly stem: string;
  readonly start: number;
  /** Says something by itself: no article, pronoun, auxiliary or preposition. */
  readonly content: boolean;
}

const WORDS = /[\p{L}\p{M}]+(?:['’]\p{L}+)?|\p{N}+(?:[.,]\p{N}+)*/gu;
const FUNCTION_WORDS: ReadonlySet<string> = new Set(
  (
    'a an the of in on at to for by with from and or but is are was were be been being it its this that these those as he she they his her their who ' +
    'whom which what when where why how has have had do does did not no yes than then so such also into about after before between both all any some ' +
    'more most other only own same too very can will would should could may might i you we my your our there here if'
  ).split(' '),
);

/** The words of a text, in linear time. @param most words that are read. */
export function termsOf(text: string, most = 20_000): Term[] {
  const terms: Term[] = [];
  for (const match of text.matchAll(WORDS)) {
    if (terms.length >= most) break;
    const lower = match[0].toLowerCase();
    terms.push({ text: match[0], stem: stemOf(lower), start: match.index, content: !FUNCTION_WORDS.has(lower) });
  }
  return terms;
}

function stemOf(lower: string): string {
  const bare = lower.replace(/['’]s$/, '');
  if (bare.length <= 4) return bare;
  return bare.replace(/ies$/, 'y').replace(/(?<=..)(?:es|s|ed|ing|ly|er)$/, '');
}

/** Pairs of neighbours. */
export function pairsOf(terms: readonly Term[]): string[] {
  return terms.slice(1).map((term, at) => `${terms[at]!.stem} ${term.stem}`);
}
