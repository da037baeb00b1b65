import type { Embedder, EmbedOptions } from '#contract/embedder.js';
import type { Classifier, ClassifyOptions, Verdict } from '#contract/learned.js';
import type { Milliseconds } from '#contract/units.js';
import { largestOf } from '#models/heads/linear-layer.js';
import { unasked } from '#models/runtime/failure.js';
import { type Glossary, openGlossary, withGloss } from './glossary.js';
import type { HybridHead } from './hybrid-file.js';
import { HybridLayer } from './hybrid-layer.js';
import { KernelLayer } from './kernel-layer.js';
import { type CountedPart, PartCounter } from './part-counter.js';
import { LONG, type Part } from './parts.js';
import { Rarity } from './rarity.js';
import { worstStretch } from './worst-stretch.js';

export interface HybridPorts {
  readonly embedder: Embedder;
  readonly patienceMs: Milliseconds;
}

/** Parts of one text that the transformer may be asked about; of those that n-grams leave open, the worst. Of a long text they share `excerpt`. */
const MOST_ASKED = { windows: 1, sentences: 3 } as const;
const MOST_CHARS = 1 << 20;
const NONE = new Float32Array(0);
const plainCounter = new PartCounter();

interface Judged {
  readonly part: CountedPart;
  readonly probabilities: Float32Array;
}

/** A part and what the transformer reads of it. */
interface Asked extends Judged {
  readonly read: Part;
}

/**
 * A head over n-grams and the transformer together. N-grams see every character of a text, part by part, and settle what is clear; of
 * what they leave open the transformer reads the worst parts, and of a long text an excerpt of them that is as long for every text: the cost
 * of its passes does not grow with the text. What is said of a text is what is said of its worst part.
 */
export class HybridClassifier implements Classifier {
  readonly labels: readonly string[];
  private readonly fast: HybridLayer;
  private readonly model: HybridLayer;
  private readonly glossary: Glossary | undefined;
  private readonly counter: PartCounter;

  constructor(
    private readonly head: HybridHead,
    private readonly ports: HybridPorts,
  ) {
    this.labels = head.labels;
    const rarity = new Rarity(head.idf, head.buckets);
    this.fast = new HybridLayer(head.fast, rarity, head.buckets);
    const { kernel, width } = head.model;
    this.model =
      kernel === undefined
        ? new HybridLayer(head.model, rarity, head.buckets, width)
        : new HybridLayer(head.model, rarity, head.buckets, 0, new KernelLayer(kernel, width));
    this.glossary = head.glossary === undefined ? undefined : openGlossary(head.glossary);
    this.counter = this.glossary === undefined ? plainCounter : new PartCounter(part => this.told(part));
  }

  async prepare(): Promise<void> {
    await this.ports.embedder.prepare().catch(() => {});
  }

  classify(text: string, options: ClassifyOptions): Verdict | Promise<Verdict> {
    if (text.trim() === '') return { probabilities: NONE, best: -1, sure: false, tier: 'fast', reason: 'no text' };
    const { low, high } = this.head.fast;
    const ranked = this.ranked(text.slice(0, MOST_CHARS));
    const [worst] = ranked;
    if (worst === undefined) return { probabilities: NONE, best: -1, sure: false, tier: 'fast', reason: 'no text' };
    const p = this.danger(worst.probabilities);
    if (p <= low || p >= high) return this.verdict(ranked, 'fast');
    const open = ranked.filter(one => this.danger(one.probabilities) > low).slice(0, MOST_ASKED[this.head.reads]);
    const asked = text.length > LONG ? this.excerpts(text, open) : open.map(one => ({ ...one, read: one.part }));
    if (asked.length === 0) return this.verdict(ranked, 'fast');
    return this.ask(text, asked, ranked.slice(asked.length), options);
  }

  /** As much of the worst parts of a long text as the head has the transformer read; of the worst something, if anything is read. */
  private excerpts(text: string, open: readonly Judged[]): readonly Asked[] {
    let room = this.head.excerpt;
    const asked: Asked[] = [];
    for (const one of open) {
      if (room === 0 || (asked.length > 0 && one.part.end - one.part.start > room)) break;
      const read = worstStretch(one.part, room, stretch =>
        this.danger(this.fast.probabilities(this.counter.grams(text, stretch))),
      );
      asked.push({ ...one, read });
      room -= read.end - read.start;
    }
    return asked;
  }

  private async ask(
    text: string,
    open: readonly Asked[],
    rest: readonly Judged[],
    { whenBusy, deadline }: ClassifyOptions,
  ): Promise<Verdict> {
    const { embedder, patienceMs } = this.ports;
    try {
      const texts = open.map(({ read: { start, end } }) => text.slice(start, end));
      const vectors = await this.vectors(texts, whenBusy === 'wait' ? { deadline } : { patienceMs, deadline });
      const judged = open.map(({ part }, at) => {
        const vector = vectors[at];
        const { width } = this.head.model;
        if (vector?.length !== width) {
          throw new Error(`${embedder.name} gives vectors of ${vector?.length} numbers, the head takes ${width}`);
        }
        return { part, probabilities: this.model.probabilities(part.grams, vector) };
      });
      // What the transformer was not asked about counts only where n-grams are sure of it.
      const clear = rest.filter(one => this.danger(one.probabilities) >= this.head.fast.high);
      return this.verdict(this.sorted([...judged, ...clear]), 'model');
    } catch (error) {
      const why = unasked(error);
      const quick = this.verdict([...open, ...rest], 'busy');
      return whenBusy === 'unknown' ? { ...quick, sure: false, ...why } : { ...quick, ...why };
    }
  }

  /** The vectors of texts; with a glossary each behind it that of its gloss, both together of length 1. */
  private async vectors(texts: readonly string[], options: EmbedOptions): Promise<readonly Float32Array[]> {
    if (this.glossary === undefined) return this.ports.embedder.embed(texts, options);
    const all = [...new Set(texts.flatMap(text => [text, this.told(text)]))];
    const vectors = await this.ports.embedder.embed(all, options);
    const of = (text: string): Float32Array => vectors[all.indexOf(text)]!;
    return texts.map(text => withGloss(of(text), of(this.told(text))));
  }

  private told(text: string): string {
    return this.glossary?.of(text) ?? text;
  }

  /** The parts as n-grams judge them, the worst first. */
  private ranked(text: string): readonly Judged[] {
    const parts = this.counter.of(text, this.head.reads);
    const kept = this.labels.length === 2 ? this.notPassed(parts) : parts;
    return this.sorted(kept.map(part => ({ part, probabilities: this.fast.probabilities(part.grams) })));
  }

  /** The parts that n-grams do not pass, or where they pass all the worst one: nothing is said of the others. */
  private notPassed(parts: readonly CountedPart[]): readonly CountedPart[] {
    const dangers = parts.map(({ grams }) => this.fast.danger(grams));
    const most = dangers.reduce((worst, danger) => Math.max(worst, danger), 0);
    const from = Math.min(most, this.head.fast.low, this.head.threshold);
    return parts.filter((_, at) => dangers[at]! >= from);
  }

  private sorted(judged: readonly Judged[]): readonly Judged[] {
    return judged.length < 2
      ? judged
      : [...judged].sort((a, b) => this.danger(b.probabilities) - this.danger(a.probabilities));
  }

  /** What parts are compared by: the second of two labels, or the likeliest of several. */
  private danger(probabilities: Float32Array): number {
    return this.labels.length === 2 ? probabilities[1]! : probabilities[largestOf(probabilities)]!;
  }

  /** @param judged the worst first. */
  private verdict(judged: readonly Judged[], tier: Verdict['tier']): Verdict {
    const { threshold } = this.head;
    const { probabilities } = judged[0]!;
    if (this.labels.length > 2) {
      const best = largestOf(probabilities);
      return { probabilities, best, sure: probabilities[best]! >= threshold, tier };
    }
    const spans = judged.flatMap(({ part: { start, end }, probabilities: [, score = 0] }) =>
      score >= threshold ? [{ type: this.labels[1]!, start, end, score }] : [],
    );
    return { probabilities, best: spans.length > 0 ? 1 : 0, sure: true, tier, ...(spans.length > 0 && { spans }) };
  }
}
