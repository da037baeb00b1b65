import type { Started as StartedEngines } from '#cli/local-engines.js';
import type { ListenOverrides } from '#config/load.js';

/** A configuration on its way to a worker: its text, so that all workers have the very same, and where its local engines live. */
export interface SentConfig {
  readonly text: string;
  readonly source: string;
  readonly listen: ListenOverrides;
  readonly engines: readonly (readonly [pool: string, engines: StartedEngines])[];
}

/** What the supervisor asks of a worker. */
export type ToWorker =
  | { readonly kind: 'start'; readonly config: SentConfig; readonly workers: number; readonly seed: number }
  | { readonly kind: 'apply'; readonly config: SentConfig }
  | { readonly kind: 'metrics' }
  | { readonly kind: 'settle' }
  | { readonly kind: 'alive' }
  /** Drain; a second time: end at once. */
  | { readonly kind: 'drain'; readonly signal: string; readonly now: boolean };

/** What a worker asks of the supervisor. */
export type ToSupervisor =
  /** It listens to questions now: what is sent earlier is lost. */
  { readonly kind: 'hello' } | { readonly kind: 'metrics' } | { readonly kind: 'settle' };

/** What a worker says when it was told to start. */
export type Started =
  | { readonly ok: true; readonly url: string }
  | { readonly ok: false; readonly message: string; readonly hint?: string };
