import type { PromptPrefix } from '#contract/profile.js';
import type { Tokens } from '#contract/units.js';

/** Characters the simulated engine counts as one token. A real tokeniser gives 3 to 5 for English prose. */
export const CHARS_PER_TOKEN = 4;
const BLOCK_CHARS = 64;

/** A prompt as the simulated engine sees it: how long it is and what of it can be shared. */
export interface TokenisedPrompt {
  readonly tokens: Tokens;
  readonly prefix: PromptPrefix;
  /** Stands for all of the prompt. */
  readonly digest: number;
}

/** Tokens of a text of `chars` characters: a quarter as many, at least one. */
export function countTokens(chars: number): Tokens {
  return Math.max(1, Math.ceil(chars / CHARS_PER_TOKEN));
}

/** Tokens as numbers: what stands for the four characters of each. */
export function tokensOf(text: string, from = 0, to: number = text.length): number[] {
  const tokens: number[] = [];
  for (let at = from; at < to; at += CHARS_PER_TOKEN) {
    let token = 0x811c9dc5;
    for (let i = at; i < Math.min(to, at + CHARS_PER_TOKEN); i++)
      token = Math.imul(token ^ text.charCodeAt(i), 0x01000193);
    tokens.push(token >>> 1);
  }
  return tokens;
}

/**
 * Cuts a prompt into blocks of 64 characters (16 tokens, a KV block of vLLM) and hashes them as a chain, so that each hash stands
 * for everything up to the end of its block. The mixing is that of cyrb53, its two 32-bit halves carried from block to block;
 * `salt` (the model's name) keeps chains of different models apart. Not safe against people who look for collisions: in a
 * simulation one would cost them a wrong count of cached tokens.
 */
export function tokenise(text: string, salt: string): TokenisedPrompt {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  const mix = (part: string, from: number, to: number): void => {
    for (let i = from; i < to; i++) {
      const code = part.charCodeAt(i);
      high = Math.imul(high ^ code, 2_654_435_761);
      low = Math.imul(low ^ code, 1_597_334_677);
    }
    high = Math.imul(high ^ (high >>> 16), 2_246_822_507) ^ Math.imul(low ^ (low >>> 13), 3_266_489_909);
    low = Math.imul(low ^ (low >>> 16), 2_246_822_507) ^ Math.imul(high ^ (high >>> 13), 3_266_489_909);
  };
  const value = (): number => 4_294_967_296 * (low & 0x1fffff) + (high >>> 0);

  mix(salt, 0, salt.length);
  const blocks = Math.floor(text.length / BLOCK_CHARS);
  const hashes = new Float64Array(blocks);
  for (let block = 0; block < blocks; block++) {
    mix(text, block * BLOCK_CHARS, (block + 1) * BLOCK_CHARS);
    hashes[block] = value();
  }
  mix(text, blocks * BLOCK_CHARS, text.length);
  return {
    tokens: countTokens(text.length),
    prefix: { hashes, blockTokens: BLOCK_CHARS / CHARS_PER_TOKEN },
    digest: value(),
  };
}
