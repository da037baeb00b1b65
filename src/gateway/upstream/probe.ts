import type { Cancel, Clock } from '#contract/clock.js';
import type { Random } from '#contract/random.js';
import type { Milliseconds } from '#contract/units.js';
import type { Connections } from './connections.js';

/** A replica whose health is to be asked for. */
export interface ProbeTarget {
  readonly id: string;
  /** What is asked for, path and all. */
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly interval: Milliseconds;
  readonly timeout: Milliseconds;
  readonly connectTimeout: Milliseconds;
}

export type ProbeReport = (id: string, healthy: boolean, latency: Milliseconds) => void;

/**
 * Asks replicas for their health, each on its own beat with ±10 % jitter so that a fleet is never asked all at once. A replica is
 * asked again only after it has answered or timed out.
 */
export class Prober {
  private readonly running = new Map<string, { target: ProbeTarget; stop: () => void }>();

  constructor(
    private readonly connections: Connections,
    private readonly clock: Clock,
    private readonly random: Random,
    private readonly report: ProbeReport,
  ) {}

  /** From now on, exactly these replicas are asked; those that are new are asked at once. */
  retarget(targets: readonly ProbeTarget[]): void {
    const wanted = new Map(targets.map(target => [target.id, target]));
    for (const [id, { target, stop }] of this.running) {
      const next = wanted.get(id);
      if (next !== undefined && JSON.stringify(next) === JSON.stringify(target)) wanted.delete(id);
      else {
        stop();
        this.running.delete(id);
      }
    }
    for (const target of wanted.values()) this.running.set(target.id, { target, stop: this.loop(target) });
  }

  stop(): void {
    for (const { stop } of this.running.values()) stop();
    this.running.clear();
  }

  private loop(target: ProbeTarget): () => void {
    const abort = new AbortController();
    let cancel: Cancel = () => {};
    const beat = (): void => {
      void this.ask(target, abort.signal).then(() => {
        if (abort.signal.aborted) return;
        cancel = this.clock.after(target.interval * (0.9 + 0.2 * this.random.next()), beat);
      });
    };
    beat();
    return () => {
      abort.abort();
      cancel();
    };
  }

  private async ask(target: ProbeTarget, stopped: AbortSignal): Promise<void> {
    const begun = this.clock.now();
    let healthy = false;
    try {
      const pool = this.connections.to(target.url, target.connectTimeout);
      const signal = AbortSignal.any([stopped, AbortSignal.timeout(target.timeout)]);
      const { pathname, search } = new URL(target.url);
      const answer = await pool.request({ method: 'GET', path: pathname + search, headers: target.headers, signal });
      await answer.body.dump({ limit: 262_144, signal });
      // An engine that has no such path is alive all the same: Ollama and LM Studio answer 404.
      healthy = answer.statusCode < 500;
    } catch {
      healthy = false;
    }
    if (!stopped.aborted) this.report(target.id, healthy, this.clock.now() - begun);
  }
}
