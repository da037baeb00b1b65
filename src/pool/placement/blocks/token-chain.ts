import type { Tokens } from '#contract/units.js';

/** The start of every prompt. */
export const ROOT = 0;

/**
 * What stands for a block of tokens and all before it: an integer below 2^53. Two lanes of murmur3's mixing, started from what stands for
 * the block before. By the birthday bound 10^6 different blocks collide with a chance of about 6 · 10^-5; not for secrets.
 */
export function blockHash(before: number, tokens: ArrayLike<number>, from: number, to: number, salt: string): number {
  let a = (before % 4_294_967_296) ^ 0x2f0b4c47;
  let b = Math.floor(before / 4_294_967_296) ^ 0x6a09e667;
  for (let i = from; i < to; i++) {
    a = mixed(a ^ tokens[i]!, 0xcc9e2d51, 15);
    b = mixed(b ^ tokens[i]!, 0x85ebca6b, 17);
  }
  for (let i = 0; i < salt.length; i++) {
    a = mixed(a ^ ~salt.charCodeAt(i), 0x9e3779b1, 13);
    b = mixed(b ^ ~salt.charCodeAt(i), 0xc2b2ae35, 11);
  }
  const left = avalanche(a ^ (to - from));
  const right = avalanche(b ^ left);
  return (right >>> 11) * 4_294_967_296 + ((left ^ Math.imul(right, 0x9e3779b1)) >>> 0);
}

/**
 * The whole blocks of a prompt that an engine could have cached, as a chain. The last token of a prompt is always computed, so a block that it
 * ends is not among them.
 */
export function chainOfTokens(tokens: ArrayLike<number>, blockTokens: Tokens, salt: string): Float64Array {
  const blocks = Math.max(0, Math.floor((tokens.length - 1) / blockTokens));
  const chain = new Float64Array(blocks);
  let before = ROOT;
  for (let i = 0; i < blocks; i++) {
    before = blockHash(before, tokens, i * blockTokens, (i + 1) * blockTokens, salt);
    chain[i] = before;
  }
  return chain;
}

function mixed(value: number, factor: number, turn: number): number {
  const product = Math.imul(value, factor);
  return (product << turn) | (product >>> (32 - turn));
}

function avalanche(value: number): number {
  let left = value ^ (value >>> 16);
  left = Math.imul(left, 0x85ebca6b);
  left ^= left >>> 13;
  left = Math.imul(left, 0xc2b2ae35);
  return left ^ (left >>> 16);
}
