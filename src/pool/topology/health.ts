import type { Milliseconds } from '#contract/units.js';
import type { ReplicaHealth } from '#pool/lease.js';

/**
 * What active probes say of a replica. The first probe decides: a replica that never answered is given no benefit of the doubt,
 * and one that answered is healthy. From then on `failures` probes in a row make it unhealthy, and one success healthy again.
 */
export class Health {
  state: ReplicaHealth = 'unknown';
  /** How long the last successful probe took. */
  latencyMs: Milliseconds | undefined;
  private inRow = 0;
  private heard = false;

  /** A probe came back. `failures` is the threshold in force. */
  probed(ok: boolean, latencyMs: Milliseconds, failures: number): void {
    if (ok) {
      this.state = 'healthy';
      this.latencyMs = latencyMs;
      this.inRow = 0;
    } else {
      this.inRow += 1;
      if (!this.heard || this.inRow >= failures) this.state = 'unhealthy';
    }
    this.heard = true;
  }

  /** A real request was answered although probes fail: better evidence than a probe, until `failures` more probes fail. */
  answered(): void {
    if (this.state !== 'unhealthy') return;
    this.state = 'unknown';
    this.inRow = 0;
  }

  /** Probing was switched off: nothing is known. */
  reset(): void {
    this.state = 'unknown';
    this.inRow = 0;
    this.heard = false;
    this.latencyMs = undefined;
  }
}
