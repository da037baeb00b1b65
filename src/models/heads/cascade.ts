import type { Embedder } from '#contract/embedder.js';
import type { Classifier, ClassifyOptions, Verdict } from '#contract/learned.js';
import type { Milliseconds } from '#contract/units.js';
import { unasked } from '#models/runtime/failure.js';
import type { Head } from './head-file.js';
import { KeptExamples } from './kept-examples.js';
import { largestOf } from './linear-layer.js';
import type { QuickFeatures } from './quick-features.js';
import { TwoTiers } from './two-tiers.js';

export interface CascadePorts {
  readonly embedder: Embedder;
  /** Absent where the fast tier's table could not be read. */
  readonly fast: QuickFeatures | undefined;
  readonly patienceMs: Milliseconds;
  /** Languages that the embedder knows; any unless said. */
  readonly languages?: readonly string[] | undefined;
}

const NONE = new Float32Array(0);

/**
 * A head over two tiers. The static embedding answers in microseconds where it is sure enough, as calibrated when the head was
 * trained; else the transformer reads the text. When that is busy or not there, the caller's choice holds, and the verdict says so.
 */
export class Cascade implements Classifier {
  readonly labels: readonly string[];
  readonly languages: readonly string[] | undefined;
  private readonly tiers: TwoTiers;
  private readonly examples: KeptExamples;

  constructor(
    private readonly head: Head,
    private readonly ports: CascadePorts,
  ) {
    this.labels = head.labels;
    this.languages = ports.languages;
    this.examples = new KeptExamples(head);
    this.tiers = new TwoTiers(head, head.fast !== undefined && ports.fast?.table.name === head.fast.embedder);
  }

  async prepare(): Promise<void> {
    await this.ports.embedder.prepare().catch(() => {});
  }

  classify(whole: string, options: ClassifyOptions): Verdict | Promise<Verdict> {
    const text = this.ports.fast?.gist(whole) ?? whole;
    if (text.trim() === '') return { probabilities: NONE, best: -1, sure: false, tier: 'fast', reason: 'no text' };
    const { fast } = this.ports;
    const logits = fast === undefined ? undefined : this.tiers.fastLogits(fast.of(text));
    const quick = logits === undefined ? undefined : this.verdict(this.tiers.byFast(logits), 'fast');
    if (quick !== undefined && quick.probabilities[quick.best]! >= (this.head.fast?.decisive ?? 2)) return quick;
    return this.ask(text, quick, logits, options);
  }

  private async ask(
    text: string,
    quick: Verdict | undefined,
    logits: Float32Array | undefined,
    { whenBusy, deadline }: ClassifyOptions,
  ): Promise<Verdict> {
    const { embedder, patienceMs } = this.ports;
    try {
      const [vector] = await embedder.embed([text], whenBusy === 'wait' ? { deadline } : { patienceMs, deadline });
      if (vector === undefined || vector.length !== this.tiers.width) {
        throw new Error(
          `${embedder.name} gives vectors of ${vector?.length} numbers, the head takes ${this.tiers.width}`,
        );
      }
      const nearest = this.examples.nearest(vector);
      const verdict = this.verdict(this.tiers.byModel(vector, logits), 'model');
      return nearest === undefined ? verdict : { ...verdict, nearest };
    } catch (error) {
      const why = unasked(error);
      if (quick === undefined || whenBusy === 'unknown') {
        return {
          probabilities: quick?.probabilities ?? NONE,
          best: quick?.best ?? -1,
          sure: false,
          tier: 'busy',
          ...why,
        };
      }
      return { ...quick, tier: 'busy', ...why };
    }
  }

  private verdict(probabilities: Float32Array, tier: 'fast' | 'model'): Verdict {
    const best = largestOf(probabilities);
    return { probabilities, best, sure: probabilities[best]! >= this.head.threshold, tier };
  }
}
