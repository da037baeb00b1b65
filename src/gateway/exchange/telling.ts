import type { Outcome, Usage } from '#contract/outcome.js';
import type { DecisionRecord } from '#contract/record.js';
import type { Exchange } from './exchange.js';
import { NO_TOKENS } from './fixed-reply.js';

/** Tells the record's store, the metrics, the logs and those who learn how an exchange ended; `usage` is what an engine reported. */
export function tell(
  { runtime, route, profile, inbound, trace }: Exchange,
  record: DecisionRecord,
  outcome: Outcome,
  usage: Usage | undefined,
): void {
  runtime.metrics.observe(record);
  runtime.accessLog.observe(record);
  trace?.end(record);
  runtime.router.observe(outcome, route);
  if (usage === undefined || usage === NO_TOKENS || outcome.status !== 'answered') return;
  runtime.profiler.observePrompt(profile, outcome.model, usage.promptTokens);
  if (inbound.request.sampling.n === 1) runtime.profiler.observeOutput(profile, usage.completionTokens);
}
