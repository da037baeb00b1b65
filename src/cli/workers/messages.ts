import type { Started as StartedEngines } from '#cli/local-engines.js';
import type { Overrides } from '#config/load.js';
import type { DecisionRecord } from '#contract/record.js';
import type { ConfigVersion } from '#contract/stores.js';
import type { DeskCall } from '#gateway/configuration/desk.js';
import type { TailConditions } from '#gateway/peers.js';
import type { Told } from '#store/counters/exchange.js';
import type { WindowName } from '#telemetry/traffic/traffic.js';
import type { TraceRequest } from '#workload/traces/trace.js';

/** A configuration on its way to a worker: its text, so that all workers have the very same, and where its local engines live. */
export interface SentConfig {
  readonly text: string;
  readonly source: string;
  readonly overrides: Overrides;
  readonly engines: readonly (readonly [pool: string, engines: StartedEngines])[];
}

/** What all workers are to do, and a new one with them: it is told when it starts. */
export interface Orders {
  /** Replicas that were taken out by hand. */
  readonly drained: readonly string[];
  readonly tails: readonly Tail[];
}

/** Records that are watched as they come, or requests that are recorded as rows of a trace, keyed with `key` in base64. */
export type Watch = { readonly conditions: TailConditions } | { readonly key: string };

/** Somebody watches at one of the workers. */
export type Tail = { readonly tail: string } & Watch;

/** What is told of a tail: a record, rows of a trace, how many were left out. */
export interface TailNews {
  readonly tail: string;
  readonly record?: DecisionRecord;
  readonly requests?: readonly TraceRequest[];
  readonly skipped?: number;
}

/** What the supervisor asks of a worker. */
export type ToWorker =
  | {
      readonly kind: 'start';
      readonly config: SentConfig;
      readonly workers: number;
      readonly seed: number;
      readonly orders: Orders;
    }
  | { readonly kind: 'apply'; readonly config: SentConfig }
  | { readonly kind: 'metrics' | 'settle' | 'alive' | 'standing' | 'traffic' }
  /** Tell the lengths of the requests that it answered last, so many of each pool. */
  | { readonly kind: 'lengths'; readonly most: number }
  /** Look for changed keys, teams and users. */
  | { readonly kind: 'refresh' }
  /** Exchange shared counts now: another is short. */
  | { readonly kind: 'exchange' }
  /** Note in the audit log that an edit of the file came into force. */
  | { readonly kind: 'note-edit'; readonly edit: ConfigVersion }
  | { readonly kind: 'drain-replica'; readonly replica: string; readonly out: boolean }
  | ({ readonly kind: 'tail' } & Tail)
  | { readonly kind: 'untail'; readonly tail: string }
  | ({ readonly kind: 'news' } & TailNews)
  /** Another worker tells of what it has on the replicas. */
  | { readonly kind: 'pool-news'; readonly text: string }
  /** Drain; a second time: end at once. */
  | { readonly kind: 'drain'; readonly signal: string; readonly now: boolean };

/** What a worker asks of the supervisor. */
export type ToSupervisor =
  /** It listens to questions now: what is sent earlier is lost. */
  | { readonly kind: 'hello' }
  | { readonly kind: 'metrics' | 'settle' | 'standings' }
  /** What each worker tells of lengths. */
  | { readonly kind: 'lengths'; readonly most: number }
  /** Keys, teams or users have changed. */
  | { readonly kind: 'changed' }
  /** For all other workers: what this one has on the replicas. */
  | { readonly kind: 'pool-news'; readonly text: string }
  | { readonly kind: 'swap'; readonly told: readonly Told[]; readonly memory?: string | undefined }
  /** Requests that ended since it last said so: a tally. */
  | { readonly kind: 'counted'; readonly tally: string }
  | { readonly kind: 'window'; readonly window: WindowName }
  | { readonly kind: 'configuration'; readonly call: DeskCall; readonly given: readonly unknown[] }
  | { readonly kind: 'drain-replica'; readonly replica: string; readonly out: boolean }
  | ({ readonly kind: 'tail' } & Tail)
  | { readonly kind: 'untail'; readonly tail: string }
  | ({ readonly kind: 'news' } & TailNews);

/** What a worker says when it was told to start. */
export type Started =
  | { readonly ok: true; readonly url: string }
  | { readonly ok: false; readonly message: string; readonly hint?: string };

/** A window of traffic, its tallies as text. */
export interface SentWindow {
  readonly stepMs: number;
  readonly from: number;
  readonly to: number;
  readonly total: string;
  readonly points: readonly (readonly [at: number, tally: string])[];
}
