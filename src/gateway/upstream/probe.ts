import type { Cancel, Clock } from '#contract/clock.js';
import type { Random } from '#contract/random.js';
import type { Bytes, Milliseconds } from '#contract/units.js';
import type { Connections } from './connections.js';
import { type EngineReport, engineReport } from './engine-facts.js';

/** A replica whose health is to be asked for. */
export interface ProbeTarget {
  readonly id: string;
  /** What is asked for, path and all. */
  readonly url: string;
  /** Where its metrics are. */
  readonly metricsUrl: string;
  readonly headers: Record<string, string>;
  readonly interval: Milliseconds;
  readonly timeout: Milliseconds;
  readonly connectTimeout: Milliseconds;
}

/** Who is told. */
export interface ProbeListener {
  probed(id: string, healthy: boolean, latency: Milliseconds): void;
  reported(id: string, report: EngineReport): void;
}

/** An engine's own metrics are read at the first healthy probe and then once in so many: they change only with a restart. */
const PROBES_A_REPORT = 12;
/** Longest metrics read. */
const MAX_METRICS_BYTES: Bytes = 4 * 1024 * 1024;
/** Longest answer to a probe that is read. */
const MAX_HEALTH_BYTES: Bytes = 256 * 1024;

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
    private readonly listener: ProbeListener,
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
    let healthyProbes = 0;
    const beat = async (): Promise<void> => {
      const healthy = await this.ask(target, abort.signal);
      if (healthy && healthyProbes++ % PROBES_A_REPORT === 0) await this.read(target, abort.signal);
      if (abort.signal.aborted) return;
      cancel = this.clock.after(target.interval * (0.9 + 0.2 * this.random.next()), () => void beat());
    };
    void beat();
    return () => {
      abort.abort();
      cancel();
    };
  }

  private async ask(target: ProbeTarget, stopped: AbortSignal): Promise<boolean> {
    const begun = this.clock.now();
    let healthy = false;
    try {
      const { status } = await this.get(target, target.url, stopped, MAX_HEALTH_BYTES);
      // An engine that has no such path is alive all the same: Ollama and LM Studio answer 404.
      healthy = status < 500;
    } catch {
      healthy = false;
    }
    if (!stopped.aborted) this.listener.probed(target.id, healthy, this.clock.now() - begun);
    return healthy;
  }

  private async read(target: ProbeTarget, stopped: AbortSignal): Promise<void> {
    try {
      const { status, body } = await this.get(target, target.metricsUrl, stopped, MAX_METRICS_BYTES);
      if (status === 200 && !stopped.aborted) this.listener.reported(target.id, engineReport(body.toString('utf8')));
    } catch {
      // Metrics are a help, not a duty: an engine without them is placed on by what Weir sees itself.
    }
  }

  private get(target: ProbeTarget, url: string, signal: AbortSignal, bytes: Bytes) {
    const { headers, timeout, connectTimeout } = target;
    return this.connections.ask(url, connectTimeout, { method: 'GET', headers, timeout, signal, bytes });
  }
}
