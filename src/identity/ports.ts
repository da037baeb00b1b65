import type { Clock } from '#contract/clock.js';
import type { WeirError } from '#contract/errors.js';
import type { SubjectRef } from '#contract/identity.js';
import type { IdentityStore } from '#contract/identity-store.js';
import type { SharedCounters } from '#contract/shared-counters.js';
import type { Milliseconds } from '#contract/units.js';
import type { KnownModels } from './key-checks.js';
import type { SecretBytes } from './secret.js';
import type { FetchJson } from './token-verifier.js';
import type { SpendJournal } from './write-behind.js';

/** A budget that runs low. */
export interface BudgetAlert extends SubjectRef {
  readonly budget: string;
  /** The share of the amount that was crossed. */
  readonly share: number;
  readonly spent: number;
  readonly amount: number;
}

/** What identity is given, and whom it tells. */
export interface IdentityPorts {
  readonly store: IdentityStore;
  readonly clock: Clock;
  readonly fetchJson: FetchJson;
  readonly secretBytes?: SecretBytes;
  /** The models that there are now; where nobody says, keys may be made for any. */
  readonly models?: () => KnownModels;
  readonly onAlert?: (alert: BudgetAlert) => void;
  /** Told when something could not be read or written behind. */
  readonly onError?: (error: unknown) => void;
  /** Told when the keys of an issuer of tokens cannot be read; at most every 30 s for each. */
  readonly onIssuerError?: (error: WeirError) => void;
  /** Keeps what cannot be written when the process ends. */
  readonly journal?: SpendJournal;
  /** How often spending is written down; 250 ms unless said. What a crash can lose. */
  readonly flushEveryMs?: Milliseconds;
  /** How often other processes' changes are looked for; 1 s unless said. */
  readonly refreshEveryMs?: Milliseconds;
  /** What limits and budgets are shared by with other processes. */
  readonly counters?: SharedCounters | undefined;
  /** Told of every change made here once it is in force here: others are to look for it now. Awaited before the change is answered. */
  readonly onChange?: () => Promise<void>;
}
