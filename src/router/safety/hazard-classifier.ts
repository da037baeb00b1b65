import type { Classifier, ClassifyOptions, Verdict } from '#contract/learned.js';

/** Groups of hazards as AILuminate names them (Ghosh et al., 2025); `spc` is specialised advice: elections, finance, law, health. */
export const HAZARDS = ['dfm', 'hte', 'ipv', 'iwp', 'ncr', 'prv', 'spc', 'src', 'ssh', 'sxc_prn', 'vcr'] as const;

/**
 * L2 behind L1: what kind of hazard a text is, asked only where L1 calls it unsafe. A group's probability is that of being unsafe times that of the
 * group among unsafe texts, so they sum to the former; where L1 says safe, all are 0 but for that.
 */
export class HazardClassifier implements Classifier {
  readonly labels: readonly string[] = HAZARDS;

  constructor(
    private readonly whether: Classifier,
    private readonly which: Classifier,
  ) {}

  async prepare(): Promise<void> {
    await Promise.all([this.whether.prepare(), this.which.prepare()]);
  }

  classify(text: string, options: ClassifyOptions): Verdict | Promise<Verdict> {
    const first = this.whether.classify(text, options);
    return first instanceof Promise
      ? first.then(known => this.second(text, known, options))
      : this.second(text, first, options);
  }

  private second(text: string, first: Verdict, options: ClassifyOptions): Verdict | Promise<Verdict> {
    if (first.best !== 1)
      return { ...first, probabilities: new Float32Array(HAZARDS.length), best: -1, sure: first.sure };
    const unsafe = first.probabilities[1] ?? 0;
    const joint = (kind: Verdict): Verdict => {
      const { labels } = this.which;
      const probabilities = Float32Array.from(
        HAZARDS,
        name => unsafe * (kind.probabilities[labels.indexOf(name)] ?? 0),
      );
      const best = kind.best < 0 ? -1 : HAZARDS.indexOf(labels[kind.best] as (typeof HAZARDS)[number]);
      return { ...kind, probabilities, best, ...(first.spans !== undefined && { spans: first.spans }) };
    };
    const kind = this.which.classify(text, options);
    return kind instanceof Promise ? kind.then(joint) : joint(kind);
  }
}
