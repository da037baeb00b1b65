import type { AttemptOutcome, Outcome, Usage } from '#contract/outcome.js';
import type { Price } from '#contract/pool-view.js';
import type { InferenceRequest } from '#contract/request.js';
import type { Candidate, RouteParameters } from '#contract/route.js';
import type { StrategyAction } from '#contract/strategy.js';
import type { Tokens, Usd } from '#contract/units.js';
import type { Used } from '#identity/admission.js';
import { toNano } from '#identity/money.js';
import type { GuardReport } from '#protocols/guards/guard-chain.js';
import type { Attempt, Delivery } from './attempt.js';
import { billed } from './outcome.js';
import type { Compressed } from './prompt-forms.js';

/** An answer that is whole and has not left. */
export interface HeldAnswer {
  readonly attempt: Attempt;
  readonly delivery: Delivery;
  readonly candidate: Candidate | undefined;
  /** What speaks against it; empty when nothing does. */
  readonly doubts: string;
  /** What was left out of the prompt that it answers. */
  readonly compressed: Compressed | undefined;
}

/** What answers took that did not go to the client. */
export interface SupersededUse extends Used {
  readonly usd: Usd;
}

/** Ways in which the APIs say that an answer was cut off at its longest. */
const CUT_OFF: ReadonlySet<string> = new Set(['length', 'max_tokens', 'incomplete']);

/**
 * The answers of one exchange that were held back: which of them could still go out, what became of each in the list of attempts, and
 * what those took that never left.
 */
export class HeldAnswers {
  /** The one that can go out. */
  last: HeldAnswer | undefined;
  private at = -1;

  constructor(private readonly attempts: AttemptOutcome[]) {}

  hold(answer: HeldAnswer, outcome: AttemptOutcome): void {
    this.last?.attempt.letGo();
    this.last = answer;
    this.at = this.attempts.push(outcome) - 1;
  }

  /** Notes what the strategy makes of the last one. @param usage what it took, should another take its place. */
  settle(action: StrategyAction, usage: Usage | undefined, price: Price | undefined): void {
    const outcome = this.attempts[this.at];
    if (outcome === undefined || this.last === undefined) return;
    const { doubts } = this.last;
    if (action.kind === 'attempt') {
      const judged = { end: 'escalated', why: account(doubts, action.why) } as const;
      this.attempts[this.at] = superseded({ ...outcome, judged }, usage, price);
    } else if (action.kind === 'deliver') {
      // It is the outcome's own usage again.
      const { usage: _usage, costUsd: _cost, ...rest } = outcome;
      const end = doubts === '' ? 'accepted' : 'kept';
      this.attempts[this.at] = { ...rest, judged: { end, why: account(doubts || 'no doubts', action.why) } };
    }
  }

  /** Notes an attempt that was broken off for being late. @param usage what it is taken to have used. */
  broken(outcome: AttemptOutcome, usage: Usage | undefined, price: Price | undefined): void {
    this.attempts.push(superseded(outcome, usage, price));
  }

  /** Notes of the attempt that was noted last that another takes its place. @param usage what it took. */
  stopped(usage: Usage | undefined, price: Price | undefined): void {
    const last = this.attempts.pop();
    if (last !== undefined) this.attempts.push(superseded(last, usage, price));
  }

  /** Tokens of all answers so far, the last one included. */
  get tokens(): Tokens {
    const { promptTokens, completionTokens } = this.superseded;
    const { attempt, delivery } = this.last ?? {};
    const own = delivery?.usage ?? attempt?.estimatedUsage();
    return promptTokens + completionTokens + (own === undefined ? 0 : own.promptTokens + own.completionTokens);
  }

  get superseded(): SupersededUse {
    const sum = { nanoUsd: 0, promptTokens: 0, completionTokens: 0, usd: 0 };
    for (const { usage, costUsd = 0 } of this.attempts) {
      if (usage === undefined) continue;
      sum.promptTokens += usage.promptTokens;
      sum.completionTokens += usage.completionTokens;
      sum.usd += costUsd;
    }
    sum.nanoUsd = toNano(sum.usd);
    return sum;
  }

  /** The outcome with the cost of all attempts. */
  costed(outcome: Outcome): Outcome {
    const { usd } = this.superseded;
    return usd === 0 ? outcome : { ...outcome, costUsd: (outcome.costUsd ?? 0) + usd };
  }

  /** The header `x-weir-cascade`: each model whose answer was held back, with what became of it. */
  get header(): string | undefined {
    if (this.at < 0) return undefined;
    return this.attempts
      .flatMap(({ model, judged }) => (judged === undefined ? [] : [`${model}=${judged.end}`]))
      .join(', ');
  }
}

/**
 * What speaks against an answer: what guards doubt, and that it was cut off though nobody had limited it.
 *
 * @param limited whether the client or the decision said how long an answer may be: then a dearer model would be cut off as well.
 */
export function doubtsAbout(reports: readonly GuardReport[], finish: string | undefined, limited: boolean): string {
  const doubts = reports.filter(({ doubts: doubted }) => doubted === true).map(({ guard, note }) => `${guard} ${note}`);
  if (!limited && finish !== undefined && CUT_OFF.has(finish)) doubts.push('cut off');
  return doubts.join('; ');
}

/** Whether the client or the decision says how long an answer may be. */
export function isLimited({ sampling }: InferenceRequest, { maxOutputTokens }: RouteParameters): boolean {
  return (sampling.maxOutputTokens ?? maxOutputTokens) !== undefined;
}

function account(doubts: string, why: string | undefined): string {
  return why === undefined ? doubts : `${doubts}; ${why}`;
}

function superseded(attempt: AttemptOutcome, usage: Usage | undefined, price: Price | undefined): AttemptOutcome {
  if (usage === undefined) return attempt;
  return { ...attempt, usage, ...(price === undefined ? undefined : { costUsd: billed(usage, price) }) };
}
