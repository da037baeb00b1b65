import { isWeirError } from '#contract/errors.js';
import type { Tokens } from '#contract/units.js';
import type { PrefillSettings } from '#pool/disaggregation/schema.js';
import type { EngineRequest } from '#pool/engine/engine.js';
import type { Lease } from '#pool/lease.js';
import type { AwaitsToken, Deadline } from './first-token-limit.js';
import type { Running, SimulatedReplica } from './simulated-replica.js';
import type { VirtualClock } from './virtual-clock.js';

/** What the prompt of an attempt needs of the twin around it. */
export interface PromptHost {
  readonly clock: VirtualClock;
  replica(id: string): SimulatedReplica;
  /** Something has been asked of a pool's replica: it may take only so long to its first token. */
  sent(who: AwaitsToken, pool: string): Deadline;
  /** How a pool gets its prompts from others. */
  prefillOf(pool: string): PrefillSettings;
  /** A replica has computed a prompt for another. */
  prompted(pool: string): void;
}

/**
 * The prompt of one attempt in virtual time, computed on another replica, and its KV on the way to the one that answers. What the
 * gateway's own does over HTTP: whatever goes wrong, the replica that answers computes the prompt itself.
 *
 * The KV of tokens that the answering replica does not hold itself crosses its link, one transfer after the other, at the rate of the
 * pool's `prefill.link`, and takes `prefill.latency` beside.
 */
export class RemotePrompt implements Running, AwaitsToken {
  readonly request: EngineRequest;
  private deadline: Deadline | undefined;
  private ready: ((received: Tokens) => void) | undefined;

  constructor(
    private readonly host: PromptHost,
    private readonly lease: Lease,
    private readonly prefill: Lease,
    answer: EngineRequest,
  ) {
    const { id, promptTokens, prefix } = answer;
    this.request = { id, promptTokens, outputTokens: 1, prefix };
  }

  /** @param ready is told once how many tokens have come when the other replica is to be asked, 0 where it computes them itself. */
  start(ready: (received: Tokens) => void): void {
    const { host, prefill } = this;
    this.ready = ready;
    prefill.sent();
    const replica = host.replica(prefill.target.id);
    if (!replica.up) {
      this.failed(true);
      return;
    }
    try {
      replica.submit(this);
    } catch (error) {
      if (!isWeirError(error)) throw error;
      this.failed(false);
      return;
    }
    this.deadline = host.sent(this, prefill.target.pool);
  }

  /** {@link Running}: the token that is asked for beside the prompt; it is told of with the end. */
  began(): void {}

  /** {@link Running} */
  finished(): void {
    const { host, lease, prefill, request } = this;
    this.awaitsNothing();
    prefill.firstByte();
    prefill.release({ status: 'answered', replicaFault: false });
    host.prompted(prefill.target.pool);
    const answering = host.replica(lease.target.id);
    const { link, latency } = host.prefillOf(lease.target.pool);
    const missing = Math.max(0, request.promptTokens - answering.cached(request));
    const arrivesAt = answering.receive((missing * answering.kvBytesPerToken) / (link * 1e6)) + latency;
    host.clock.at(arrivesAt, () => this.ready!(request.promptTokens));
  }

  /** {@link Running} */
  lost(): void {
    this.failed(true);
  }

  /** {@link AwaitsToken} */
  late(): void {
    this.host.replica(this.prefill.target.id).cancel(this.request.id);
    this.failed(true);
  }

  private failed(replicaFault: boolean): void {
    this.awaitsNothing();
    this.prefill.release({ status: 'failed', replicaFault });
    this.lease.computesPrompt();
    this.ready!(0);
  }

  private awaitsNothing(): void {
    if (this.deadline !== undefined) this.deadline.who = undefined;
    this.deadline = undefined;
  }
}
