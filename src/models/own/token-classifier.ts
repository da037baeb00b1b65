import type { Embedder } from '#contract/embedder.js';
import type { Classifier, ClassifierSettings, ClassifyOptions, Span, Verdict } from '#contract/learned.js';
import type { Milliseconds } from '#contract/units.js';
import { largestOf } from '#models/heads/linear-layer.js';
import { unasked } from '#models/runtime/failure.js';
import { embedInBatches } from '#models/runtime/in-batches.js';
import { ENTITY_WIDTH } from '#models/runtime/token-model.js';
import { LoadCheck } from './load-check.js';
import { oneReading } from './one-reading.js';
import { type Window, windowsOf } from './windows.js';

export interface TokenClassifierPorts {
  /** The model behind its queue: a “vector” has the entities of a text, {@link ENTITY_WIDTH} numbers each. */
  readonly scorer: Embedder;
  readonly patienceMs: Milliseconds;
}

/** Windows of a text that are read unless said. */
const USUAL_WINDOWS = 64;
const NONE = new Float32Array(0);

/**
 * Finds entities by a model of the operator's own that classifies tokens. As a classifier its labels are the types of entities, each as likely as
 * the surest entity of its type; the spans of its verdicts are all entities. There is no fast tier before it.
 */
export class TokenClassifier implements Classifier {
  readonly entities = true;
  readonly languages: readonly string[] | undefined;
  private readonly loaded = new LoadCheck(() => this.check());

  constructor(
    private readonly settings: ClassifierSettings,
    /** The label of what is no entity. */
    private readonly outside: string,
    /** Types of entities. */
    readonly labels: readonly string[],
    private readonly ports: TokenClassifierPorts,
  ) {
    this.languages = settings.languages;
  }

  async prepare(): Promise<void> {
    await this.loaded.trouble().catch(() => {});
  }

  async classify(text: string, { whenBusy, deadline }: ClassifyOptions): Promise<Verdict> {
    if (text.trim() === '') return { probabilities: NONE, best: -1, sure: false, tier: 'model', reason: 'no text' };
    const { length, windows: most = USUAL_WINDOWS } = this.settings;
    const { windows, whole } = windowsOf(text, length, most);
    try {
      const trouble = await this.loaded.trouble();
      if (trouble !== undefined) return unsaid(trouble);
      const { scorer, patienceMs } = this.ports;
      const parts = windows.map(({ start, end }) => text.slice(start, end));
      const rows = await embedInBatches(scorer, parts, whenBusy === 'wait' ? { deadline } : { patienceMs, deadline });
      return this.verdict(this.spans(windows, rows, text.length), whole);
    } catch (error) {
      return { ...unsaid(''), ...unasked(error) };
    }
  }

  private async check(): Promise<string | undefined> {
    const { check } = this.settings;
    for (const { label } of check) {
      if (label !== this.outside && !this.labels.includes(label)) return `the model knows no entity ${label}`;
    }
    await this.ports.scorer.prepare();
    const rows = await this.ports.scorer.embed(check.map(({ text }) => text));
    for (const [at, row] of rows.entries()) {
      const { text, label } = check[at]!;
      const types = new Set(this.spans([{ start: 0, end: text.length }], [row], text.length).map(({ type }) => type));
      if (label === this.outside ? types.size === 0 : types.has(label)) continue;
      return `its check failed: text ${at + 1} holds ${[...types].join(', ') || 'no entity'}, not ${label}`;
    }
    return undefined;
  }

  /** The entities of the whole text that are sure enough. */
  private spans(windows: readonly Window[], rows: readonly Float32Array[], length: number): readonly Span[] {
    const found = rows.map((row, at) => this.told(row, windows[at]!.start));
    return oneReading(windows, found, length).filter(({ score }) => score >= this.settings.threshold);
  }

  private told(row: Float32Array, offset: number): Span[] {
    return Array.from({ length: row.length / ENTITY_WIDTH }, (_, at) => {
      const [type, start, end, score] = row.subarray(at * ENTITY_WIDTH, (at + 1) * ENTITY_WIDTH);
      return { type: this.labels[type!]!, start: start! + offset, end: end! + offset, score: score! };
    });
  }

  private verdict(spans: readonly Span[], whole: boolean): Verdict {
    const probabilities = Float32Array.from(this.labels, label =>
      spans.reduce((most, { type, score }) => (type === label ? Math.max(most, score) : most), 0),
    );
    const found = spans.length > 0;
    return {
      probabilities,
      best: largestOf(probabilities),
      sure: found,
      tier: 'model',
      ...(!whole && !found && { reason: 'the text is longer than is read' }),
      ...(!whole && { partial: true }),
      spans,
    };
  }
}

function unsaid(reason: string): Verdict {
  return { probabilities: NONE, best: -1, sure: false, tier: 'busy', reason };
}
