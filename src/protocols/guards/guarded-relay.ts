import { Buffer } from 'node:buffer';
import { AnswerStopped } from '#contract/answer-guard.js';
import type { Bytes } from '#contract/units.js';
import type { AnswerForm, StreamEnd, StreamForm, StreamRelay } from '#protocols/protocol.js';
import { SseReader } from '#protocols/sse.js';
import type { GuardChain } from './guard-chain.js';

/** A stream whose texts pass guards. Comments of the engine's stream are dropped; events and members unknown here are kept. */
export class GuardedRelay implements StreamRelay {
  private readonly sse = new SseReader();
  private readonly form: StreamForm;
  private held = '';
  private heldBytes: Bytes = 0;
  private stop: AnswerStopped | undefined;

  /**
   * @param inner what reads the stream, in the client's API.
   * @param holding told how many bytes are held back, as they would leave, whenever there are more; throws where that is too many.
   */
  constructor(
    private readonly inner: StreamRelay,
    form: AnswerForm,
    private readonly guards: GuardChain,
    answers: number,
    private readonly holding: (bytes: Bytes) => void,
  ) {
    this.form = form.stream(guards, answers);
  }

  get stopped(): AnswerStopped | undefined {
    return this.stop;
  }

  /** @throws what `holding` throws; nothing is held any more then. */
  push(chunk: Buffer): Buffer | undefined {
    return this.led(this.inner.push(chunk));
  }

  /** @throws as {@link GuardedRelay.push}. */
  close(): Buffer | undefined {
    return this.led(this.inner.close());
  }

  private led(events: Buffer | undefined): Buffer | undefined {
    if (events === undefined || this.stop !== undefined) return undefined;
    let text = '';
    for (const event of this.sse.push(events)) {
      try {
        text += this.form.event(event);
      } catch (error) {
        if (!(error instanceof AnswerStopped)) throw error;
        this.stop = error;
        break;
      }
    }
    const { held } = this;
    this.held = '';
    if (!this.guards.holds || this.guards.ended) {
      const all = held + text;
      return all === '' ? undefined : Buffer.from(all);
    }
    // What a guard refuses is not held, however long it is.
    if (this.stop === undefined) {
      this.heldBytes += Buffer.byteLength(text);
      this.holding(this.heldBytes);
      this.held = held + text;
    }
    return undefined;
  }

  end(): StreamEnd {
    const end = this.inner.end();
    const { final, added } = this.form;
    return {
      ...end,
      // An end that no guard has seen is none: what was held back never left.
      complete: end.complete && this.stop === undefined && (this.guards.ended || !this.guards.holds),
      ...(final === undefined ? undefined : { whole: final }),
      ...(end.events === undefined ? undefined : { events: end.events + added }),
    };
  }
}
