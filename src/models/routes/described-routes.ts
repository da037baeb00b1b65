import type { Embedder } from '#contract/embedder.js';
import type { Classifier, ClassifyOptions, RouteDescriptions, Verdict } from '#contract/learned.js';
import type { Milliseconds } from '#contract/units.js';
import { largestOf } from '#models/heads/linear-layer.js';
import { unasked } from '#models/runtime/failure.js';
import { embedInBatches } from '#models/runtime/in-batches.js';
import { dot } from '#models/runtime/pooling.js';
import { type Sigmoid, sigmoid } from './platt.js';

export interface DescribedRoutesPorts {
  readonly embedder: Embedder;
  /** Judges the examples that are given beside descriptions; a route without any is none of its labels. */
  readonly examples: Classifier | undefined;
  /** What of a long text is read. */
  readonly gist: (text: string) => string;
  readonly patienceMs: Milliseconds;
  /** Languages that the embedder knows; any unless said. */
  readonly languages?: readonly string[] | undefined;
}

/**
 * From the cosine of a text and the description it is most like to the probability that it belongs there: Platt's sigmoid, fitted by
 * `bench/preferences.mjs --fit` to texts of five descriptions and of none (bench/learned/preferences-dev.txt), by the model that comes with Weir.
 */
export const DESCRIPTION_CURVE: Sigmoid = { slope: 17.117, offset: -3.238 };

/** From which probability a route is said. */
const SAID = 0.5;
const NONE = new Float32Array(0);
const NO_PREFERENCES = 'there are no preferences; describe some under router.preferences';

/**
 * Routes in a sentence each, as a user describes them, with examples where there are some. A text belongs to the one whose description, or
 * whose examples, it is most like; where it is like none, nothing is said.
 */
export class DescribedRoutes implements Classifier {
  readonly labels: readonly string[];
  readonly languages: readonly string[] | undefined;
  private readonly sentences: readonly string[];

  constructor(
    descriptions: RouteDescriptions,
    private readonly ports: DescribedRoutesPorts,
  ) {
    this.labels = Object.keys(descriptions);
    this.languages = ports.languages;
    this.sentences = this.labels.map(name => descriptionText(name, descriptions[name]?.description ?? ''));
  }

  async prepare(): Promise<void> {
    const described = embedInBatches(this.ports.embedder, this.sentences).catch(() => {});
    await Promise.all([described, this.ports.examples?.prepare()]);
  }

  async classify(whole: string, options: ClassifyOptions): Promise<Verdict> {
    const { embedder, examples, gist, patienceMs } = this.ports;
    const text = gist(whole);
    if (text.trim() === '' || this.labels.length === 0) {
      const reason = this.labels.length === 0 ? NO_PREFERENCES : 'no text';
      return { probabilities: NONE, best: -1, sure: false, tier: 'fast', reason };
    }
    try {
      const patience = options.whenBusy === 'wait' ? {} : { patienceMs };
      const [vector, ...described] = await embedder.embed([text, ...this.sentences], patience);
      const cosines = described.map(sentence => dot(sentence, vector!));
      const byExample = await examples?.classify(whole, options);
      const probabilities = Float32Array.from(this.labels, (label, at) => {
        const place = examples?.labels.indexOf(label) ?? -1;
        return Math.max(sigmoid(DESCRIPTION_CURVE, cosines[at]!), byExample?.probabilities[place] ?? 0);
      });
      const best = largestOf(probabilities);
      const nearest = { text: this.sentences[best]!, label: this.labels[best]!, likeness: cosines[best]! };
      return { probabilities, best, sure: probabilities[best]! >= SAID, tier: 'model', nearest };
    } catch (error) {
      return { probabilities: NONE, best: -1, sure: false, tier: 'busy', ...unasked(error) };
    }
  }
}

/** What of a route is compared with texts: its name in words, and what it is for. */
export function descriptionText(name: string, description: string): string {
  return `${name.replaceAll('_', ' ')}: ${description}`;
}
