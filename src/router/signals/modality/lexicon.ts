import { Literals } from '#router/signals/literals.js';
import { BECOME, CAPTIONS, INTO, type MadeMedium, MEDIA, POINTS, QUANTITIES, VOCABULARIES } from './vocabulary.js';

/** Words that belong to one medium. */
export interface WordsOfMedium {
  readonly medium: MadeMedium;
  readonly words: Literals;
}

const MADE = MEDIA.filter((medium): medium is MadeMedium => medium !== 'text');

const any = (lists: readonly string[]) =>
  new Literals([...new Set(lists.flatMap(list => list.split('|')).filter(word => word !== ''))], false);

const ofMedia = (words: (vocabulary: (typeof VOCABULARIES)[number], medium: MadeMedium) => string): WordsOfMedium[] =>
  MADE.map(medium => ({ medium, words: any(VOCABULARIES.map(vocabulary => words(vocabulary, medium))) }));

/** The words of all vocabularies together, ready to be found in a sentence. */
const compiled = () => ({
  make: any(VOCABULARIES.map(({ make }) => make)),
  makeLast: any(VOCABULARIES.map(({ makeLast = '' }) => makeLast)),
  /** What stands between a word that asks and a thing that it does not ask for. */
  between: any(VOCABULARIES.map(({ between = '' }) => between)),
  quantities: any([QUANTITIES]),
  becomes: any([BECOME]),
  into: any([INTO]),
  pointing: any([POINTS]),
  not: any(VOCABULARIES.map(({ not }) => not)),
  asks: any(VOCABULARIES.map(({ asks }) => asks)),
  captions: any([CAPTIONS]),
  things: ofMedia(({ things }, medium) => things[medium]),
  verbs: ofMedia(({ verbs }, medium) => verbs[medium]),
});

export type Lexicon = ReturnType<typeof compiled>;

let kept: Lexicon | undefined;

/** Compiled when it is first asked for, not with the module: a tenth of the time until a gateway listens would go into it, and few have a signal that needs it. */
export function lexicon(): Lexicon {
  kept ??= compiled();
  return kept;
}
