import { WeirError } from '#contract/errors.js';
import { formatHubId, type HubId, repositoryOf } from './hub-id.js';

/** Who refused. */
export interface Refuser {
  readonly origin: string;
  /** Whether it is the hub itself, not a server that it sent us to. */
  readonly own: boolean;
  /** The hub's address. */
  readonly base: string;
}

/** What a status other than success says, in words of what is to be done. */
export function refusal(id: HubId, { status, headers }: Response, { origin, own, base }: Refuser): WeirError {
  const code = headers.get('x-error-code');
  const repository = repositoryOf(id);
  if (own && code === 'GatedRepo') {
    return new WeirError('hub.forbidden', `${repository} is given only to who has accepted its terms`, {
      hint: `accept them at ${base}/${repository}, and set HF_TOKEN to a token that may read it`,
    });
  }
  // The hub answers 401 for what is not there too, so as not to tell what is private.
  if (own && (status === 401 || status === 403)) {
    const perhaps = code === 'RepoNotFound' || status === 401 ? 'is not there, or is not for everyone' : 'is refused';
    return new WeirError('hub.forbidden', `${repository} ${perhaps} (status ${status})`, {
      hint: 'its name as the hub has it, and HF_TOKEN set to a token that may read it',
    });
  }
  if (own && status === 404) {
    const what = code === 'EntryNotFound' ? 'has no such file' : 'is not there';
    return new WeirError('hub.not_found', `${formatHubId(id)} ${what}`, { hint: `look at ${base}/${repository}` });
  }
  const hint = HINTS[status];
  return new WeirError(
    'hub.unreachable',
    `${origin} answers with status ${status}`,
    hint === undefined ? {} : { hint },
  );
}

const HINTS: Readonly<Record<number, string>> = {
  407: 'a proxy that asks who you are: http://user:password@host:port in HTTPS_PROXY or HTTP_PROXY',
  429: 'later again; the same command goes on where it stopped',
};

/** A connection that could not be made. */
export function failedFetch(origin: string, cause: unknown): WeirError {
  const { code } = (cause instanceof Error ? (cause.cause ?? cause) : {}) as { readonly code?: unknown };
  const status = refusalOfProxy(cause);
  if (status !== undefined) {
    const hint = HINTS[Number(status)] ?? 'HTTPS_PROXY, and NO_PROXY for hosts that are reached without one';
    return new WeirError('hub.unreachable', `The proxy on the way to ${origin} answers with status ${status}`, {
      hint,
    });
  }
  const why = typeof code === 'string' ? ` (${code})` : '';
  return new WeirError('hub.unreachable', `${origin} does not answer${why}`, {
    hint: 'HF_ENDPOINT may name a mirror; a model’s folder that was copied here can be named by its path',
    cause,
  });
}

/** What undici says of a proxy stands in the cause of what `fetch` throws, or in that one's cause. */
function refusalOfProxy(thrown: unknown): string | undefined {
  for (let cause = thrown; cause instanceof Error; cause = cause.cause) {
    const status = /^Proxy (?:response|Authentication Required) \((\d{3})\)/.exec(cause.message)?.[1];
    if (status !== undefined) return status;
  }
  return undefined;
}
