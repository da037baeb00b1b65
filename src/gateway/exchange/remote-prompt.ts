import { isWeirError, WeirError } from '#contract/errors.js';
import type { PrefillOutcome } from '#contract/outcome.js';
import type { Milliseconds } from '#contract/units.js';
import type { Runtime } from '#gateway/runtime.js';
import { type CallListener, UpstreamCall } from '#gateway/upstream/call.js';
import { retryAfterOf } from '#gateway/upstream/retry-after.js';
import type { Lease } from '#pool/lease.js';
import { BytePile } from '#protocols/byte-pile.js';
import { kvTransferOf, prefillBody, withKvTransfer } from '#protocols/openai/kv-transfer.js';
import { refusalOf } from './refusal.js';

/** Longest answer of a prefill replica: it names a KV block for each few tokens of the prompt. */
const MOST_BYTES = 4 * 1024 * 1024;

const NOTHING = Buffer.alloc(0);

/** What the replica that answers is sent: with the KV that is ready for it, or as if there were no other replica. */
export type Ready = (body: Buffer, headers?: Readonly<Record<string, string>>) => void;

/**
 * The prompt of one attempt, computed on another replica. Whatever goes wrong with it, the replica that answers computes the prompt
 * itself: the attempt is never worse than without.
 */
export class RemotePrompt implements CallListener {
  private readonly startedAt: Milliseconds;
  private readonly pile = new BytePile();
  private call: UpstreamCall | undefined;
  private httpStatus = 0;
  /** For how long the prefill replica asks to be left alone. */
  private retryAfterMs: Milliseconds | undefined;
  private ready: Ready | undefined;
  private endedAt: Milliseconds | undefined;
  private status: PrefillOutcome['status'] | 'computing' | 'ready' = 'computing';
  private error: WeirError | undefined;

  /** @param prefill the place on the replica that computes the prompt. */
  constructor(
    private readonly runtime: Runtime,
    private readonly lease: Lease,
    private readonly prefill: Lease,
    private readonly path: string,
    private body: Buffer,
  ) {
    this.startedAt = runtime.clock.now();
  }

  start(ready: Ready): void {
    this.ready = ready;
    const { runtime, prefill, lease } = this;
    prefill.sent();
    if (runtime.config.pool.pools[lease.target.pool]?.prefill?.via === 'llm_d') {
      this.status = 'ready';
      ready(this.body, { 'x-prefiller-host-port': new URL(prefill.target.url).host });
      return;
    }
    const way = runtime.wayTo(prefill.target);
    this.call = new UpstreamCall(
      {
        route: runtime.connections.route(prefill.target.url, this.path, way.connectMs),
        headers: way.headers,
        firstByteMs: way.firstByteMs,
        stallMs: way.stallMs,
      },
      prefillBody(this.body, prefill.target.servedModel),
      this,
      runtime.clock,
      runtime.watchdog,
    );
    this.call.start();
  }

  /** The replica that answers has begun to: it had the KV. */
  used(): void {
    if (this.status !== 'ready') return;
    this.status = 'used';
    // With a sidecar in between nobody else says that the prompt was computed.
    this.prefill.firstByte(true);
    this.prefill.release({ status: 'answered', replicaFault: false });
    this.endedAt ??= this.runtime.clock.now();
    this.body = NOTHING;
  }

  /** The replica that answers has failed before it began. @returns its body without the KV, where it may be the KV that was missing. */
  withoutIt(error: WeirError): Buffer | undefined {
    if (this.status !== 'ready' || error.code === 'upstream.connect') return undefined;
    this.status = 'lost';
    this.error = error;
    this.endedAt ??= this.runtime.clock.now();
    this.prefill.release({ status: 'cancelled', replicaFault: false });
    this.lease.computesPrompt();
    return this.body;
  }

  cancel(): void {
    this.call?.abort();
    if (this.status === 'computing' || this.status === 'ready') this.status = 'cancelled';
    this.prefill.release({ status: 'cancelled', replicaFault: false });
  }

  outcome(now: Milliseconds): PrefillOutcome {
    const { pool, replica } = this.prefill.placement;
    const status = this.status === 'computing' || this.status === 'ready' ? 'cancelled' : this.status;
    return {
      ...{ pool, replica, status, durationMs: (this.endedAt ?? now) - this.startedAt },
      ...(this.error === undefined ? undefined : { error: this.error.code }),
    };
  }

  onHead(status: number, _contentType: string, retryAfter: string): void {
    this.httpStatus = status;
    this.retryAfterMs = retryAfterOf(status, retryAfter, this.runtime.clock.wall());
  }

  onData(chunk: Buffer): boolean {
    if (this.pile.length + chunk.length > MOST_BYTES) {
      this.call?.abort();
      this.failed(
        new WeirError('upstream.too_large', `The prefill replica answered with more than ${MOST_BYTES} bytes`),
        true,
      );
    } else this.pile.push(chunk);
    return true;
  }

  onEnd(): void {
    const answer = this.pile.take() ?? Buffer.alloc(0);
    if (this.httpStatus !== 200) {
      const { error, replicaFault } = refusalOf(
        this.httpStatus,
        answer,
        this.runtime.wayTo(this.prefill.target).headers,
      );
      this.failed(error, replicaFault);
      return;
    }
    let params: string;
    try {
      params = kvTransferOf(answer);
    } catch (error) {
      if (!isWeirError(error)) throw error;
      this.failed(error, true);
      return;
    }
    this.endedAt = this.runtime.clock.now();
    // One token was asked for, and nothing streamed: what it took is the time to first token.
    this.prefill.firstByte();
    this.prefill.release({ status: 'answered', replicaFault: false });
    this.status = 'ready';
    this.ready?.(withKvTransfer(this.body, params));
  }

  onFail(error: WeirError): void {
    this.failed(error, true);
  }

  onDefect(cause: unknown): void {
    this.failed(new WeirError('internal.defect', 'A defect in Weir', { cause }), false);
  }

  private failed(error: WeirError, replicaFault: boolean): void {
    this.status = 'failed';
    this.error = error;
    this.endedAt = this.runtime.clock.now();
    const { retryAfterMs } = this;
    this.prefill.release({
      ...{ status: 'failed', replicaFault },
      ...(retryAfterMs === undefined ? undefined : { retryAfterMs }),
    });
    this.lease.computesPrompt();
    this.ready?.(this.body);
  }
}
