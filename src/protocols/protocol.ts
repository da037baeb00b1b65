import type { WeirError } from '#contract/errors.js';
import type { Usage } from '#contract/outcome.js';
import type { Caller, InferenceRequest } from '#contract/request.js';
import type { RouteParameters } from '#contract/route.js';
import type { Milliseconds } from '#contract/units.js';

/** What the transport knows of a request before its body is read. */
export interface Envelope {
  readonly id: string;
  readonly arrivedAt: Milliseconds;
  readonly caller: Caller;
}

/** A request in wire form, understood: what an engine is sent is made from it without printing the body anew. */
export interface Inbound {
  readonly request: InferenceRequest;
  /** The client asked for a usage event at the end of its stream. */
  readonly wantsUsage: boolean;
  /**
   * The body for an engine that speaks the same API: the client's bytes with the model's name and what the route asks for put in.
   *
   * @param injectUsage ask the engine for usage at the end of a stream, whether or not the client did.
   */
  bodyFor(servedModel: string, parameters: RouteParameters, injectUsage: boolean): Buffer;
}

/** Reads the end of a whole, unstreamed answer. */
export interface AnswerFacts {
  readonly usage: Usage | undefined;
  readonly finish: string | undefined;
}

/** A fixed answer, given by Weir itself. */
export interface FixedAnswer {
  readonly id: string;
  readonly model: string;
  readonly text: string;
  /** Wall time in ms. */
  readonly at: Milliseconds;
}

/** How a stream ended, as far as its bytes tell. */
export interface StreamEnd extends AnswerFacts {
  /** The engine said that it was done: the only clean end there is. */
  readonly complete: boolean;
  /** The engine reported an error inside the stream. */
  readonly error: string | undefined;
}

/**
 * Follows an engine's event stream on its way to the client: passes on whole events only, so that an error event can always be
 * put behind what was sent, and reads usage and the end mark.
 */
export interface StreamRelay {
  /** @returns the bytes to send on now; `undefined` while no event is whole. */
  push(chunk: Buffer): Buffer | undefined;
  /** Nothing more will come. An event that was left half is dropped. */
  end(): StreamEnd;
}

/** One API as Weir speaks it to clients and engines. */
export interface Protocol {
  readonly name: string;
  /** Path at an engine, behind its base URL. */
  readonly enginePath: string;
  /** @throws WeirError `request.not_json` or `request.invalid` with the path of the field. */
  read(body: Buffer, envelope: Envelope): Inbound;
  /**
   * Usage and finish reason of an engine's whole answer; `undefined` when it is no answer of this API.
   *
   * @param text the bytes of the answer, one character each (latin1).
   */
  factsOf(text: string): AnswerFacts | undefined;
  /** @param stripUsage keep the usage event from the client, who did not ask for it. */
  relay(stripUsage: boolean): StreamRelay;
  errorBody(error: WeirError): string;
  /** The same error as an event in a stream that has begun. Never followed by a clean end. */
  errorEvent(error: WeirError): string;
  fixedBody(answer: FixedAnswer): string;
  /** A whole stream that says the fixed answer. */
  fixedStream(answer: FixedAnswer, withUsage: boolean): string;
}
