import { useEffect, useState } from 'preact/hooks';

/** Tokens come faster than anyone reads: so often the page is drawn again at most. */
const DRAWN_EVERY_MS = 30;

/** Something that changes by itself and that pages show. */
export class Observed {
  private readonly observers = new Set<() => void>();
  private timer: number | undefined;

  /** @returns how to stop being told. */
  observe(observer: () => void): () => void {
    this.observers.add(observer);
    return () => this.observers.delete(observer);
  }

  protected changed(): void {
    window.clearTimeout(this.timer);
    this.timer = undefined;
    for (const observer of this.observers) observer();
  }

  /** A little has changed, and more is likely to follow at once. */
  protected changing(): void {
    this.timer ??= window.setTimeout(() => this.changed(), DRAWN_EVERY_MS);
  }
}

/** Draws a component anew whenever something has changed. */
export function useObserved(observed: Observed): void {
  const [, draw] = useState(0);
  useEffect(() => observed.observe(() => draw(before => before + 1)), [observed]);
}
