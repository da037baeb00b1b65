import { createHash, randomBytes } from 'node:crypto';

/** Randomness for secrets; the machine's own unless a test hands in another. */
export type SecretBytes = (count: number) => Uint8Array;

export const machineSecretBytes: SecretBytes = randomBytes;

const PREFIX = 'wk-';
const BYTES = 32;
/** Characters of a secret by which people recognise it: 24 of its 256 bits. */
const SHOWN = PREFIX.length + 4;

/** A fresh key: `wk-` and 256 random bits in base64url. */
export function newSecret(bytes: SecretBytes): string {
  return `${PREFIX}${Buffer.from(bytes(BYTES)).toString('base64url')}`;
}

/** SHA-256 in hexadecimal. No salt and no stretching: 256 random bits cannot be guessed, and a lookup must be one step. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

export function shownPrefix(secret: string): string {
  return secret.slice(0, SHOWN);
}

/** `key_` and 16 random hexadecimal digits. */
export function newKeyId(bytes: SecretBytes): string {
  return `key_${Buffer.from(bytes(8)).toString('hex')}`;
}
