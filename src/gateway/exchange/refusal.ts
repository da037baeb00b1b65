import { WeirError } from '#contract/errors.js';
import type { Milliseconds } from '#contract/units.js';
import { withoutSecrets } from '#gateway/upstream/secrets.js';

export interface Refusal {
  readonly error: WeirError;
  /** Whether another replica or another model could do better. */
  readonly retryable: boolean;
  /** Whether it speaks against the replica rather than against the request. */
  readonly replicaFault: boolean;
}

/** Statuses that are about the request itself: every replica and every model would say the same. */
const ABOUT_THE_REQUEST = new Set([400, 413, 415, 422]);

/** Statuses that are about Weir's own credentials: what is said of those is nothing for clients, and may hold part of them. */
const ABOUT_THE_KEY = new Set([401, 403, 407]);

/**
 * What an engine's answer other than 200 means for the request, the replica and the client.
 *
 * @param shown the headers that the engine was sent: their secrets are taken out of what it says.
 * @param partial not every engine has the path that was asked.
 * @param retryAfterMs for how long the engine asks to be left alone: whoever tries again is told.
 */
export function refusalOf(
  status: number,
  body: Buffer,
  shown: Readonly<Record<string, string>>,
  partial = false,
  retryAfterMs?: Milliseconds,
): Refusal {
  const text = ABOUT_THE_KEY.has(status) ? undefined : messageIn(body);
  const said = text === undefined ? undefined : withoutSecrets(text, shown);
  if (ABOUT_THE_REQUEST.has(status)) {
    const message = said ?? `The engine refused the request with status ${status}`;
    return { error: refusedByEngine(message, status), retryable: false, replicaFault: false };
  }
  const detail = said === undefined ? '' : `: ${said}`;
  const again = retryAfterMs === undefined ? undefined : { retryAfterMs };
  const what = `The replica answered with status ${status}${detail}`;
  // A replica or provider at its limit is busy, not broken; a wrong key or path (401, 403, 404) is as good as broken.
  if (status === 429)
    return { error: new WeirError('upstream.busy', what, again), retryable: true, replicaFault: false };
  if (status === OVERLOADED) {
    // The status is Anthropic's own: everybody else knows 503.
    const error = new WeirError('upstream.busy', what, { ...again, status: 503, type: 'overloaded_error' });
    return { error, retryable: true, replicaFault: false };
  }
  const fine = partial && status === 404;
  return { error: new WeirError('upstream.status', what, again), retryable: true, replicaFault: !fine };
}

/** That an engine refused a request for what it says: the client's fault, in the engine's words. */
export function refusedByEngine(message: string, status: number): WeirError {
  return new WeirError('upstream.status', message, { status, type: 'invalid_request_error' });
}

/** What Anthropic answers when all its customers together ask for too much. */
const OVERLOADED = 529;

/** The message in an OpenAI- or Anthropic-shaped error body, or in one of the two other shapes engines use. */
function messageIn(body: Buffer): string | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null) return undefined;
  const { error, message, detail } = parsed as Record<string, unknown>;
  const inner = typeof error === 'object' && error !== null ? (error as Record<string, unknown>).message : error;
  const found = [inner, message, detail].find(value => typeof value === 'string');
  return typeof found === 'string' ? found.slice(0, 500) : undefined;
}

/** What a caller's own limits and budgets say no to: a refusal, not a failure. */
export function isAboutCaller({ code }: WeirError): boolean {
  return code.startsWith('budget.') || code.startsWith('limit.');
}

/** What an engine says no to for the request's own sake: whoever sent it is at fault, and no engine failed. */
export function isAboutRequest({ code, status }: WeirError): boolean {
  return code === 'upstream.status' && ABOUT_THE_REQUEST.has(status);
}
