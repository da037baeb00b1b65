import type { Embedder } from '#contract/embedder.js';
import type { Classifier, ClassifierSettings, ClassifyOptions, ScoreKind, Span, Verdict } from '#contract/learned.js';
import type { Milliseconds } from '#contract/units.js';
import { largestOf } from '#models/heads/linear-layer.js';
import { unasked } from '#models/runtime/failure.js';
import type { Labels } from './label-file.js';
import { LoadCheck } from './load-check.js';
import { probabilitiesOf } from './probabilities.js';
import { type Window, windowsOf } from './windows.js';

export interface OnnxClassifierPorts {
  /** The model behind its queue: a “vector” has the score of each label. */
  readonly scorer: Embedder;
  readonly patienceMs: Milliseconds;
}

const NONE = new Float32Array(0);

/**
 * A classifier of the operator's own: an ONNX model that gives each label a score. There is no fast tier before it; while it is busy it says
 * nothing. It is checked once it is loaded, against the texts whose label the operator says, and is not believed when it fails them.
 */
export class OnnxClassifier implements Classifier {
  readonly labels: readonly string[];
  readonly neutral: string | undefined;
  readonly languages: readonly string[] | undefined;
  private readonly scores: ScoreKind;
  private readonly loaded = new LoadCheck(() => this.check());

  constructor(
    private readonly settings: ClassifierSettings,
    { labels, scores }: Labels,
    private readonly ports: OnnxClassifierPorts,
  ) {
    this.labels = labels;
    this.neutral = settings.neutral;
    this.languages = settings.languages;
    this.scores = settings.scores ?? scores;
  }

  async prepare(): Promise<void> {
    await this.loaded.trouble().catch(() => {});
  }

  async classify(text: string, { whenBusy, deadline }: ClassifyOptions): Promise<Verdict> {
    if (text.trim() === '') return { probabilities: NONE, best: -1, sure: false, tier: 'model', reason: 'no text' };
    const { length, windows: most = 1 } = this.settings;
    // One window alone is the whole text, of which the model keeps what it has room for.
    const { windows, whole } =
      most === 1 ? { windows: [{ start: 0, end: text.length }], whole: true } : windowsOf(text, length, most);
    try {
      const trouble = await this.loaded.trouble();
      if (trouble !== undefined) return unsaid(trouble);
      const parts = windows.map(({ start, end }) => text.slice(start, end));
      const { patienceMs } = this.ports;
      const scored = await this.ports.scorer.embed(
        parts,
        whenBusy === 'wait' ? { deadline } : { patienceMs, deadline },
      );
      return this.verdict(
        windows,
        scored.map(row => probabilitiesOf(row, this.scores, this.settings.temperature)),
        whole,
      );
    } catch (error) {
      return { ...unsaid(''), ...unasked(error) };
    }
  }

  private async check(): Promise<string | undefined> {
    const { neutral, check } = this.settings;
    for (const label of [...(neutral === undefined ? [] : [neutral]), ...check.map(one => one.label)]) {
      if (!this.labels.includes(label)) return `the model knows no label ${label}`;
    }
    await this.ports.scorer.prepare();
    const rows = await this.ports.scorer.embed(check.map(({ text }) => text));
    for (const [at, row] of rows.entries()) {
      if (!row.every(Number.isFinite)) return 'the model gives scores that are no numbers';
      const said = this.labels[largestOf(probabilitiesOf(row, this.scores, this.settings.temperature))];
      if (said !== check[at]!.label) return `its check failed: text ${at + 1} is ${said}, not ${check[at]!.label}`;
    }
    return undefined;
  }

  /** Each label is as likely as in the window where it is likeliest; the neutral one as in that where it is least likely. */
  private verdict(windows: readonly Window[], rows: readonly Float32Array[], whole: boolean): Verdict {
    const { labels, neutral, settings } = this;
    const { threshold } = settings;
    const resting = neutral === undefined ? -1 : labels.indexOf(neutral);
    const over = (at: number, choose: (...values: number[]) => number) => choose(...rows.map(row => row[at]!));
    const probabilities = Float32Array.from(labels, (_, at) => over(at, at === resting ? Math.min : Math.max));
    if (!probabilities.every(Number.isFinite)) return unsaid('the model gives scores that are no numbers');
    const best = largestOf(probabilities);
    const likely = probabilities[best]! >= threshold;
    const found = likely && best !== resting && (resting >= 0 || this.scores === 'sigmoid');
    const spans = rows.length === 1 ? [] : this.spans(windows, rows, resting);
    return {
      probabilities,
      best,
      sure: found || (likely && whole),
      tier: 'model',
      // What was not read can make nothing less likely than it is; it can only hold more.
      ...(!whole && !found && { reason: 'the text is longer than is read' }),
      ...(!whole && { partial: true }),
      ...(spans.length > 0 && { spans }),
    };
  }

  private spans(windows: readonly Window[], rows: readonly Float32Array[], resting: number): Span[] {
    return rows.flatMap((row, at) => {
      const best = largestOf(row);
      const score = row[best]!;
      return best === resting || score < this.settings.threshold
        ? []
        : [{ type: this.labels[best]!, ...windows[at]!, score }];
    });
  }
}

function unsaid(reason: string): Verdict {
  return { probabilities: NONE, best: -1, sure: false, tier: 'busy', reason };
}
