import type { DecisionRecord } from '#contract/record.js';
import type { Milliseconds } from '#contract/units.js';
import type { Logger } from './log.js';

/** Which requests get a line in the log: none, those that a person may have to look after, or all. */
export type AccessLogMode = 'none' | 'failures' | 'all';

/** One line a request, with what an operator asks first. It holds no text of a prompt or an answer, and no credential. */
export class AccessLog {
  constructor(
    private readonly log: Logger,
    public mode: AccessLogMode,
  ) {}

  /** A request that has a record. What the policy or the client itself ended is no failure. */
  observe(record: DecisionRecord): void {
    if (this.mode === 'none') return;
    const { outcome, attempts } = record;
    const failure = outcome.status === 'failed' || outcome.status === 'cut';
    if (!failure && this.mode === 'failures') return;
    const { usage } = outcome;
    const fields = {
      id: record.id,
      api: record.api,
      status: outcome.status,
      http_status: outcome.httpStatus,
      error: outcome.error,
      model_asked: record.modelAsked,
      decision: record.decision,
      model: outcome.model,
      pool: outcome.pool,
      replica: outcome.replica,
      attempts: attempts.length,
      stream: record.stream,
      queue_ms: rounded(outcome.queuedMs),
      ttft_ms: rounded(outcome.ttftMs),
      duration_ms: rounded(outcome.e2eMs),
      prompt_tokens: usage?.promptTokens,
      completion_tokens: usage?.completionTokens,
      cached_tokens: usage?.cachedTokens,
      cost_usd: outcome.costUsd,
      caller: record.caller.key,
      address: record.caller.address,
      config: record.configVersion,
    };
    if (failure) this.log.warn('request', fields);
    else this.log.info('request', fields);
  }

  /** A request that was refused before it could become a record. */
  refused(id: string, code: string, httpStatus: number, address: string, ms: Milliseconds): void {
    if (this.mode === 'none' || (this.mode === 'failures' && httpStatus < 500)) return;
    const fields = { id, status: 'refused', http_status: httpStatus, error: code, address, duration_ms: rounded(ms) };
    if (httpStatus >= 500) this.log.warn('request', fields);
    else this.log.info('request', fields);
  }
}

function rounded(ms: Milliseconds | undefined): Milliseconds | undefined {
  return ms === undefined ? undefined : Math.round(ms * 10) / 10;
}
