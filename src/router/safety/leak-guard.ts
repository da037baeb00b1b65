import { type AnswerBlock, type AnswerGuard, type AnswerGuardMaker, AnswerStopped } from '#contract/answer-guard.js';
import { textOf } from '#contract/request.js';
import type { StageContext } from '#contract/stage.js';
import { EscapedText } from './escaped-text.js';
import { PassageFinder, type Run } from './passage-finder.js';
import type { PromptIndexes } from './prompt-indexes.js';
import type { PromptRuns } from './prompt-runs.js';
import { REMOVED } from './redaction.js';
import type { Action } from './schema.js';

/** Puts a guard on the answers to a request with a system prompt. */
export function leakGuard(
  { board, route }: Pick<StageContext, 'board' | 'route'>,
  action: Action,
  indexes: PromptIndexes,
): void {
  const system = board.request.messages.filter(({ role }) => role === 'system');
  const runs = system.length === 0 ? undefined : indexes.of(system.map(textOf).join('\n'));
  if (runs !== undefined) route.guards = [...(route.guards ?? []), leakGuardMaker(runs, action)];
}

/** Looks for runs of twelve words of a system prompt. */
function leakGuardMaker(runs: () => PromptRuns, action: Action): AnswerGuardMaker {
  return { name: 'safety-leakage', holds: false, guard: () => new LeakGuard(runs(), action) };
}

/** A text of the answer on its way. */
interface Passing {
  readonly finder: PassageFinder;
  /** What may belong to a passage that is not whole yet, and so has not left; and where in the text it begins. */
  held: string;
  from: number;
  /** There where the text is JSON: the finder reads what it says. */
  readonly json: EscapedText | undefined;
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
    let passing = this.passing.get(key);
    if (passing === undefined) {
      passing = {
        finder: new PassageFinder(this.prompt),
        held: '',
        from: 0,
        json: kind === 'arguments' ? new EscapedText() : undefined,
      };
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
    const { finder, json } = passing;
    const runs = finder.read(json?.read(text, last) ?? text, last);
    for (const { goesOn } of runs) if (!goesOn) this.found++;
    if (this.action === 'block' && runs.length > 0)
      throw new AnswerStopped('safety.blocked', 'The answer was stopped.', false);
    const keeps = this.action === 'block' || this.action === 'redact';
    const out = keeps ? settled(passing, text, runs, last) : text;
    json?.forget(finder.settledTo);
    return out;
  }
}

/** What may go on, without the runs. */
function settled(passing: Passing, text: string, runs: readonly Run[], last: boolean): string {
  const all = passing.held + text;
  const { from, json } = passing;
  const placeOf = (at: number): number => (json?.writtenAt(at) ?? at) - from;
  let [out, at] = ['', 0];
  for (const { start, end, goesOn } of runs) {
    const to = placeOf(end);
    if (!goesOn) {
      const begin = placeOf(start);
      out += all.slice(at, begin);
      at = begin;
    }
    const mark = goesOn ? '' : REMOVED;
    out += json === undefined ? mark : withoutTexts(all.slice(at, to), mark);
    at = to;
  }
  const to = last ? all.length : placeOf(passing.finder.settledTo);
  passing.held = all.slice(to);
  passing.from = from + to;
  return out + all.slice(at, to);
}

/** What stands between two strings of JSON. */
const BETWEEN = /^[\s\]}]*[,:]/;

/** JSON with what its strings say taken out, so that it stays JSON; numbers stay. @param mark what stands in the place of the first text. */
function withoutTexts(written: string, mark: string): string {
  const parts = betweenQuotes(written);
  const [, second] = parts;
  if (second === undefined) return mark;
  const texts = BETWEEN.test(second) ? 0 : 1;
  return parts
    .map((part, at) => {
      if (at % 2 !== texts) return part;
      return at === 0 ? mark : part === '' ? '' : REMOVED;
    })
    .join('"');
}

function betweenQuotes(written: string): string[] {
  const parts: string[] = [];
  let from = 0;
  for (let at = 0; at < written.length; at++) {
    if (written[at] === '\\') at++;
    else if (written[at] === '"') {
      parts.push(written.slice(from, at));
      from = at + 1;
    }
  }
  parts.push(written.slice(from));
  return parts;
}
