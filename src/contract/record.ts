import type { AttemptOutcome, Outcome } from './outcome.js';
import type { Placement } from './placement.js';
import type { WorkloadProfile } from './profile.js';
import type { Candidate, DecisionReason, RouteParameters, StageNote } from './route.js';
import type { SafetyNote } from './safety.js';
import type { SignalReading } from './signal.js';
import type { Milliseconds, Tokens } from './units.js';

/** A profile with its lazy parts computed: what the record and `weir explain` show. */
export interface ProfileSummary extends Omit<WorkloadProfile, 'promptTokens' | 'prefix'> {
  readonly promptTokens: Tokens;
}

/**
 * The story of one request, whole: what header, log row, `weir explain` and the page are all told from. Plain data: it crosses
 * threads and lands in a database as JSON.
 */
export interface DecisionRecord {
  readonly id: string;
  /** Wall time of arrival, ms since the Unix epoch. */
  readonly at: Milliseconds;
  /** The API the client spoke: `openai-chat`. */
  readonly api: string;
  readonly modelAsked: string;
  readonly stream: boolean;
  readonly caller: {
    readonly key?: string;
    readonly user?: string;
    readonly team?: string;
    readonly address: string;
  };
  readonly profile: ProfileSummary;
  readonly signals: readonly SignalReading[];
  readonly decision: string;
  readonly reason: DecisionReason;
  readonly selector: string;
  readonly strategy: string;
  readonly candidates: readonly Candidate[];
  readonly parameters: RouteParameters;
  readonly stages: readonly StageNote[];
  /** The last placement; absent when no replica was reached. */
  readonly placement?: Placement;
  readonly attempts: readonly AttemptOutcome[];
  readonly outcome: Outcome;
  /** What could not be carried over between the client's API and the engine's; absent when they are the same or nothing was lost. */
  readonly lost?: readonly string[];
  /** What safety rules found; absent when nothing was. */
  readonly safety?: readonly SafetyNote[];
  /** What guards said of the answer, by their names, in a word each; absent when none said anything. */
  readonly verdicts?: Readonly<Record<string, string>>;
  /** Version of the configuration that was in force. */
  readonly configVersion: string;
  /** Only when `gateway.record.prompts` asks for it. */
  readonly prompt?: string;
}
