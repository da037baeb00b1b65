import type { Caller, InferenceRequest, Sampling } from '#contract/request.js';
import type { Bytes, Milliseconds } from '#contract/units.js';

const NONE: readonly never[] = Object.freeze([]);
const SAMPLING: Sampling = Object.freeze({ n: 1, structured: false });
const NOBODY: Caller = Object.freeze({ address: '', headers: Object.freeze({}) });
const NOTHING: Readonly<Record<string, string>> = Object.freeze({});

/** A request as a trace has it: how long it was and which model it asks for. It has no text, and nobody sent it. */
export class TracedRequest implements InferenceRequest {
  readonly messages = NONE;
  readonly tools = NONE;
  readonly sampling = SAMPLING;
  readonly stream = true;
  readonly caller = NOBODY;
  readonly metadata = NOTHING;

  constructor(
    private readonly index: number,
    readonly arrivedAt: Milliseconds,
    readonly model: string,
    readonly promptBytes: Bytes,
  ) {}

  get id(): string {
    return String(this.index);
  }
}
