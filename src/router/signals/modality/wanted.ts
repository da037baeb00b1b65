import { Literals } from '#router/signals/literals.js';
import { CAPTIONS, type MadeMedium, MEDIA, type Medium, VOCABULARIES } from './vocabulary.js';

/** Characters read, half from the beginning and half from the end: what is asked for stands at one of them. */
const MAX_READ = 2_048;
/** Sentences read at most. */
const MAX_SENTENCES = 32;
/** Characters before a caption, for an article and an adjective or two; and in which a question word begins one. */
const OPENING = 24;
const SENTENCE_END = /[.!?。！？\n]+(?=\s|$)|[。！？\n]/u;

/** What medium is asked for, how surely, and by which words. */
export interface Wanted {
  readonly medium: Medium;
  /** 1: something to make and to make it. 0.8: a word that means both. 0.6: a caption alone. 0: none of these, so text. */
  readonly strength: 0 | 0.6 | 0.8 | 1;
  readonly words: string;
}

const MADE = MEDIA.filter((medium): medium is MadeMedium => medium !== 'text');

const any = (lists: readonly string[]) => new Literals([...new Set(lists.flatMap(list => list.split('|')))], false);

const MAKE = any(VOCABULARIES.map(({ make }) => make));
const NOT = any(VOCABULARIES.map(({ not }) => not));
const ASKS = any(VOCABULARIES.map(({ asks }) => asks));
const CAPTION = any([CAPTIONS]);
const THINGS = MADE.map(medium => ({ medium, words: any(VOCABULARIES.map(({ things }) => things[medium])) }));
const VERBS = MADE.map(medium => ({ medium, words: any(VOCABULARIES.map(({ verbs }) => verbs[medium])) }));

const TEXT: Wanted = Object.freeze({ medium: 'text', strength: 0, words: '' });

/** The medium that a prompt asks for, by the surest of its sentences, of several the first. */
export function wantedMedium(prompt: string): Wanted {
  let surest = TEXT;
  for (const sentence of sentencesOf(prompt)) {
    const wanted = inSentence(sentence);
    if (wanted.strength > surest.strength) surest = wanted;
  }
  return surest;
}

function sentencesOf(prompt: string): readonly string[] {
  const half = MAX_READ / 2;
  const read = prompt.length <= MAX_READ ? prompt : `${prompt.slice(0, half)}\n${prompt.slice(-half)}`;
  return read.split(SENTENCE_END, MAX_SENTENCES);
}

function inSentence(sentence: string): Wanted {
  const thing = firstOf(THINGS, sentence);
  const verb = firstOf(VERBS, sentence);
  // Most sentences have neither, and are done with here.
  if (thing === undefined && verb === undefined) return TEXT;
  if (NOT.first(sentence) !== undefined || isQuestion(sentence)) return TEXT;
  const make = thing === undefined ? undefined : MAKE.first(sentence);
  // A thing that is drawn, sung or filmed is that of its verb: `draw a film star`.
  if (verb !== undefined) {
    const both = thing !== undefined && make !== undefined;
    return { medium: verb.medium, strength: both ? 1 : 0.8, words: both ? `${verb.word} … ${thing.word}` : verb.word };
  }
  if (thing !== undefined && make !== undefined) {
    return { medium: thing.medium, strength: 1, words: `${make} … ${thing.word}` };
  }
  const caption = CAPTION.first(sentence.trim().slice(0, OPENING));
  return caption === undefined ? TEXT : { medium: 'image', strength: 0.6, words: caption };
}

function isQuestion(sentence: string): boolean {
  const opening = sentence.trim().slice(0, OPENING);
  const at = ASKS.find(opening, 0);
  // Past marks that a question may begin with, such as ¿.
  return at >= 0 && !/[\p{L}\p{N}]/u.test(opening.slice(0, at));
}

/** What stands first in the sentence, and of which medium it is. */
function firstOf(
  kinds: readonly { readonly medium: MadeMedium; readonly words: Literals }[],
  sentence: string,
): { readonly medium: MadeMedium; readonly word: string } | undefined {
  let first = Number.POSITIVE_INFINITY;
  let found: { readonly medium: MadeMedium; readonly word: string } | undefined;
  for (const { medium, words } of kinds) {
    const at = words.find(sentence, 0);
    if (at < 0 || at >= first) continue;
    first = at;
    found = { medium, word: sentence.slice(at, words.end) };
  }
  return found;
}
