import { door } from './door.js';
import { storedKey } from './key.js';
import type { Calls, CheckReport } from './types.js';

/** What the gateway said was wrong, or why it could not be asked. */
export class ApiError extends Error {
  constructor(
    message: string,
    /** HTTP status; 0 when there was no answer. */
    readonly status: number,
    readonly code: string | undefined,
    readonly detail: {
      readonly hint?: string | undefined;
      /** Of what was sent, the field that is wrong. */
      readonly path?: string | undefined;
      readonly retryAfter?: string | undefined;
      /** All that is wrong with a configuration that was not put in force. */
      readonly check?: CheckReport | undefined;
    } = {},
  ) {
    super(message);
  }
}

/** Whatever was thrown, as an error that can be shown. */
export function asApiError(wrong: unknown): ApiError {
  return wrong instanceof ApiError ? wrong : new ApiError(String(wrong), 0, undefined);
}

export type CallName = keyof Calls;
export type Answer<Name extends CallName> = Calls[Name]['answer'];

type Part<Key extends string, Value> = Value extends undefined | Record<string, never>
  ? { readonly [K in Key]?: Value }
  : Record<never, never> extends Value
    ? { readonly [K in Key]?: Value }
    : { readonly [K in Key]: Value };

/** What a call takes beside its name; parts that it does not have are left out. */
export type Given<Name extends CallName> = Part<'params', Calls[Name]['params']> &
  Part<'query', Calls[Name]['query']> &
  Part<'body', Calls[Name]['body']> & { readonly headers?: Headers; readonly signal?: AbortSignal };

type Rest<Name extends CallName> =
  Record<never, never> extends Given<Name> ? [given?: Given<Name>] : [given: Given<Name>];

interface LooselyGiven {
  readonly params?: Readonly<Record<string, string | number>>;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
  readonly headers?: Headers;
  readonly signal?: AbortSignal;
}

/**
 * One call of the admin API, typed by its OpenAPI document.
 *
 * @throws ApiError when it fails; an `AbortError` when `signal` ended it.
 */
export function call<Name extends CallName>(name: Name, ...rest: Rest<Name>): Promise<Answer<Name>>;
export async function call(name: string, given: LooselyGiven = {}): Promise<unknown> {
  const [method = 'GET', template = ''] = name.split(' ');
  const { params = {}, query = {}, body, headers, signal } = given;
  const path = template.replace(/\{(\w+)\}/g, (_, key: string) => encodeURIComponent(String(params[key])));
  const asked = new URLSearchParams(
    Object.entries(query).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]])),
  ).toString();
  const init = body === undefined ? { method, headers: new Headers(headers) } : post(body, headers, method);
  const response = await reach(asked === '' ? path : `${path}?${asked}`, { ...init, signal: signal ?? null });
  if (!response.ok) throw await errorOf(response);
  return response.json();
}

/** What is asked for; the key of this tab goes with it unless it has its own. */
interface Asked extends Omit<RequestInit, 'headers'> {
  readonly headers?: Headers;
}

/**
 * `fetch` with the key of this tab, and with an error of ours where there is no answer. Where the gateway asks who is calling, it waits until
 * somebody has signed in, and asks again: a call that was refused has done nothing yet.
 *
 * @throws ApiError when the gateway cannot be reached; an `AbortError` when the signal ended it.
 */
export async function reach(url: string, asked: Asked): Promise<Response> {
  const own = asked.headers?.has('authorization') === true;
  for (;;) {
    const { entries } = door;
    const response = await fetched(url, own ? asked : { ...asked, headers: withKey(asked.headers) });
    if (response.status !== 401 || own) return response;
    // Who has come in meanwhile has another key.
    if (door.entries === entries) door.shut(await errorOf(response));
    await door.opened(asked.signal);
  }
}

/** Who bears a key. @throws ApiError when the gateway does not let them in, or cannot be reached. */
export async function sessionOf(key: string): Promise<Answer<'GET /api/session'>> {
  const response = await fetched('/api/session', { headers: withKey(undefined, key) });
  if (!response.ok) throw await errorOf(response);
  return response.json() as Promise<Answer<'GET /api/session'>>;
}

async function fetched(url: string, asked: Asked): Promise<Response> {
  try {
    return await fetch(url, asked);
  } catch (error) {
    if (asked.signal?.aborted === true) throw error;
    throw new ApiError('The gateway cannot be reached.', 0, undefined);
  }
}

function withKey(headers: Headers | undefined, key = storedKey()): Headers {
  const all = new Headers(headers);
  if (key !== undefined) all.set('authorization', `Bearer ${key}`);
  return all;
}

/** A `POST` of JSON, with headers of the caller's own. */
export function post(body: unknown, headers?: Headers, method = 'POST'): Asked {
  const all = new Headers(headers);
  all.set('content-type', 'application/json');
  return { method, headers: all, body: JSON.stringify(body) };
}

/** Reads the error out of an answer that is one, whatever form it has. */
export async function errorOf(response: Response): Promise<ApiError> {
  const text = await response.text().catch(() => '');
  const retryAfter = response.headers.get('retry-after') ?? undefined;
  try {
    const { error, check } = JSON.parse(text) as {
      error: { message: string; code?: string | null; hint?: string };
      check?: CheckReport;
    };
    return new ApiError(error.message, response.status, error.code ?? undefined, {
      hint: error.hint,
      retryAfter,
      check,
    });
  } catch {
    const said = text.slice(0, 200).trim() || response.statusText || 'no explanation';
    return new ApiError(said, response.status, undefined, { retryAfter });
  }
}
