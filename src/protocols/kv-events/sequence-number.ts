/** Ends a replay: what a sequence number never is. */
const END = 0xffff_ffff_ffff_ffffn;

/** Eight bytes, the most significant first. */
export function sequenceBytes(sequence: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(sequence));
  return bytes;
}

export function endBytes(): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(END);
  return bytes;
}

/** @returns `end` for the end of a replay; `undefined` for what is no sequence number. */
export function readSequence(bytes: Uint8Array | undefined): number | 'end' | undefined {
  if (bytes?.length !== 8) return undefined;
  const value = Buffer.from(bytes).readBigUInt64BE();
  if (value === END) return 'end';
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : undefined;
}
