import { createHmac } from 'node:crypto';
import type { Clock } from '#contract/clock.js';
import type { Milliseconds } from '#contract/units.js';

export interface VaultLimits {
  readonly sessions: number;
  /** Values of one session. */
  readonly values: number;
  readonly ttlMs: Milliseconds;
}

/** Characters of a placeholder's tag: 40 bits, more only where two values of a session would share one. */
const TAG = 8;
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';

/** The longest placeholder there is. */
export const LONGEST_PLACEHOLDER = 56;

/** What placeholders look like: `[PERSON_k3f9abcd]`. */
export const PLACEHOLDER = /\[[A-Z]{2,12}(?:_[A-Z]{2,12})?_[a-z2-7]{8,26}\]/g;

/**
 * The values behind placeholders, by conversation: in memory alone, bounded, forgotten after a while. A placeholder is made from the value by a keyed
 * hash (HMAC-SHA-256): the same value of a conversation has the same placeholder in every turn, and nobody without the salt can tell from one
 * what is behind it, or make one up.
 */
export class Vault {
  /** In order of last use. */
  private readonly sessions = new Map<string, VaultSession>();

  constructor(
    private readonly salt: string | Buffer,
    private readonly limits: VaultLimits,
    private readonly clock: Clock,
  ) {}

  /** The values of a conversation. Asking keeps them for another while. */
  session(key: string): VaultSession {
    const now = this.clock.now();
    this.expire(now);
    const session = this.sessions.get(key) ?? new VaultSession(key, this.salt, this.limits.values);
    session.usedAt = now;
    this.sessions.delete(key);
    this.sessions.set(key, session);
    if (this.sessions.size > this.limits.sessions) this.sessions.delete(this.sessions.keys().next().value!);
    return session;
  }

  /** Sessions that are kept now. */
  get size(): number {
    this.expire(this.clock.now());
    return this.sessions.size;
  }

  private expire(now: Milliseconds): void {
    for (const [key, session] of this.sessions) {
      if (now - session.usedAt < this.limits.ttlMs) return;
      this.sessions.delete(key);
    }
  }
}

/** Placeholders and values of one conversation. */
export class VaultSession {
  usedAt: Milliseconds = 0;
  private readonly values = new Map<string, string>();

  constructor(
    private readonly key: string,
    private readonly salt: string | Buffer,
    private readonly most: number,
  ) {}

  /** The placeholder of a value. @param word what stands in it in the place of the kind. */
  placeholder(kind: string, value: string, word = kind.toUpperCase()): string {
    const digest = createHmac('sha256', this.salt).update(`${this.key}\0${kind}\0${value}`).digest();
    const tag = [...digest].map(byte => BASE32[byte & 31]).join('');
    for (let size = TAG; ; size++) {
      const made = `[${word}_${tag.slice(0, size)}]`;
      const known = this.values.get(made);
      if (known !== undefined && known !== value && size < 26) continue;
      this.keep(made, value);
      return made;
    }
  }

  /** What stands behind a placeholder of this conversation. */
  value(placeholder: string): string | undefined {
    return this.values.get(placeholder);
  }

  private keep(placeholder: string, value: string): void {
    this.values.delete(placeholder);
    this.values.set(placeholder, value);
    if (this.values.size > this.most) this.values.delete(this.values.keys().next().value!);
  }
}
