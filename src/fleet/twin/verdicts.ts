import { WeirError } from '#contract/errors.js';
import type { Random } from '#contract/random.js';
import type { TraceRequest } from '#workload/traces/trace.js';
import { verdictSignal } from '#workload/traces/verdict-signal.js';

/**
 * Whether a model's answer passes the judges of a cascade, which nothing in a trace of lengths can tell: as recorded, where the trace recorded it, or
 * else by the share of the model's answers that pass (`fleet.accepted`). A request is as hard for one model as for the other: u is drawn once for it, uniform in [0, 1),
 * and passes with every model whose share is above u. So a model with a larger share passes whatever one with a smaller does, and policies are compared on the same draws.
 */
export class Verdicts {
  private readonly draws: Random;
  private readonly lengths: Random;

  constructor(
    private readonly shares: Readonly<Record<string, number>>,
    random: Random,
    private readonly compressible = 0,
  ) {
    this.draws = random.fork('verdicts');
    this.lengths = random.fork('compressible');
  }

  /** How hard the next request is. To be asked once for every request, in order of arrival. */
  hardness(): number {
    return this.draws.next();
  }

  /** Whether enough of the next request's prompt can be left out, which no trace tells either. As {@link hardness}, to be asked once for every request. */
  canBeShorter(): boolean {
    return this.lengths.next() < this.compressible;
  }

  /** @throws WeirError `config.missing` when neither trace nor configuration says. */
  accepts(model: string, { signals }: TraceRequest, hardness: number): boolean {
    const recorded = signals?.get(verdictSignal(model));
    if (recorded !== undefined && recorded.state !== 'unknown') return recorded.state === 'true';
    const share = Object.hasOwn(this.shares, model) ? this.shares[model] : undefined;
    if (share === undefined) {
      throw new WeirError('config.missing', `Nothing says how many answers of ${model} a cascade accepts.`, {
        path: `fleet.accepted.${model}`,
        hint: `fleet: { accepted: { ${model}: 0.7 } }, as weir_cascade_answers_total has it, or a trace that recorded verdicts`,
      });
    }
    return hardness < share;
  }
}
