import { type AnswerBlock, type AnswerGuard, type AnswerGuardMaker, AnswerStopped } from '#contract/answer-guard.js';
import { textOf } from '#contract/request.js';
import type { StageContext } from '#contract/stage.js';
import { PassageFinder, type Run } from './passage-finder.js';
import { PromptRuns, type Word, wordsOf } from './prompt-runs.js';
import { REMOVED } from './redaction.js';
import type { Action } from './schema.js';

/** System prompts shorter than this are said by chance. */
const FEWEST_WORDS = 16;
const MOST_WORDS = 20_000;

/** Puts a guard on the answers to a request with a system prompt. */
export function leakGuard({ board, route }: Pick<StageContext, 'board' | 'route'>, action: Action): void {
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
  let runs: PromptRuns | undefined;
  return {
    name: 'safety-leakage',
    holds: false,
    guard: () => {
      runs ??= new PromptRuns(prompt);
      return new LeakGuard(runs, action);
    },
  };
}

/** A text of the answer on its way. */
interface Passing {
  readonly finder: PassageFinder;
  /** What may belong to a passage that is not whole yet, and so has not left; and where in the text it begins. */
  held: string;
  from: number;
}

/** The system prompt in an answer: found word by word, whatever the punctuation, in streams before it has left. */
class LeakGuard implements AnswerGuard {
  private readonly passing = new Map<string, Passing>();
  private found = 0;

  constructor(
    private readonly prompt: PromptRuns,
    private readonly action: Action,
  ) {}

  text({ key, kind }: AnswerBlock, text: string): string {
    if (kind === 'arguments') return text;
    let passing = this.passing.get(key);
    if (passing === undefined) {
      passing = { finder: new PassageFinder(this.prompt), held: '', from: 0 };
      this.passing.set(key, passing);
    }
    return this.checked(passing, text, false);
  }

  close({ key }: AnswerBlock): string {
    const passing = this.passing.get(key);
    this.passing.delete(key);
    return passing === undefined ? '' : this.checked(passing, '', true);
  }

  end() {
    if (this.found === 0) return undefined;
    const note = `leakage ${this.found}: ${this.action}`;
    return this.action === 'log' ? { note } : { note, header: 'leakage', verdict: { leakage: this.action } };
  }

  private checked(passing: Passing, text: string, last: boolean): string {
    const runs = passing.finder.read(text, last);
    for (const { goesOn } of runs) if (!goesOn) this.found++;
    if (this.action === 'block' && runs.length > 0)
      throw new AnswerStopped('safety.blocked', 'The answer was stopped.', false);
    const keeps = this.action === 'block' || this.action === 'redact';
    return keeps ? settled(passing, text, runs, last) : text;
  }
}

/** What may go on, without the runs. */
function settled(passing: Passing, text: string, runs: readonly Run[], last: boolean): string {
  const all = passing.held + text;
  const { from } = passing;
  let [out, at] = ['', 0];
  for (const { start, end, goesOn } of runs) {
    if (!goesOn) out += all.slice(at, start - from) + REMOVED;
    at = end - from;
  }
  const to = last ? all.length : passing.finder.settledTo - from;
  passing.held = all.slice(to);
  passing.from = from + to;
  return out + all.slice(at, to);
}
