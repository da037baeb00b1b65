import type { Cancel } from '#contract/clock.js';
import type { WeirError } from '#contract/errors.js';
import type { Tokens } from '#contract/units.js';
import type { EngineStats } from '#pool/engine/engine.js';
import type { ChatRequest, TextRequest } from './requests.js';

/** Why an answer ended, in the API's words. */
export type FinishReason = 'stop' | 'length' | 'tool_calls';

/** A call of a tool, in place of text. */
export interface ToolCall {
  readonly id: string;
  readonly name: string;
}

/**
 * What a choice reports while it is generated: `token` for each token, with the text that it completes, which may be none, and whether
 * it is a thought before the answer; `finished`
 * last, with the text that was held back until it was known not to be a stop text; or `failed`.
 */
export type ChoiceEvent =
  | { readonly kind: 'token'; readonly text: string; readonly cachedTokens: Tokens; readonly thought?: boolean }
  | { readonly kind: 'finished'; readonly text: string; readonly finish: FinishReason }
  | { readonly kind: 'failed'; readonly error: WeirError };

/** One answer of a request, ready to be generated. */
export interface Choice {
  /** When set, the text is the arguments of this call. */
  readonly call?: ToolCall;
  /**
   * Begins to generate; the listener hears nothing before this returns, and nothing after what it returns was called.
   *
   * @throws WeirError `pool.saturated` when too many wait already.
   */
  start(listener: (event: ChoiceEvent) => void): Cancel;
}

/** What a request asks for, checked against what the model can do. */
export interface Work {
  /** Prompt tokens of the request: each prompt once, however many choices it has. */
  readonly promptTokens: Tokens;
  readonly choices: readonly Choice[];
}

export interface BackendFacts {
  /** What is served, as `/v1/models` calls it under `root`. */
  readonly root: string;
  /** Who owns it, there, and the `system_fingerprint` of every answer. */
  readonly fingerprint: string;
  readonly contextTokens: Tokens;
  readonly blockTokens: Tokens;
  readonly totalBlocks: number;
  /** vLLM's `kv_cache_dtype`: `auto` where it is that of the model. */
  readonly kvCache: 'auto' | 'fp8';
  /** Whether no model runs: then every response says so. */
  readonly simulated: boolean;
}

/** One text as a vector. */
export interface Embedded {
  readonly tokens: Tokens;
  readonly vector: Float32Array;
}

/** What generates answers behind the server: the engine model, or a real model. Both run the same contract suite. */
export interface EngineBackend {
  readonly facts: BackendFacts;
  /**
   * @param received prompt tokens whose KV has come from another engine; only for a backend that is given a connector.
   * @throws WeirError `request.context_too_long`, or `request.invalid` for what it cannot do, with the path of it.
   */
  chat(request: ChatRequest, received?: Tokens): Work | Promise<Work>;
  /** @throws WeirError as {@link EngineBackend.chat} does. */
  complete(request: TextRequest, received?: Tokens): Work;
  /** Prompt tokens of a request that are in the prefix cache now; absent where nobody can tell before it runs. */
  cachedTokens?(request: ChatRequest | TextRequest): Tokens;
  /** The tokens of a prompt, as a number each; absent where nobody can tell. */
  tokenize?(prompt: Pick<ChatRequest, 'messages' | 'tools'> | string): readonly number[];
  /** Vectors of length 1 for texts, and the tokens of each; absent where the model gives none. */
  embed?(texts: readonly string[], dimensions: number): readonly Embedded[];
  stats(): EngineStats;
  /** Stops: no listener hears anything any more. */
  close(): void | Promise<void>;
}
