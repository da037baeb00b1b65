import type { Milliseconds, Tokens } from './units.js';

/**
 * Who may use the gateway and how much: the words that identity, gateway and stores share. Entities are plain data; what is
 * absent is not limited.
 */

/** What a caller may do beside asking models; see `docs/identity.md` for the table. */
export type Role = 'admin' | 'team_lead' | 'user' | 'viewer';

/** Money as the ledger counts it: whole billionths of a dollar, so that sums are exact in any order. */
export type NanoUsd = number;

export type SubjectKind = 'key' | 'team' | 'user';

/** Whose spending is counted. */
export interface SubjectRef {
  readonly kind: SubjectKind;
  readonly id: string;
}

/** Rates bind over any 60 seconds, not over minutes of the clock. */
export interface Limits {
  readonly requestsPerMinute?: number | undefined;
  readonly tokensPerMinute?: Tokens | undefined;
  /** Requests open at once. */
  readonly concurrency?: number | undefined;
}

export type BudgetWindow = 'hour' | 'day' | 'week' | 'month' | 'total';

export interface Budget {
  readonly unit: 'usd' | 'tokens';
  /** USD, or tokens. */
  readonly amount: number;
  /** Calendar-aligned in {@link Budget.timeZone}; weeks begin on Monday. `total` is never reset. */
  readonly window: BudgetWindow;
  /** IANA name; `UTC` unless said. */
  readonly timeZone: string;
  /** Shares of the amount at which people are told. */
  readonly alertAt: readonly number[];
  /** What a request holds back until it is settled: its expected answer, or the longest one it could get. */
  readonly reserve: 'expected' | 'maximum';
  /** Another amount until a wall time. */
  readonly override?: { readonly amount: number; readonly until: Milliseconds } | undefined;
}

interface Governed {
  readonly id: string;
  readonly name: string;
  /** Names and globs (`gpt-*`) of the real and virtual models allowed; empty allows all. */
  readonly models: readonly string[];
  readonly limits: Limits;
  readonly budgets: readonly Budget[];
  readonly disabled: boolean;
  readonly metadata: Readonly<Record<string, string>>;
  readonly createdAt: Milliseconds;
}

export interface Key extends Governed {
  /** SHA-256 of the secret, in hexadecimal: all that is kept of it. */
  readonly hash: string;
  /** How the secret begins, by which people recognise it. */
  readonly prefix: string;
  readonly role: Role;
  readonly team?: string;
  readonly user?: string;
  /** Networks the key may be used from, in CIDR form; empty allows all. */
  readonly cidrs: readonly string[];
  readonly expiresAt?: Milliseconds;
  readonly revokedAt?: Milliseconds;
  /** The secret before the last rotation, good for a while longer. */
  readonly previous?: { readonly hash: string; readonly until: Milliseconds };
  readonly createdBy: string;
}

export interface Team extends Governed {}

export interface User extends Governed {
  readonly role: Role;
  readonly team?: string;
}

/** What the directory holds, by kind. */
export interface Entities {
  readonly key: Key;
  readonly team: Team;
  readonly user: User;
}

/** An entity as it is kept: the version counts its changes, so that two who change it at once notice. */
export type Versioned<Kind extends SubjectKind = SubjectKind> = {
  readonly [K in Kind]: { readonly kind: K; readonly version: number; readonly entity: Entities[K] };
}[Kind];

/** Who changed something. */
export interface Actor {
  readonly kind: 'key' | 'user' | 'cli' | 'system';
  readonly id: string;
  readonly address?: string;
}
