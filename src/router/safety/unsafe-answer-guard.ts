import { type AnswerBlock, type AnswerGuard, type AnswerGuardMaker, AnswerStopped } from '#contract/answer-guard.js';
import type { Classifier } from '#contract/learned.js';
import { REMOVED } from './redaction.js';
import type { Action, SafetyConfig } from './schema.js';

/** Characters before a sentence that are judged with it: a sentence alone says too little. */
const READ_BEFORE = 512;
/** A sentence that goes on longer is cut. */
const LONGEST = 600;
const END = /[.!?…。！？]["'”’)\]]*(?=\s)|[。！？\n]/g;

export interface AnswerRule {
  readonly classifier: Classifier;
  readonly action: Action;
  readonly above: number;
  /** What becomes of an answer that cannot be judged. */
  readonly fail: SafetyConfig['fail'];
}

/** L1 on answers: judges what a model says, sentence by sentence as it passes, by the head's fast tier, which answers at once. */
export function unsafeAnswerGuard(rule: AnswerRule): AnswerGuardMaker {
  return { name: 'safety-answer', holds: false, guard: () => new UnsafeAnswerGuard(rule) };
}

interface Passing {
  /** What is no whole sentence yet. */
  rest: string;
  /** The end of what has been judged and was let pass. */
  before: string;
}

class UnsafeAnswerGuard implements AnswerGuard {
  private readonly open = new Map<string, Passing>();
  private found = 0;
  private untold = 0;
  private worst = 0;

  constructor(private readonly rule: AnswerRule) {}

  text({ key, kind }: AnswerBlock, text: string): string {
    if (kind !== 'text' && kind !== 'thinking') return text;
    const passing = this.open.get(key) ?? { rest: '', before: '' };
    this.open.set(key, passing);
    const all = passing.rest + text;
    let [out, from] = ['', 0];
    for (const end of endsOf(all)) {
      out += this.judged(passing, all.slice(from, end));
      from = end;
    }
    passing.rest = all.slice(from);
    return this.holds ? out : text;
  }

  close({ key }: AnswerBlock): string {
    const passing = this.open.get(key);
    if (passing === undefined) return '';
    this.open.delete(key);
    const out = this.judged(passing, passing.rest);
    return this.holds ? out : '';
  }

  end() {
    const { found, untold } = this;
    const { action } = this.rule;
    if (found === 0) return untold === 0 ? undefined : { note: `unsafe: ${untold} sentences could not be judged` };
    const note = `unsafe ${this.worst.toFixed(2)}, ${found} sentences: ${action}`;
    return action === 'log' ? { note } : { note, header: 'unsafe', verdict: { unsafe: action } };
  }

  /** Whether a sentence leaves only once it has been judged. */
  private get holds(): boolean {
    return this.rule.action === 'redact' || this.rule.action === 'block';
  }

  /** @returns what may go on of a sentence. @throws AnswerStopped */
  private judged(passing: Passing, sentence: string): string {
    if (sentence.trim() === '') return sentence;
    const { classifier, above, action, fail } = this.rule;
    const verdict = classifier.atOnce?.(passing.before + sentence);
    if (verdict === undefined || verdict.best < 0) {
      this.untold++;
      if (this.holds && fail === 'closed') throw stopped();
      return sentence;
    }
    const score = verdict.probabilities[1] ?? 0;
    if (score <= above) {
      passing.before = (passing.before + sentence).slice(-READ_BEFORE);
      return sentence;
    }
    this.found++;
    this.worst = Math.max(this.worst, score);
    if (action === 'block') throw stopped();
    // What is found once is not to be found again in the sentences behind it.
    passing.before = '';
    const space = sentence.slice(sentence.trimEnd().length);
    return sentence.slice(0, sentence.length - sentence.trimStart().length) + REMOVED + space;
  }
}

function stopped(): AnswerStopped {
  return new AnswerStopped('safety.blocked', 'The answer was stopped.', false);
}

/** The offsets behind the whole sentences of a text. */
function endsOf(text: string): number[] {
  const ends: number[] = [];
  let last = 0;
  const cut = (to: number): void => {
    for (; to - last > LONGEST; last += LONGEST) ends.push(last + LONGEST);
  };
  for (const match of text.matchAll(END)) {
    const end = match.index + match[0].length;
    cut(end);
    ends.push(end);
    last = end;
  }
  cut(text.length);
  return ends;
}
