import type { Tokens } from './units.js';

export type Modality = 'text' | 'image' | 'audio' | 'file';
export type Archetype = 'chat' | 'agent';
/** Whether the time of a request goes into reading its prompt or into writing its answer (`wrp.md` §1.1). */
export type Heaviness = 'prefill' | 'decode' | 'balanced';

/**
 * What arrived, in cheap facts: no model runs to make a profile, and a part that is not asked for is not computed.
 */
export interface WorkloadProfile {
  readonly archetype: Archetype;
  /** Turns of the conversation so far: user messages, this one included. */
  readonly turn: number;
  /** Cold: nothing of the prompt can have been seen before. Warm: earlier turns of the same conversation precede this one. */
  readonly warmth: 'warm' | 'cold';
  readonly heaviness: Heaviness;
  readonly modality: Modality;
  /** Conversation identity: the caller's own session id if one was given, else a fingerprint of how the conversation began. */
  readonly session: string;
  /** Fingerprint of the system prompt and tool names: requests of one application share it. Empty when there are neither. */
  readonly application: string;
  /** Prompt tokens for a model, from the calibrated bytes-per-token of that model ({@link TokenEstimator}). */
  promptTokens(model?: string): Tokens;
  /** Expected answer length at the median and at the 75th percentile; `max_tokens` caps both. */
  readonly outputTokens: { readonly p50: Tokens; readonly p75: Tokens };
  /** The prompt as a chain of block hashes, computed on first use and kept. */
  prefix(): PromptPrefix;
}

/**
 * A prompt's prefix as a chain of hashes: `hashes[i]` stands for all the prompt up to the end of block `i`, so two prompts
 * share exactly the blocks on which their chains agree. Values are integers below 2^53.
 */
export interface PromptPrefix {
  readonly hashes: ArrayLike<number>;
  /** Tokens in a block, estimated where blocks were cut by characters. */
  readonly blockTokens: Tokens;
}

/** Estimates prompt tokens and learns from what engines report (`wrp.md` §5.2). */
export interface TokenEstimator {
  estimate(chars: number, model?: string): Tokens;
  /** An engine reported `promptTokens` for a prompt of `chars`. */
  observe(model: string, chars: number, promptTokens: Tokens): void;
}
