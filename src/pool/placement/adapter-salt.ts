import type { PromptPrefix } from '#contract/profile.js';

/**
 * The blocks of a prompt as an engine caches them under a LoRA adapter: what one adapter computed is nothing to another, so each has
 * chains of its own.
 */
export function saltedHashes({ hashes }: PromptPrefix, adapter: string): Float64Array {
  let salt = 0x811c9dc5;
  for (let i = 0; i < adapter.length; i++) salt = Math.imul(salt ^ adapter.charCodeAt(i), 0x01000193);
  const salted = new Float64Array(hashes.length);
  for (let i = 0; i < hashes.length; i++) salted[i] = (hashes[i]! + (salt >>> 0) * 2_097_151) % 9_007_199_254_740_991;
  return salted;
}
