import type { Candidate } from '#contract/route.js';
import type { DeliveryReason, Outlook, Strategy, StrategyAction, StrategyEvent } from '#contract/strategy.js';
import { formatDuration, type Milliseconds, type Tokens } from '#contract/units.js';
import { fallback } from './fallback.js';
import { noneEligible } from './single.js';

export interface CascadeTerms {
  /** Most models whose answers are waited for. */
  readonly stages: number;
  /** Time from the arrival by which the client's answer is to begin. */
  readonly ttftMs: Milliseconds;
  /** How much later than that an answer that was begun for may still come. */
  readonly graceMs: Milliseconds;
  /** Most tokens of all stages together, prompts included. */
  readonly tokens: Tokens;
  /** `next`: the next model in order that is in time; `best`: the last one that is. */
  readonly to: 'next' | 'best';
  /** By what factor a prompt may be made shorter for a model that is not in time otherwise: 1 for not at all. */
  readonly compress: number;
  /** `in_time`: only to a model that is predicted to be; `always`: whatever it takes. */
  readonly escalate: 'in_time' | 'always';
}

interface State {
  /** Eligible models still to be tried, cheapest first. */
  readonly left: readonly Candidate[];
  readonly current: Candidate | undefined;
  /** Answers that were waited for. */
  readonly judged: number;
  readonly causes: readonly string[];
}

type Judged = Extract<StrategyEvent, { kind: 'judged' }>;

/**
 * From cheap to dear: an answer is held back and judged, and one that does not pass is given up for the answer of a dearer model, where that
 * one is predicted to begin in the time that is left (queue and prefill at its pool; the WRP architecture's pool-aware cascade, opportunity 14). The last answer that was held
 * back goes out when no model is in time, with the whole prompt or, where that is allowed, a compressed one, and when the one that was asked fails or is late: from the first answer on, no client is left without one.
 */
export function cascadeOf(terms: CascadeTerms): Strategy<State> {
  const attempt = (
    state: State,
    candidate: Candidate,
    left: readonly Candidate[],
    more: { readonly byMs?: Milliseconds; readonly compressed?: true; readonly why?: string } = {},
  ): { readonly state: State; readonly action: StrategyAction } => {
    const hold = holds(left, state.judged);
    return {
      state: { ...state, left, current: candidate },
      action: { kind: 'attempt', candidate, ...(hold ? { hold } : undefined), ...more },
    };
  };
  const holds = (left: readonly Candidate[], judged: number) => left.length > 0 && judged + 1 < terms.stages;

  const escalated = (state: State, event: Judged): { readonly state: State; readonly action: StrategyAction } => {
    const deliver = (reason: DeliveryReason, why: string) => ({
      state,
      action: { kind: 'deliver', reason, why } as const,
    });
    const outlook = new Map(event.outlook.map(one => [one.model, one]));
    const reasons: string[] = [];
    let first: DeliveryReason | undefined;
    const order = terms.to === 'next' ? state.left : state.left.toReversed();
    // The whole prompt for any model comes before a compressed one for a better.
    for (const compressed of terms.compress > 1 ? WHOLE_THEN_COMPRESSED : WHOLE) {
      for (const candidate of order) {
        const left = state.left.slice(state.left.indexOf(candidate) + 1);
        const held = !event.streamed || holds(left, state.judged);
        const asked = askedOf(outlook.get(candidate.model), compressed);
        if (asked === undefined) continue;
        const { refused, why } = considered(candidate.model, asked, event, held, terms);
        if (refused === undefined) {
          const byMs = terms.escalate === 'always' ? undefined : { byMs: terms.ttftMs + terms.graceMs };
          const shorter = compressed ? { compressed: true as const } : undefined;
          return attempt(state, candidate, left, { ...byMs, ...shorter, why });
        }
        first ??= refused;
        reasons.push(why);
      }
    }
    return deliver(first ?? 'no_replica', reasons.join('; '));
  };

  return {
    name: 'cascade',
    ...(terms.compress > 1 ? { gamma: terms.compress } : undefined),
    start: candidates => ({
      left: candidates.filter(({ eligible }) => eligible),
      current: undefined,
      judged: 0,
      causes: [],
    }),
    step(state, event) {
      switch (event.kind) {
        case 'answered':
          return { state, action: { kind: 'answer' } };
        case 'judged': {
          const after = { ...state, judged: state.judged + 1 };
          return event.accepted
            ? { state: after, action: { kind: 'deliver', reason: 'accepted' } }
            : escalated(after, event);
        }
        case 'late':
          return {
            state,
            action: { kind: 'deliver', reason: 'late', why: `${state.current?.model} did not begin in time` },
          };
        case 'failed':
          if (state.judged > 0) {
            const why = `${state.current?.model}: ${event.error.code}`;
            return { state, action: { kind: 'deliver', reason: 'failed', why } };
          }
          break;
        case 'start':
      }
      // Without an answer it falls back: the order is the same.
      const { state: next, action } = fallback.step(state, event);
      if (action.kind === 'attempt') return attempt({ ...state, ...next }, action.candidate, next.left);
      return { state, action: event.kind === 'start' ? { kind: 'refuse', error: noneEligible() } : action };
    },
  };
}

const WHOLE = [false] as const;
const WHOLE_THEN_COMPRESSED = [false, true] as const;

/** What a model could do with the prompt as it is, or as it can be made; `undefined` where it cannot be made shorter. */
function askedOf(outlook: Outlook | undefined, compressed: boolean): Asked | undefined {
  if (!compressed) return { ...(outlook ?? NOT_FEASIBLE), with: '' };
  if (outlook?.compressed === undefined) return undefined;
  return {
    ...outlook.compressed,
    feasible: true,
    with: ` with ${outlook.compressed.tokens} of ${outlook.tokens} tokens`,
  };
}

type Asked = Pick<Outlook, 'feasible' | 'ttftMs' | 'wholeMs' | 'tokens'> & { readonly with: string };
const NOT_FEASIBLE = { feasible: false, tokens: 0 };

/** @returns what speaks against asking the model, if anything does, and why in words. */
function considered(
  name: string,
  asked: Asked,
  { atMs, tokens }: Judged,
  whole: boolean,
  terms: CascadeTerms,
): { readonly refused?: DeliveryReason; readonly why: string } {
  const model = `${name}${asked.with}`;
  if (!asked.feasible) return { refused: 'no_replica', why: `${model}: no replica` };
  if (tokens + asked.tokens > terms.tokens)
    return { refused: 'tokens', why: `${model}: beyond ${terms.tokens} tokens` };
  if (terms.escalate === 'always') return { why: `to ${model}` };
  const left = Math.max(0, terms.ttftMs - atMs);
  const predicted = whole ? asked.wholeMs : asked.ttftMs;
  // What has never been measured can only become known by being asked; the time limit holds all the same.
  if (predicted === undefined)
    return left > 0 ? { why: `to ${model}, speed unknown` } : { refused: 'no_time', why: `${model}: no time is left` };
  const account = `${formatDuration(predicted)} predicted, ${formatDuration(left)} left`;
  return predicted <= left ? { why: `to ${model}: ${account}` } : { refused: 'no_time', why: `${model}: ${account}` };
}
