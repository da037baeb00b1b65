import type { Milliseconds } from './units.js';

/** How an error is met: the HTTP status it takes on the wire and the error `type` that OpenAI-shaped bodies carry. */
interface ErrorKind {
  readonly status: number;
  readonly type:
    | 'invalid_request_error'
    | 'authentication_error'
    | 'permission_error'
    | 'not_found_error'
    | 'rate_limit_error'
    | 'insufficient_quota'
    | 'conflict_error'
    | 'upstream_error'
    | 'overloaded_error'
    | 'server_error'
    | 'configuration_error';
  readonly summary: string;
}

/**
 * Every error Weir can give, by stable code. Codes are a contract: programs match on them, so none is renamed or reused.
 * `docs/reference/errors.md` is generated from this table.
 */
export const ERRORS = {
  'request.malformed': kind(400, 'invalid_request_error', 'What came is no request in HTTP/1.1.'),
  'request.headers_too_large': kind(431, 'invalid_request_error', 'The head of the request is longer than 16 KiB.'),
  'request.not_json': kind(400, 'invalid_request_error', 'The body is not JSON.'),
  'request.invalid': kind(400, 'invalid_request_error', 'A field of the body is missing or has the wrong form.'),
  'request.too_large': kind(413, 'invalid_request_error', 'The body is longer than `gateway.limits.body`.'),
  'request.timeout': kind(408, 'invalid_request_error', 'The body did not arrive in time.'),
  'request.context_too_long': kind(
    400,
    'invalid_request_error',
    'The prompt fits the context window of no candidate model.',
  ),
  'request.unknown_model': kind(404, 'not_found_error', 'No real or virtual model has this name.'),
  'request.unsupported': kind(
    400,
    'invalid_request_error',
    'What is asked for exists, but not on any engine that this model has.',
  ),
  'request.unknown_path': kind(404, 'not_found_error', 'No route has this path.'),
  'request.method_not_allowed': kind(405, 'invalid_request_error', 'The path exists, but not for this method.'),
  'auth.missing': kind(401, 'authentication_error', 'The gateway asks for a key or token, and none was shown.'),
  'auth.invalid': kind(401, 'authentication_error', 'The key or token is not known, or its proof does not hold.'),
  'auth.expired': kind(401, 'authentication_error', 'The key or token has expired.'),
  'auth.revoked': kind(401, 'authentication_error', 'The key was revoked, or it, its team or its user is disabled.'),
  'auth.address': kind(403, 'permission_error', 'The key may not be used from this address.'),
  'auth.model': kind(403, 'permission_error', 'The key, its team or its user may not use this model.'),
  'auth.role': kind(403, 'permission_error', 'The role of the caller does not allow this.'),
  'auth.unavailable': kind(
    503,
    'server_error',
    "The issuer's keys, which a token must be checked with, cannot be read.",
  ),
  'limit.requests': kind(
    429,
    'rate_limit_error',
    'More requests a minute than the key, its team or its user may send.',
  ),
  'limit.tokens': kind(429, 'rate_limit_error', 'More tokens a minute than the key, its team or its user may use.'),
  'limit.concurrency': kind(
    429,
    'rate_limit_error',
    'More requests at once than the key, its team or its user may have.',
  ),
  'budget.exhausted': kind(
    402,
    'insufficient_quota',
    'A budget has no room for this request until it is reset or raised.',
  ),
  'budget.reserved': kind(
    429,
    'rate_limit_error',
    'The rest of a budget is held for requests in flight; what they leave is free in a moment.',
  ),
  'budget.unpriced': kind(
    402,
    'insufficient_quota',
    'The model has no price, and `gateway.auth.unpriced: refuse` keeps it from callers with a budget in USD.',
  ),
  'identity.off': kind(409, 'conflict_error', 'Callers are asked for no key: `gateway.auth.required` is off.'),
  'identity.invalid': kind(400, 'invalid_request_error', 'A key, team, user, budget or limit has the wrong form.'),
  'identity.not_found': kind(404, 'not_found_error', 'There is no such key, team or user.'),
  'identity.exists': kind(409, 'conflict_error', 'The name is taken.'),
  'identity.conflict': kind(409, 'conflict_error', 'Someone else changed it in the meantime.'),
  'network.blocked': kind(400, 'invalid_request_error', 'The address is one that Weir is not to call.'),
  'audit.broken': kind(500, 'server_error', 'The audit log has been altered: its chain of hashes does not hold.'),
  'route.no_decision': kind(503, 'server_error', 'No decision of the policy matched and there is no `otherwise`.'),
  'route.energy': kind(
    503,
    'server_error',
    'No model can answer within the energy that the decision allows, and it says to refuse then.',
  ),
  'route.refused': kind(403, 'permission_error', 'A decision of the policy refuses this request.'),
  'route.signal_unknown': kind(
    503,
    'server_error',
    'A signal could not be computed and the decision says to refuse then.',
  ),
  'privacy.blocked': kind(403, 'permission_error', 'The request holds personal data of a kind that must not go on.'),
  'privacy.unread': kind(
    503,
    'server_error',
    'A model that is to find personal data could not read all of the request, and it is not to go on unread.',
  ),
  'answer.ungrounded': kind(
    502,
    'upstream_error',
    'The answer says what the context that came with the request does not.',
  ),
  'safety.blocked': kind(403, 'permission_error', 'A safety rule of the operator refuses the request or its answer.'),
  'pool.no_replica': kind(503, 'overloaded_error', 'No healthy replica serves any of the candidate models.'),
  'pool.saturated': kind(429, 'rate_limit_error', 'All replicas are at their limit and the queue is full or too slow.'),
  'pool.events_unavailable': kind(
    500,
    'configuration_error',
    'The packages that KV events of engines are read with are not installed.',
  ),
  'upstream.connect': kind(502, 'upstream_error', 'No connection to the replica.'),
  'upstream.timeout': kind(504, 'upstream_error', 'The replica gave nothing for too long.'),
  'upstream.status': kind(
    502,
    'upstream_error',
    'The replica answered with an error. One about the request itself (400, 413, 415, 422) is passed on with its status, as `invalid_request_error`.',
  ),
  'upstream.busy': kind(
    429,
    'rate_limit_error',
    'The replica, or the provider behind it, is at a limit of its own (429). Where it says that all its customers ask for too much (529), it is 503, `overloaded_error`.',
  ),
  'upstream.cut': kind(502, 'upstream_error', 'The replica broke off in the middle of its answer.'),
  'upstream.malformed': kind(502, 'upstream_error', 'The replica answered in no form that its API has.'),
  'upstream.too_large': kind(502, 'upstream_error', 'The answer is longer than `gateway.limits.answer`.'),
  'engine.not_installed': kind(
    500,
    'configuration_error',
    'node-llama-cpp, which serves GGUF files, is not installed.',
  ),
  'engine.unusable': kind(500, 'configuration_error', 'A GGUF file cannot be served on this machine.'),
  'engine.failed': kind(500, 'server_error', 'The engine failed in the middle of an answer.'),
  'client.gone': kind(499, 'invalid_request_error', 'The client left before the answer was whole.'),
  'gateway.draining': kind(503, 'overloaded_error', 'The gateway is shutting down and takes no new requests.'),
  'gateway.overloaded': kind(
    503,
    'overloaded_error',
    'The gateway has as many requests open as `gateway.limits.requests` allows.',
  ),
  'gateway.no_room': kind(
    503,
    'overloaded_error',
    'Answers that wait until they are whole take all that `gateway.limits.held` allows.',
  ),
  'admin.forbidden': kind(403, 'permission_error', 'The caller may not use this route of the admin API.'),
  'admin.foreign_origin': kind(403, 'permission_error', 'A page of another site called the admin API.'),
  'admin.unknown_host': kind(
    403,
    'permission_error',
    'The `Host` header has a name that is not this gateway’s; `gateway.admin.hosts` lists those that are.',
  ),
  'config.rejected': kind(422, 'configuration_error', 'The configuration is not valid; the one before stays in force.'),
  'config.stale': kind(409, 'configuration_error', 'The configuration has changed since it was read.'),
  'config.unwritable': kind(409, 'configuration_error', 'The file of the configuration cannot be written.'),
  'config.unreadable': kind(500, 'configuration_error', 'The file cannot be read.'),
  'config.syntax': kind(500, 'configuration_error', 'The file is not YAML.'),
  'config.duplicate': kind(500, 'configuration_error', 'A name stands twice.'),
  'config.unknown_key': kind(500, 'configuration_error', 'No setting has this name.'),
  'config.invalid': kind(500, 'configuration_error', 'A value has the wrong form.'),
  'config.missing': kind(500, 'configuration_error', 'A setting that is needed is absent.'),
  'config.range': kind(500, 'configuration_error', 'A range that nothing can be in.'),
  'config.unknown_reference': kind(500, 'configuration_error', 'A name that is defined nowhere is used.'),
  'config.unused': kind(500, 'configuration_error', 'A name is defined and used nowhere (a warning).'),
  'config.secret': kind(500, 'configuration_error', 'A secret cannot be read from its variable or file.'),
  'config.unsafe_pattern': kind(500, 'configuration_error', 'A regular expression is not valid or not safe.'),
  'policy.syntax': kind(500, 'configuration_error', 'An expression of the policy cannot be parsed.'),
  'policy.unreachable': kind(500, 'configuration_error', 'A decision can never be reached.'),
  'policy.incomplete': kind(500, 'configuration_error', 'Some requests match no decision.'),
  'policy.test_failed': kind(500, 'configuration_error', 'A test in the file came out otherwise.'),
  'model.unavailable': kind(503, 'server_error', 'A local model or a head cannot be loaded.'),
  'model.busy': kind(503, 'overloaded_error', 'A local model has more to do than it can.'),
  'model.loading': kind(503, 'overloaded_error', 'A local model is being loaded.'),
  'model.failed': kind(500, 'server_error', 'A local model failed on a text.'),
  'hub.not_pulled': kind(
    500,
    'configuration_error',
    'A model of the hub that the configuration names is not in the cache: `weir models pull` fetches it.',
  ),
  'hub.unreachable': kind(502, 'upstream_error', 'The hub of models cannot be reached, or answers as no hub does.'),
  'hub.forbidden': kind(403, 'permission_error', 'The hub does not give this model to who asks.'),
  'hub.not_found': kind(404, 'not_found_error', 'The hub, or the cache, has no such model, revision or file.'),
  'hub.mismatch': kind(502, 'upstream_error', 'A file came otherwise than the hub says it is.'),
  'hub.too_large': kind(413, 'invalid_request_error', 'A model is larger than may be fetched.'),
  'store.unavailable': kind(503, 'server_error', 'The record cannot be opened or written.'),
  'response.not_found': kind(404, 'not_found_error', 'No stored response of this caller has this id.'),
  'store.not_found': kind(404, 'not_found_error', 'The record holds no such entry.'),
  'trace.unreadable': kind(500, 'invalid_request_error', 'The trace cannot be read or is in no known format.'),
  'usage.invalid': kind(500, 'invalid_request_error', 'The command was called wrongly.'),
  'internal.unknown_signal': kind(500, 'server_error', 'A signal was read that does not exist.'),
  'internal.defect': kind(500, 'server_error', 'A defect in Weir.'),
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof ERRORS;

function kind(status: number, type: ErrorKind['type'], summary: string): ErrorKind {
  return { status, type, summary };
}

export interface ErrorDetail {
  /** Where what is wrong stands: `router.decisions[1].when` in a configuration, `messages[0].role` in a body. */
  readonly path?: string;
  /** What would be right. */
  readonly hint?: string;
  /** When trying again makes sense. */
  readonly retryAfterMs?: Milliseconds;
  /** HTTP status to take instead of the catalogue's: what a replica answered, where that is passed on. */
  readonly status?: number;
  /** Error type to take instead of the catalogue's: whose fault it is, where that is not the code's usual. */
  readonly type?: ErrorKind['type'];
  readonly cause?: unknown;
}

const BRAND = Symbol.for('weir.error');

/** The one error class: a code of the catalogue, what is wrong, where, and what would be right. */
export class WeirError extends Error {
  readonly [BRAND] = true;
  override readonly name = 'WeirError';
  /** Out of sight of the log, to which `type` is the class of an error. */
  readonly #type: ErrorKind['type'];
  readonly status: number;
  readonly path: string | undefined;
  readonly hint: string | undefined;
  readonly retryAfterMs: Milliseconds | undefined;

  constructor(
    readonly code: ErrorCode,
    message: string,
    detail: ErrorDetail = {},
  ) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.status = detail.status ?? ERRORS[code].status;
    this.#type = detail.type ?? ERRORS[code].type;
    this.path = detail.path;
    this.hint = detail.hint;
    this.retryAfterMs = detail.retryAfterMs;
  }

  /** The OpenAI error `type`. */
  get type(): ErrorKind['type'] {
    return this.#type;
  }
}

/** Recognises a {@link WeirError} across copies of this module. */
export function isWeirError(value: unknown): value is WeirError {
  return value instanceof Error && BRAND in value;
}
