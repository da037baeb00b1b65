import { z } from 'zod';
import type { Message } from '#contract/request.js';
import { share } from '#contract/schema.js';
import type { SignalInput, SignalValue } from '#contract/signal.js';
import { BigramLikeness } from './bigram-likeness.js';
import type { SignalType } from './signal-type.js';

const MAX_TURNS = 16;
/** Letters below which a turn, such as `go on`, is said again without asking again. */
const MIN_LETTERS = 12;
const NUMBERS = /\p{Nd}+/gu;
/** Characters in which numbers are looked for. */
const MAX_NUMBERED = 2_048;

const schema = z.strictObject({
  above: share
    .default(0.84)
    .describe('True when the user’s turn is more like an earlier one than this, from 0 to 1. See docs/signals.md.'),
  turns: z.int().min(1).max(MAX_TURNS).default(4).describe('How many earlier turns of the user’s are looked at.'),
});

type ReaskOptions = z.output<typeof schema>;

const LABELS = Array.from({ length: MAX_TURNS }, (_, index) => String(index + 1));

/** Whether the user asks again what was asked before: a sign that the answer was of no use. */
export const reask: SignalType<ReaskOptions> = {
  type: 'reask',
  summary: 'Whether the user asks again what was asked before, by the letters of the turns.',
  scoreMeaning: 'likeness to the earlier turn that is most like it, from 0 to 1',
  labelMeaning: 'how many turns back that was, when it is a re-ask',
  labels: LABELS,
  cost: { tier: 'inline', microseconds: 20 },
  schema,
  check: ({ above }) => (above < 1 ? [] : [{ code: 'config.range', path: ['above'], message: 'nothing is above 1' }]),
  build: (name, options) => {
    const likeness = new BigramLikeness();
    return { name, type: 'reask', cost: reask.cost, evaluate: input => evaluate(likeness, options, input) };
  },
};

const FIRST: SignalValue = Object.freeze({ state: 'false', score: 0, evidence: 'no earlier turn' });
const SHORT: SignalValue = Object.freeze({ state: 'false', score: 0, evidence: 'too short to be a question again' });

function evaluate(likeness: BigramLikeness, { above, turns }: ReaskOptions, { request }: SignalInput): SignalValue {
  const { messages } = request;
  const last = turnBefore(messages, messages.length);
  let at = last < 0 ? -1 : turnBefore(messages, last);
  if (at < 0) return FIRST;
  const current = textOf(messages[last]!);
  likeness.keep(current);
  if (likeness.letters < MIN_LETTERS) return SHORT;
  let score = 0;
  let back = 0;
  for (let turn = 1; turn <= turns && at >= 0; turn++) {
    const earlier = textOf(messages[at]!);
    const found = likeness.likenessOf(earlier);
    if (found > score && sameNumbers(current, earlier)) {
      score = found;
      back = turn;
    }
    at = turnBefore(messages, at);
  }
  score = Math.round(score * 1e4) / 1e4;
  const said = back === 0 ? 'like no earlier turn' : `${score.toFixed(2)} like ${back} back`;
  return score > above
    ? { state: 'true', score, label: LABELS[back - 1]!, evidence: said }
    : { state: 'false', score, evidence: said };
}

/** The place of the last message before `end` in which the user says something; −1 for none. */
function turnBefore(messages: readonly Message[], end: number): number {
  for (let at = end - 1; at >= 0; at--) {
    const { role, content } = messages[at]!;
    if (role !== 'user') continue;
    for (const part of content) if (part.type === 'text' && part.text !== '') return at;
  }
  return -1;
}

function textOf({ content }: Message): string {
  let text = '';
  for (const part of content) if (part.type === 'text') text += text === '' ? part.text : ` ${part.text}`;
  return text;
}

/** Where both have numbers and not the same ones, the same is asked of something else: chapter 3, chapter 4. */
function sameNumbers(one: string, other: string): boolean {
  const here = numbersOf(one);
  const there = numbersOf(other);
  return here === '' || there === '' || here === there;
}

function numbersOf(text: string): string {
  return [...new Set(text.slice(0, MAX_NUMBERED).match(NUMBERS) ?? [])].sort().join(' ');
}
