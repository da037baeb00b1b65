/** Where fastText's hash (FNV-1a, 32 bits) begins. */
export const FNV_BASIS = 0x811c9dc5 | 0;
const FNV_PRIME = 0x01000193;

/** The hash after one more byte, which counts as signed, as `char` did where the models were trained. A signed 32-bit number. */
export function hashed(hash: number, byte: number): number {
  return Math.imul(hash ^ ((byte << 24) >> 24), FNV_PRIME);
}
