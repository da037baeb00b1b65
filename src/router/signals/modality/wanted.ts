import type { Literals } from '#router/signals/literals.js';
import { lexicon, type WordsOfMedium } from './lexicon.js';
import type { MadeMedium, Medium } from './vocabulary.js';

/** Characters read, half from the beginning and half from the end: what is asked for stands at one of them. */
const MAX_READ = 2_048;
/** Sentences read at most. */
const MAX_SENTENCES = 32;
/** Things in one compound at most. */
const MAX_COMPOUND = 3;
/** Characters before a caption, for an article and an adjective or two; and in which a question word begins one. */
const OPENING = 24;
/** A run of marks is tried from its beginning only: from everywhere, a long one takes time in the square of its length. */
const SENTENCE_END = /(?<![.!?。！？\n])[.!?。！？\n]+(?=\s|$)|[。！？\n]/u;
/** What an English verb that is a noun too stands behind when it asks for something: nothing, or these. */
const REQUEST = /(?:^|[,:;]|(?<![\p{L}\p{N}])(?:please|kindly|you|you to|and|then|now|just|me|quickly|let’s|let's))$/iu;
const NOUN_TOO = /^(?:draw|paint|sketch|doodle|animate|narrate)$/iu;

/** What medium is asked for, how surely, and by which words. */
export interface Wanted {
  readonly medium: Medium;
  /** 1: something to make and to make it. 0.8: a word that means both. 0.6: a caption alone. 0: none of these, so text. */
  readonly strength: 0 | 0.6 | 0.8 | 1;
  readonly words: string;
}

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

interface Found {
  readonly medium: MadeMedium;
  readonly at: number;
  readonly end: number;
}

function inSentence(sentence: string): Wanted {
  const thing = firstThing(sentence);
  const verb = firstVerb(sentence);
  // Most sentences have neither, and are done with here.
  if (thing === undefined && verb === undefined) return TEXT;
  const { not, asks, makeLast, captions, pointing } = lexicon();
  if (not.first(sentence) !== undefined || begins(sentence, asks)) return TEXT;
  // A thing that is drawn, sung or filmed is that of its verb: `draw a film star`.
  if (verb !== undefined) {
    const word = sentence.slice(verb.at, verb.end);
    const both = thing !== undefined && (thing.at >= verb.end || makeLast.find(sentence, thing.end) >= 0);
    return both
      ? { medium: verb.medium, strength: 1, words: `${word} … ${sentence.slice(thing.at, thing.end)}` }
      : { medium: verb.medium, strength: 0.8, words: word };
  }
  if (thing === undefined) return TEXT;
  const make = makingOf(sentence, thing);
  if (make !== undefined) {
    return { medium: thing.medium, strength: 1, words: `${make} … ${sentence.slice(thing.at, thing.end)}` };
  }
  const caption = captions.first(sentence.trim().slice(0, OPENING));
  return caption === undefined || begins(sentence, pointing)
    ? TEXT
    : { medium: 'image', strength: 0.6, words: caption };
}

/** The word that asks for this thing to be made: before it with no other thing between, or, in some languages, behind it. */
function makingOf(sentence: string, thing: Found): string | undefined {
  const { make, makeLast } = lexicon();
  let words: string | undefined;
  let behind = 0;
  for (let at = make.find(sentence, 0); at >= 0 && make.end <= thing.at; at = make.find(sentence, behind)) {
    behind = make.end;
    words = sentence.slice(at, behind);
  }
  if (words !== undefined && isDirect(words, sentence.slice(behind, thing.at))) return words;
  const last = makeLast.find(sentence, thing.end);
  return last < 0 ? undefined : sentence.slice(last, makeLast.end);
}

function isDirect(make: string, between: string): boolean {
  const { becomes, quantities, between: reached } = lexicon();
  if (becomes.first(make) !== undefined) return true;
  const at = quantities.find(between, 0);
  return reached.first(at < 0 ? between : between.slice(quantities.end)) === undefined;
}

/** Whether one of the words begins the sentence, past marks such as ¿. */
function begins(sentence: string, words: Literals): boolean {
  const opening = sentence.trim().slice(0, OPENING);
  const at = words.find(opening, 0);
  return at >= 0 && !/[\p{L}\p{N}]/u.test(opening.slice(0, at));
}

/** The first thing named; of what is to become another, the other; of a compound (`music video`), its last. */
function firstThing(sentence: string): Found | undefined {
  const { things, becomes, into } = lexicon();
  let found = firstOf(things, sentence, 0);
  if (found === undefined) return undefined;
  if (becomes.find(sentence, 0) >= 0 && into.find(sentence, becomes.end) >= 0) {
    return firstOf(things, sentence, into.end);
  }
  for (let more = 1; more < MAX_COMPOUND; more++) {
    const next = firstOf(things, sentence, found.end);
    if (next === undefined || !/^[\s-]$/u.test(sentence.slice(found.end, next.at))) break;
    found = next;
  }
  return found;
}

function firstVerb(sentence: string): Found | undefined {
  const verb = firstOf(lexicon().verbs, sentence, 0);
  if (verb === undefined || !NOUN_TOO.test(sentence.slice(verb.at, verb.end))) return verb;
  return REQUEST.test(sentence.slice(Math.max(0, verb.at - OPENING), verb.at).trim()) ? verb : undefined;
}

/** What stands first in the sentence from a place on, and of which medium it is. */
function firstOf(kinds: readonly WordsOfMedium[], sentence: string, from: number): Found | undefined {
  let found: Found | undefined;
  for (const { medium, words } of kinds) {
    const at = words.find(sentence, from);
    if (at >= 0 && (found === undefined || at < found.at)) found = { medium, at, end: words.end };
  }
  return found;
}
