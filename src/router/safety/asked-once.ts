import type { Classifier, ClassifyOptions, Verdict } from '#contract/learned.js';

/** What was made of each text of one request. */
type Known = Map<string, Verdict | Promise<Verdict>>;

/**
 * A classifier that is asked of each text of a request once, whoever wants to know: rules, signals, the risk of a conversation, and
 * `hazard`, which asks `unsafe` first. What is known goes with the request. A verdict that no model gave is none to keep: whoever
 * waits longer may get one.
 */
export class AskedOnce implements Classifier {
  private readonly known = new WeakMap<object, Known>();

  constructor(private readonly inner: Classifier) {}

  get labels(): readonly string[] {
    return this.inner.labels;
  }

  prepare(): Promise<void> {
    return this.inner.prepare();
  }

  classify(text: string, options: ClassifyOptions): Verdict | Promise<Verdict> {
    const { of } = options;
    if (of === undefined) return this.inner.classify(text, options);
    const known = this.known.get(of) ?? new Map<string, Verdict | Promise<Verdict>>();
    this.known.set(of, known);
    const before = known.get(text);
    if (before === undefined) return this.ask(text, options, known);
    if (!(before instanceof Promise)) return before;
    return before.then(verdict => (isKept(verdict) ? verdict : this.ask(text, options, known)));
  }

  private ask(text: string, options: ClassifyOptions, known: Known): Verdict | Promise<Verdict> {
    const verdict = this.inner.classify(text, options);
    if (!(verdict instanceof Promise)) {
      if (isKept(verdict)) known.set(text, verdict);
      return verdict;
    }
    known.set(text, verdict);
    return verdict.then(settled => {
      if (isKept(settled)) known.set(text, settled);
      else if (known.get(text) === verdict) known.delete(text);
      return settled;
    });
  }
}

function isKept({ tier }: Verdict): boolean {
  return tier !== 'busy';
}
