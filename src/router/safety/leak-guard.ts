import { type AnswerBlock, type AnswerGuard, type AnswerGuardMaker, AnswerStopped } from '#contract/answer-guard.js';
import { textOf } from '#contract/request.js';
import type { StageContext } from '#contract/stage.js';
import { REMOVED } from './redaction.js';
import type { Action } from './schema.js';

/** Words in a row that an answer must share with the system prompt for it to be a leak. */
const RUN = 12;
/** System prompts shorter than this are said by chance. */
const FEWEST_WORDS = 16;
/** Characters kept back of a stream, so that a passage is seen before it is sent. */
const HELD = 240;
const MOST_WORDS = 20_000;
const WORD = /[\p{L}\p{N}]+/gu;

interface Word {
  readonly word: string;
  readonly start: number;
  readonly end: number;
}

/** Puts a guard on the answers to a request with a system prompt. */
export function leakGuard({ board, route }: StageContext, action: Action): void {
  const prompt = board.request.messages
    .filter(({ role }) => role === 'system')
    .map(textOf)
    .join('\n');
  const words = wordsOf(prompt);
  if (words.length < FEWEST_WORDS) return;
  route.guards = [...(route.guards ?? []), leakGuardMaker(words.slice(0, MOST_WORDS), action)];
}

/** Looks for runs of twelve words of a system prompt. */
function leakGuardMaker(prompt: readonly Word[], action: Action): AnswerGuardMaker {
  const runs = new Set<string>();
  for (let at = 0; at + RUN <= prompt.length; at++) runs.add(keyOf(prompt, at));
  return { name: 'safety-leakage', holds: false, guard: () => new LeakGuard(runs, action) };
}

/** The system prompt in an answer: found word by word, whatever the punctuation, in streams before it has left. */
class LeakGuard implements AnswerGuard {
  private readonly held = new Map<string, string>();
  private found = 0;

  constructor(
    private readonly runs: ReadonlySet<string>,
    private readonly action: Action,
  ) {}

  text({ key, kind }: AnswerBlock, text: string): string {
    if (kind === 'arguments') return text;
    const checked = this.checked((this.held.get(key) ?? '') + text);
    const cut = Math.max(0, checked.length - HELD);
    this.held.set(key, checked.slice(cut));
    return checked.slice(0, cut);
  }

  close({ key }: AnswerBlock): string {
    const rest = this.checked(this.held.get(key) ?? '');
    this.held.delete(key);
    return rest;
  }

  end() {
    if (this.found === 0) return undefined;
    const note = `leakage ${this.found}: ${this.action}`;
    return this.action === 'log' ? { note } : { note, header: 'leakage', verdict: { leakage: this.action } };
  }

  private checked(text: string): string {
    const words = wordsOf(text);
    let [out, from] = ['', 0];
    for (let at = 0; at + RUN <= words.length; at++) {
      if (!this.runs.has(keyOf(words, at))) continue;
      this.found++;
      if (this.action === 'block') throw new AnswerStopped('safety.blocked', 'The answer was stopped.', false);
      let last = at + RUN - 1;
      while (last + 1 < words.length && this.runs.has(keyOf(words, last + 2 - RUN))) last++;
      if (this.action === 'redact') {
        out += text.slice(from, words[at]!.start) + REMOVED;
        from = words[last]!.end;
      }
      at = last;
    }
    return out + text.slice(from);
  }
}

function wordsOf(text: string): Word[] {
  return Array.from(text.matchAll(WORD), ({ 0: word, index }) => ({
    word: word.toLowerCase(),
    start: index,
    end: index + word.length,
  }));
}

function keyOf(words: readonly Word[], at: number): string {
  let key = '';
  for (let i = at; i < at + RUN; i++) key += `${words[i]!.word} `;
  return key;
}
