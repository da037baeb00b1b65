import type { Figures, Head, ModelCard } from '#models/heads/head-file.js';
import type { QuickSight } from '#models/heads/quick-features.js';
import { TwoTiers } from '#models/heads/two-tiers.js';
import { accuracy, calibrationError, type Said, said, wilson } from './calibration.js';

/** A text with what the two tiers see of it. */
export interface Seen {
  readonly label: string;
  readonly model: Float32Array;
  readonly fast: QuickSight | undefined;
}

/** How a head judges held-out texts, tier by tier. */
export class HeadFigures {
  private readonly tiers: TwoTiers;

  constructor(private readonly head: Head) {
    this.tiers = new TwoTiers(head, true);
  }

  of(texts: readonly Seen[]): Record<string, Figures> {
    const truths = this.truths(texts);
    const model = figuresOf(
      texts.map(one => this.byModel(one)),
      truths,
    );
    if (this.head.fast === undefined) return { model };
    const cascade = texts.map(one => this.byCascade(one));
    return {
      model,
      fast: figuresOf(
        texts.map(one => this.byFast(one)),
        truths,
      ),
      cascade: {
        ...figuresOf(
          cascade.map(({ answer }) => answer),
          truths,
        ),
        escalated: rounded(cascade.filter(({ escalated }) => escalated).length / texts.length),
      },
    };
  }

  perLabel(texts: readonly Seen[]): ModelCard['labels'] {
    const truths = this.truths(texts);
    const answers = texts.map(one => this.byCascade(one).answer.label);
    return Object.fromEntries(
      this.head.labels.map((name, label) => {
        const count = truths.filter(truth => truth === label).length;
        const told = answers.filter(answer => answer === label).length;
        const right = answers.filter((answer, i) => answer === label && truths[i] === label).length;
        return [
          name,
          { texts: count, recall: rounded(right / Math.max(1, count)), precision: rounded(right / Math.max(1, told)) },
        ];
      }),
    );
  }

  private truths(texts: readonly Seen[]): number[] {
    return texts.map(({ label }) => this.head.labels.indexOf(label));
  }

  private quick({ fast }: Seen): Float32Array | undefined {
    return fast === undefined ? undefined : this.tiers.fastLogits(fast);
  }

  private byModel(one: Seen): Said {
    return said(this.tiers.byModel(one.model, this.quick(one)));
  }

  private byFast(one: Seen): Said {
    const logits = this.quick(one);
    return logits === undefined ? { label: -1, probability: 0 } : said(this.tiers.byFast(logits));
  }

  private byCascade(one: Seen): { readonly answer: Said; readonly escalated: boolean } {
    const fast = this.byFast(one);
    return fast.probability >= (this.head.fast?.decisive ?? 2)
      ? { answer: fast, escalated: false }
      : { answer: this.byModel(one), escalated: true };
  }
}

function figuresOf(answers: readonly Said[], truths: readonly number[]): Figures {
  const share = accuracy(answers, truths);
  const [low, high] = wilson(share, answers.length);
  return {
    texts: answers.length,
    accuracy: rounded(share),
    interval: [rounded(low), rounded(high)],
    ece: rounded(calibrationError(answers, truths)),
  };
}

function rounded(value: number): number {
  return Number(value.toFixed(4));
}
