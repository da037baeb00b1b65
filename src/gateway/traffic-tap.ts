import { createHmac, randomBytes } from 'node:crypto';
import type { WorkloadProfile } from '#contract/profile.js';
import type { DecisionRecord } from '#contract/record.js';
import { MOST_TOKENS } from '#workload/traces/row.js';
import type { TraceRequest } from '#workload/traces/trace.js';

/** Recordings that may run at once. */
const MOST_TAPS = 4;

export type Tap = (request: TraceRequest) => void;

/** What hashes and sessions of one recording are keyed with. */
export function newTapKey(): Buffer {
  return randomBytes(32);
}

/**
 * Lets those who record traffic see each request that an engine answered: arrival, tokens, model, session and the hashes of its prompt's blocks. Nothing is
 * computed while nobody does.
 */
export class TrafficTap {
  private readonly taps = new Map<Tap, Buffer>();

  /** Recordings that run. */
  get size(): number {
    return this.taps.size;
  }

  get full(): boolean {
    return this.taps.size >= MOST_TAPS;
  }

  /**
   * Tells `tap`, which must not throw, of every request to come. Hashes and sessions are keyed anew for each tap (HMAC-SHA-256): within one recording equal
   * beginnings stay equal, and nobody can tell from it whether a text he guesses was among the prompts.
   *
   * @param key that of the other processes, where several tell one recording.
   * @returns how to stop.
   */
  open(tap: Tap, key = newTapKey()): () => void {
    this.taps.set(tap, key);
    return () => this.taps.delete(tap);
  }

  /** An exchange has ended. */
  tell(record: DecisionRecord, profile: WorkloadProfile): void {
    if (this.taps.size === 0) return;
    const { usage, model } = record.outcome;
    if (usage === undefined || record.outcome.status !== 'answered') return;
    const promptTokens = Math.round(usage.promptTokens);
    const outputTokens = Math.round(usage.completionTokens);
    if (!(promptTokens >= 1 && promptTokens <= MOST_TOKENS && outputTokens >= 0 && outputTokens <= MOST_TOKENS)) return;
    const { hashes, blockTokens } = profile.prefix();
    // Blocks are cut by bytes, so the engine's own count may have room for fewer of them.
    const blocks = Array.from(hashes).slice(0, Math.ceil(promptTokens / blockTokens));
    for (const [tap, key] of this.taps) {
      const keyed = (value: string) => createHmac('sha256', key).update(value).digest();
      tap({
        ...{ arrivalMs: record.at, promptTokens, outputTokens },
        prefix: { hashes: blocks.map(hash => keyed(String(hash)).readUIntBE(0, 6)), blockTokens },
        ...(profile.session === '' ? {} : { session: keyed(`session ${profile.session}`).toString('hex', 0, 8) }),
        ...(model === '' ? {} : { model }),
      });
    }
  }
}
