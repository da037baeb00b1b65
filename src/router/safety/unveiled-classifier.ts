import type { Classifier, ClassifyOptions, Verdict } from '#contract/learned.js';
import { unveil } from './unveil.js';

/** Judges a text and everything that is hidden in it; the worst of them is the verdict. For classifiers of two labels. */
export class UnveiledClassifier implements Classifier {
  constructor(private readonly inner: Classifier) {}

  get labels(): readonly string[] {
    return this.inner.labels;
  }

  prepare(): Promise<void> {
    return this.inner.prepare();
  }

  classify(text: string, options: ClassifyOptions): Verdict | Promise<Verdict> {
    const { findings, views } = unveil(text);
    const first = this.inner.classify(text, options);
    if (views.length === 0) return first;
    const all = [first, ...views.map(view => this.inner.classify(view, options))];
    // Where in the text a hidden one stands is all that can be said of places in it.
    const place = (verdict: Verdict, at: number): Verdict => {
      const finding = findings[at - 1];
      if (finding === undefined || verdict.spans === undefined) return verdict;
      const { start, end, rule } = finding;
      return {
        ...verdict,
        spans: verdict.spans.map(({ type, score }) => ({ type: `${type}:${rule}`, start, end, score })),
      };
    };
    return all.some(verdict => verdict instanceof Promise)
      ? Promise.all(all).then(settled => worst(settled.map(place)))
      : worst((all as Verdict[]).map(place));
  }
}

function worst(verdicts: readonly Verdict[]): Verdict {
  return verdicts.reduce((most, verdict) =>
    (verdict.probabilities[1] ?? 0) > (most.probabilities[1] ?? 0) ? verdict : most,
  );
}
