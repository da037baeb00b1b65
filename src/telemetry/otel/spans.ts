import type { AttemptOutcome, OutcomeStatus } from '#contract/outcome.js';
import type { DecisionRecord } from '#contract/record.js';
import { operationOf, providerOf } from './api-names.js';
import { attributes, KIND, nanoseconds, type Span, STATUS } from './otlp.js';
import { randomHex, type TraceContext } from './trace-context.js';

/** The trace of one request, as far as it was known before its end. */
export interface TracedRequest {
  readonly context: TraceContext;
  readonly spanId: string;
  /** Ids that attempts went out under, in their order. */
  readonly attemptIds: readonly string[];
  readonly record: DecisionRecord;
}

/**
 * The spans of one request: the server's, one for each stage, one (client) for each attempt. The record knows how long each took,
 * not when it began: stages follow one another from the arrival on, and attempts end where the next begins, the last with the request.
 */
export function spansOf({ context, spanId, attemptIds, record }: TracedRequest, prompts: boolean): Span[] {
  const { traceId, state } = context;
  const common = { traceId, ...(state === undefined ? undefined : { traceState: state }) };
  const end = record.at + record.outcome.e2eMs;
  const spans: Span[] = [
    {
      ...common,
      spanId,
      ...(context.parentId === undefined ? undefined : { parentSpanId: context.parentId }),
      name: `${operationOf(record.api)} ${record.modelAsked}`,
      kind: KIND.server,
      startTimeUnixNano: nanoseconds(record.at),
      endTimeUnixNano: nanoseconds(end),
      attributes: serverAttributes(record, prompts),
      status: statusOf(record.outcome.status, record.outcome.error),
    },
  ];
  let at = record.at;
  for (const { stage, ms, note } of record.stages) {
    spans.push({
      ...common,
      spanId: randomHex(8),
      parentSpanId: spanId,
      name: `weir.${stage}`,
      kind: KIND.internal,
      startTimeUnixNano: nanoseconds(at),
      endTimeUnixNano: nanoseconds(at + ms),
      attributes: attributes({ 'weir.stage.note': prompts ? note : undefined }),
      status: { code: STATUS.unset },
    });
    at += ms;
  }
  let until = end;
  for (let i = record.attempts.length - 1; i >= 0; i--) {
    const attempt = record.attempts[i]!;
    const begin = Math.max(record.at, until - attempt.durationMs);
    spans.push({
      ...common,
      spanId: attemptIds[i] ?? randomHex(8),
      parentSpanId: spanId,
      name: `${operationOf(record.api)} ${attempt.model}`,
      kind: KIND.client,
      startTimeUnixNano: nanoseconds(begin),
      endTimeUnixNano: nanoseconds(until),
      attributes: clientAttributes(record, attempt),
      status: statusOf(attempt.status, attempt.error),
    });
    until = begin;
  }
  return spans;
}

function serverAttributes(record: DecisionRecord, prompts: boolean) {
  const { outcome, caller } = record;
  const { usage } = outcome;
  return attributes({
    'gen_ai.operation.name': operationOf(record.api),
    'gen_ai.provider.name': providerOf(record.api),
    'gen_ai.original.model': record.modelAsked,
    'gen_ai.request.model': outcome.model === '' ? record.modelAsked : outcome.model,
    'gen_ai.response.model': outcome.model === '' ? undefined : outcome.model,
    'gen_ai.response.finish_reasons': outcome.finish === undefined ? undefined : [outcome.finish],
    'gen_ai.usage.input_tokens': usage?.promptTokens,
    'gen_ai.usage.output_tokens': usage?.completionTokens,
    'gen_ai.usage.cache_read.input_tokens': usage?.cachedTokens,
    'gen_ai.conversation.id': record.profile.session === '' ? undefined : record.profile.session,
    'http.response.status_code': outcome.httpStatus,
    'error.type': outcome.error,
    'client.address': caller.address,
    'weir.request.id': record.id,
    'weir.caller.key': caller.key,
    'weir.status': outcome.status,
    'weir.stream': record.stream,
    'weir.decision': record.decision,
    'weir.selector': record.selector,
    'weir.strategy': record.strategy,
    'weir.pool': outcome.pool === '' ? undefined : outcome.pool,
    'weir.replica': outcome.replica === '' ? undefined : outcome.replica,
    'weir.signals': record.signals.map(({ name, state }) => `${name}=${state}`),
    'weir.queue_ms': outcome.queuedMs,
    'weir.ttft_ms': outcome.ttftMs,
    'weir.cost_usd': outcome.costUsd,
    'weir.config.version': record.configVersion,
    'weir.reason': prompts ? record.reason.summary : undefined,
    'weir.prompt': prompts ? record.prompt : undefined,
  });
}

function clientAttributes(record: DecisionRecord, attempt: AttemptOutcome) {
  return attributes({
    'gen_ai.operation.name': operationOf(record.api),
    'gen_ai.provider.name': providerOf(record.api),
    'gen_ai.original.model': record.modelAsked,
    'gen_ai.request.model': attempt.model,
    'http.response.status_code': attempt.httpStatus === 0 ? undefined : attempt.httpStatus,
    'error.type': attempt.error,
    'weir.pool': attempt.pool,
    'weir.replica': attempt.replica,
    'weir.ttft_ms': attempt.ttftMs,
  });
}

/** What the client itself broke off, or was rightly refused, is no error of the server's. */
function statusOf(status: OutcomeStatus, error: string | undefined): Span['status'] {
  if (status === 'failed' || status === 'cut') {
    return { code: STATUS.error, ...(error === undefined ? undefined : { message: error }) };
  }
  return { code: STATUS.unset };
}
