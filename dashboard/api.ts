import type { Price } from '#contract/pool-view.js';
import type { DecisionRecord } from '#contract/record.js';
import type { ReplicaStatus } from '#pool/lease.js';
import type { PoolStatus } from '#pool/topology/snapshot.js';

/** What `GET /api/state` tells of the gateway. */
export interface State {
  readonly version: string;
  readonly source: string;
  readonly uptime_ms: number;
  readonly draining: boolean;
  readonly names: readonly string[];
  readonly models: readonly {
    readonly name: string;
    readonly context: number;
    readonly price: Price;
    readonly quality?: number;
    readonly description?: string;
  }[];
  readonly signals: readonly {
    readonly name: string;
    readonly type: string;
    readonly tier: string;
    readonly microseconds: number;
  }[];
  readonly decisions: readonly {
    readonly name: string;
    readonly models?: readonly string[];
    readonly respond?: string;
  }[];
  readonly pools: readonly PoolState[];
  readonly replicas: readonly ReplicaState[];
}

/** `undefined` is left out of JSON: what is not known is absent. */
type AsJson<T> = {
  readonly [Key in keyof T as undefined extends T[Key] ? never : Key]: T[Key];
} & {
  readonly [Key in keyof T as undefined extends T[Key] ? Key : never]?: NonNullable<T[Key]>;
};

export type PoolState = AsJson<PoolStatus>;
export type ReplicaState = AsJson<ReplicaStatus> & { readonly simulated: boolean };

export interface ListedModel {
  readonly id: string;
  readonly virtual?: boolean;
  readonly description?: string;
}

export interface Explained {
  readonly decision: string;
  readonly selected: string | null;
}

/** Faults that a simulated replica can be told to have. `none` heals it. */
export const FAULTS = ['slow', 'stall', 'error', 'cut', 'hang_up', 'none'] as const;
export type Fault = (typeof FAULTS)[number];

/** What the gateway said was wrong, or why it could not be asked. */
export class ApiError extends Error {
  constructor(
    message: string,
    /** HTTP status; 0 when there was no answer. */
    readonly status: number,
    readonly code: string | undefined,
    readonly retryAfter: string | undefined = undefined,
  ) {
    super(message);
  }
}

export function getState(): Promise<State> {
  return call<State>('/api/state');
}

export async function getModels(): Promise<readonly ListedModel[]> {
  return (await call<{ data: ListedModel[] }>('/v1/models')).data;
}

export async function getRecords(limit: number): Promise<readonly DecisionRecord[]> {
  return (await call<{ records: DecisionRecord[] }>(`/api/records?limit=${limit}`)).records;
}

export function getRecord(id: string): Promise<DecisionRecord> {
  return call<DecisionRecord>(`/api/records/${encodeURIComponent(id)}`);
}

/** What would be decided for a request, without asking any model. */
export function explain(body: unknown, headers: Headers): Promise<Explained> {
  return call<Explained>('/api/explain', post(body, headers));
}

/** Gives a simulated replica a fault beside those it has. @returns the kinds of all that it has now. */
export async function injectFault(replica: string, kind: Fault, duration: string): Promise<readonly string[]> {
  const path = `/api/replicas/${encodeURIComponent(replica)}/faults`;
  const { faults } = await call<{ faults: { kind: string }[] }>(path, post({ kind, for: duration }));
  return faults.map(fault => fault.kind);
}

/** A `POST` of JSON, with headers of the caller's own. */
export function post(body: unknown, headers: Headers = new Headers()): RequestInit {
  const all = new Headers(headers);
  all.set('content-type', 'application/json');
  return { method: 'POST', headers: all, body: JSON.stringify(body) };
}

/** Reads the error out of an answer that is one, whatever form it has. */
export async function errorOf(response: Response): Promise<ApiError> {
  const text = await response.text().catch(() => '');
  const retryAfter = response.headers.get('retry-after') ?? undefined;
  try {
    const { error } = JSON.parse(text) as { error: { message: string; code?: string | null } };
    return new ApiError(error.message, response.status, error.code ?? undefined, retryAfter);
  } catch {
    const said = text.slice(0, 200).trim() || response.statusText || 'no explanation';
    return new ApiError(said, response.status, undefined, retryAfter);
  }
}

async function call<T>(path: string, init: RequestInit = {}): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch {
    throw new ApiError('The gateway cannot be reached.', 0, undefined);
  }
  if (!response.ok) throw await errorOf(response);
  return (await response.json()) as T;
}
