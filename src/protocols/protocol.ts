import type { AnswerStopped, SentText, TextRewrite } from '#contract/answer-guard.js';
import type { WeirError } from '#contract/errors.js';
import type { Usage } from '#contract/outcome.js';
import type { Caller, InferenceRequest } from '#contract/request.js';
import type { RouteParameters } from '#contract/route.js';
import type { Milliseconds, Tokens } from '#contract/units.js';
import type { GuardChain } from './guards/guard-chain.js';
import type { Json } from './json.js';
import type { Answer, AnswerEvent } from './neutral/answer.js';
import type { Conversation } from './neutral/conversation.js';
import type { Lost } from './neutral/lost.js';
import type { SseEvent } from './sse.js';

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
  /**
   * All that the client said, for an engine that speaks another API.
   *
   * @throws WeirError `request.unsupported` when no other API can do what is asked.
   */
  conversation(): Conversation;
  /** Writes the answer of an engine that speaks another API. */
  writer(answer: AnswerHead): AnswerWriter;
  /** The client's own headers that an engine of the same API is to see; absent when there are none. */
  readonly engineHeaders?: Readonly<Record<string, string>>;
  /** What is to be remembered of the conversation, where the API has that. */
  readonly memory?: Memory;
  /** Every text that {@link Inbound.rewritten} changes. */
  sentTexts(): readonly SentText[];
  /**
   * The same request with every text that a model reads changed; names, ids and what is no text stay. Absent where an API has no such
   * texts: what must not go on unchanged cannot go on there.
   */
  rewritten?(rewrite: TextRewrite): Inbound;
  /** Told of the whole answer as the client was given it, where something is to be kept of it. */
  keep?: (answer: string) => void;
}

/** A request of an API that remembers conversations for its clients. */
export interface Memory<Resumed extends Inbound = Inbound> {
  /** Id of the earlier answer that the request goes on from. */
  readonly previous?: string;
  /** Ids of items of earlier answers that the request brings in their place. */
  readonly references: readonly string[];
  /** Whether the answer is to be kept for later. */
  readonly store: boolean;
  /** What the request itself brought, as JSON. */
  input(): string;
  /**
   * The request with the conversation before it put in, and the items that were found in the place of references.
   *
   * @throws WeirError `request.invalid`.
   */
  resume(earlier: readonly Json[], found: ReadonlyMap<string, Json>): Resumed;
}

/** What stands at the head of an answer that Weir writes. */
export interface AnswerHead {
  /** Id of the request. */
  readonly id: string;
  readonly model: string;
  /** Wall time in ms. */
  readonly at: Milliseconds;
  /** How many equal choices the answer is written as, in APIs that have choices; 1 unless said. */
  readonly choices?: number;
}

/** Writes one answer in an API's shape: either whole, or event by event. */
export interface AnswerWriter {
  whole(answer: Answer): string;
  /** @returns text of the stream; empty when the event changes nothing that the client sees. */
  event(event: AnswerEvent): string;
  /** The whole answer, once its `end` was written, where the API's streams repeat it. */
  readonly final?: string | undefined;
  /** Events written so far, where the API numbers them. */
  readonly events?: number;
}

/** What an engine is asked with, beside the conversation. */
export interface EngineTerms {
  readonly servedModel: string;
  /** Longest answer where the API demands a limit and the client named none. */
  readonly defaultMaxTokens: Tokens;
  /** Ask for token counts at the end of a stream, where that has to be asked for. */
  readonly streamUsage: boolean;
  /** It refuses members that its API does not have, where other engines of that API take them; not unless said. */
  readonly strict?: boolean;
}

export interface EngineRequest {
  readonly body: string;
  /** What the engine's API has no word for. */
  readonly lost: readonly string[];
}

/** Takes the stream of an engine apart. */
export interface AnswerReader {
  /** @throws WeirError `upstream.status` for an error that the engine put into its stream. */
  read(event: SseEvent): readonly AnswerEvent[];
  /** The engine has closed the stream in good order, and no end came. @returns the end, where what came says that the answer is whole. */
  closed?(): readonly AnswerEvent[];
}

/** An API as it is spoken to engines for clients of another one. */
export interface EngineSide {
  /** @throws WeirError `request.unsupported` when the API cannot do what is asked. */
  encode(conversation: Conversation, terms: EngineTerms): EngineRequest;
  /**
   * @returns `undefined` when the text is no answer of this API.
   * @throws WeirError `upstream.status` when it is a failure that came as an answer.
   */
  decode(text: string): Answer | undefined;
  /** @param lost told what of the answer no other API has a place for. */
  reader(lost?: Lost): AnswerReader;
}

/** The APIs that engines speak. */
export const ENGINE_APIS = ['openai', 'anthropic', 'responses'] as const;
export type EngineApi = (typeof ENGINE_APIS)[number];

/** Reads the end of a whole, unstreamed answer. */
export interface AnswerFacts {
  readonly usage: Usage | undefined;
  readonly finish: string | undefined;
}

/** How a stream ended, as far as its bytes tell. */
export interface StreamEnd extends AnswerFacts {
  /** The engine said that it was done, or closed in good order behind the finish reason of all it began: the only clean ends there are. */
  readonly complete: boolean;
  /** The engine reported an error inside the stream. */
  readonly error: string | undefined;
  /** Counts that the stream began with, where it was broken off before those of its end. */
  readonly begun?: Usage | undefined;
  /** The whole answer, where the API's streams repeat it at their end. */
  readonly whole?: string | undefined;
  /** Events sent so far, where the API numbers them. */
  readonly events?: number;
}

/**
 * Follows an engine's event stream on its way to the client: passes on whole events only, so that an error event can always be
 * put behind what was sent, and reads usage and the end mark.
 */
export interface StreamRelay {
  /** @returns the bytes to send on now; `undefined` while no event is whole. */
  push(chunk: Buffer): Buffer | undefined;
  /**
   * The engine has closed the stream in good order: its last event is whole even without the blank line behind it. Half an event is dropped.
   *
   * @returns the bytes to send on, as {@link StreamRelay.push}.
   */
  close(): Buffer | undefined;
  /** Why a guard lets no more of it pass; what `push` returned before goes on. */
  readonly stopped?: AnswerStopped | undefined;
  /** How the stream ended, if it ended here. */
  end(): StreamEnd;
}

/** Where the texts stand in the answers of an API. What it does not know passes untouched. */
export interface AnswerForm {
  /** A whole answer with its texts led past the guards. @throws AnswerStopped */
  whole(answer: Json, guards: GuardChain): Json;
  /** @param answers how many answers were asked for. */
  stream(guards: GuardChain, answers: number): StreamForm;
}

/** Leads the texts of one event stream past the guards. */
export interface StreamForm {
  /** @returns text of the stream in the place of the event. @throws AnswerStopped */
  event(event: SseEvent): string;
  /** The whole answer as the client was given it, where the API's streams repeat it. */
  readonly final?: string | undefined;
  /** Events that were put in beside the engine's own. */
  readonly added: number;
}

/** One API as Weir speaks it to clients and engines. */
export interface Protocol {
  readonly name: string;
  /** Engines of this API are sent the client's own bytes, those of another one a translation. */
  readonly api: EngineApi;
  /** What models must be for: a model that embeds does not chat. */
  readonly kind: 'generation' | 'embedding';
  /** Path at an engine, behind its base URL. */
  readonly enginePath: string;
  /** Not every engine of this API has the path: one that answers 404 is not broken. */
  readonly partial?: boolean;
  /** How engines of this API are spoken to for clients of another; absent where only the same API will do. */
  readonly engine?: EngineSide;
  /** Absent where answers hold no text. */
  readonly answerForm?: AnswerForm;
  /** A header beside `x-request-id` in which clients of this API look for the request's id. */
  readonly idHeader?: string;
  /** @throws WeirError `request.not_json` or `request.invalid` with the path of the field. */
  read(body: Buffer, envelope: Envelope): Inbound;
  /**
   * Usage and finish reason of an engine's whole answer; `undefined` when it is no answer of this API.
   *
   * @param text the bytes of the answer, one character each (latin1).
   */
  factsOf(text: string): AnswerFacts | undefined;
  /**
   * @param stripUsage keep the usage event from the client, who did not ask for it.
   * @param answers how many answers were asked for; 1 unless said.
   */
  relay(stripUsage: boolean, answers?: number): StreamRelay;
  errorBody(error: WeirError): string;
  /**
   * The same error as an event in a stream that has begun. Never followed by a clean end.
   *
   * @param events events sent before it, where the API numbers them.
   */
  errorEvent(error: WeirError, events?: number): string;
}
