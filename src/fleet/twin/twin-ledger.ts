import type { Distribution } from '#contract/distribution.js';
import type { JudgedEnd } from '#contract/outcome.js';
import type { Milliseconds, Tokens } from '#contract/units.js';
import { Quantiles } from './quantiles.js';
import type { Ending, SimulatedExchange } from './simulated-exchange.js';

/** What became of a request that an engine answered, times in virtual ms. */
export interface AnsweredRequest {
  /** Place in the trace. */
  readonly index: number;
  readonly arrivalMs: Milliseconds;
  readonly decision: string;
  readonly model: string;
  readonly pool: string;
  readonly replica: string;
  /** Places it was tried at, the one that answered included. */
  readonly attempts: number;
  /** How hard it was to answer well, in [0, 1): what verdicts were drawn by. */
  readonly hardness: number;
  readonly outputTokens: Tokens;
  readonly cachedTokens: Tokens;
  /** From arrival, waiting for a place and failed attempts included. */
  readonly ttftMs: Milliseconds;
  readonly tpotMs: Milliseconds | undefined;
  readonly e2eMs: Milliseconds;
}

/** What a decision of the policy led to. */
export interface DecisionFigures {
  readonly requests: number;
  /** Answers by model. */
  readonly answered: Readonly<Record<string, number>>;
  /** What became of answers that were held back, by model; absent where none was. */
  readonly judged?: Readonly<Record<string, Readonly<Partial<Record<JudgedEnd, number>>>>>;
}

/** How all requests ended. `arrived` = `answered` + `said` + `failed` + all of `rejected`. */
export interface TwinTotals {
  readonly arrived: number;
  /** By an engine. */
  readonly answered: number;
  /** By the policy itself, with a fixed text. */
  readonly said: number;
  /** Requests that the policy refused or no place was found for, by the code that says why. */
  readonly rejected: ReadonlyMap<string, number>;
  /** Requests that had a place and got no answer, or not all of one. */
  readonly failed: number;
  /** Those by the code that says why. */
  readonly failures: ReadonlyMap<string, number>;
  /** Answers that took more than one attempt. */
  readonly retried: number;
  /** Of the answers that times are told of. */
  readonly counted: number;
  readonly ttft: Distribution;
  readonly tpot: Distribution;
  readonly e2e: Distribution;
  readonly decisions: ReadonlyMap<string, DecisionFigures>;
  readonly endMs: Milliseconds;
}

interface Counts {
  requests: number;
  answered: Record<string, number>;
  judged?: Record<string, Partial<Record<JudgedEnd, number>>>;
}

const NONE: readonly never[] = [];

/** Keeps count of how requests end: a bounded amount of memory, however many they are. */
export class TwinLedger {
  arrived = 0;
  endMs: Milliseconds = 0;
  private answered = 0;
  private said = 0;
  private failed = 0;
  private retried = 0;
  private readonly rejected = new Map<string, number>();
  private readonly failures = new Map<string, number>();
  private readonly ttft = new Quantiles();
  private readonly tpot = new Quantiles();
  private readonly e2e = new Quantiles();
  private readonly decisions = new Map<string, Counts>();

  constructor(
    private readonly warmUpMs: Milliseconds,
    private readonly onAnswered: ((request: AnsweredRequest) => void) | undefined,
  ) {}

  ended(exchange: SimulatedExchange, ending: Ending, now: Milliseconds): void {
    this.endMs = Math.max(this.endMs, now);
    const { decision } = exchange.route;
    let figures = this.decisions.get(decision);
    if (figures === undefined) {
      figures = { requests: 0, answered: {} };
      this.decisions.set(decision, figures);
    }
    figures.requests++;
    for (const [model, end] of exchange.judged ?? NONE) {
      figures.judged ??= {};
      figures.judged[model] ??= {};
      const ends = figures.judged[model];
      ends[end] = (ends[end] ?? 0) + 1;
    }
    if (ending.kind === 'answered') {
      this.answered++;
      const { model } = exchange;
      figures.answered[model] = (figures.answered[model] ?? 0) + 1;
      if (exchange.attempts > 1) this.retried++;
      this.time(exchange, ending.cachedTokens, now);
    } else if (ending.kind === 'said') this.said++;
    else if (ending.kind === 'rejected') count(this.rejected, ending.error.code);
    else {
      this.failed++;
      count(this.failures, ending.error.code);
    }
  }

  totals(): TwinTotals {
    const { arrived, answered, said, rejected, failed, failures, retried, decisions, endMs } = this;
    return {
      ...{ arrived, answered, said, rejected, failed, failures, retried, decisions, endMs },
      counted: this.e2e.count,
      ttft: this.ttft.distribution(),
      tpot: this.tpot.distribution(),
      e2e: this.e2e.distribution(),
    };
  }

  private time(exchange: SimulatedExchange, cachedTokens: Tokens, now: Milliseconds): void {
    const { index, arrivalMs, firstTokenMs, lease, model, attempts, route, request, whole } = exchange;
    const { outputTokens } = request;
    const ttftMs = firstTokenMs - arrivalMs;
    const e2eMs = now - arrivalMs;
    const tpotMs = outputTokens > 1 && !whole ? (now - firstTokenMs) / (outputTokens - 1) : undefined;
    if (arrivalMs >= this.warmUpMs) {
      this.ttft.add(ttftMs);
      this.e2e.add(e2eMs);
      if (tpotMs !== undefined) this.tpot.add(tpotMs);
    }
    if (this.onAnswered === undefined) return;
    const { pool, replica } = lease!.placement;
    const { decision } = route;
    this.onAnswered({
      index,
      arrivalMs,
      decision,
      model,
      pool,
      replica,
      attempts,
      hardness: exchange.hardness,
      outputTokens,
      cachedTokens,
      ttftMs,
      tpotMs,
      e2eMs,
    });
  }
}

function count(counts: Map<string, number>, code: string): void {
  counts.set(code, (counts.get(code) ?? 0) + 1);
}
