import type { AuditEntry, AuditVerdict } from '#contract/audit.js';
import { ERRORS, type ErrorCode, WeirError } from '#contract/errors.js';
import type { Team, User } from '#contract/identity.js';
import type { IssuedKey, ShownKey } from '#identity/shown-key.js';
import type { Desk, UsageRow } from './desk.js';

const TIMEOUT_MS = 10_000;

/** The desk of a running gateway, through its admin API. */
export function gatewayDesk(url: string, key: string): Desk {
  const ask = async <T>(method: string, path: string, body?: object): Promise<T> => {
    const response = await fetch(`${url}${path}`, {
      method,
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined ? undefined : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? undefined : { body: JSON.stringify(body) }),
    }).catch((cause: unknown) => {
      throw new WeirError('usage.invalid', `${url} does not answer`, { hint: 'the URL of a running gateway', cause });
    });
    const answer = (await response.json().catch(() => ({}))) as { readonly error?: Refusal };
    if (!response.ok) throw refusalOf(answer.error, url, response.status);
    return answer as T;
  };
  const named = (id: string): string => encodeURIComponent(id);
  const set = async <T extends { readonly id: string }>(
    kind: 'teams' | 'users',
    id: string,
    form: object,
  ): Promise<T> => {
    const all = await ask<Record<string, readonly T[]>>('GET', `/api/${kind}`);
    return (all[kind] ?? []).some(entity => entity.id === id)
      ? ask<T>('PATCH', `/api/${kind}/${named(id)}`, form)
      : ask<T>('POST', `/api/${kind}`, { id, ...form });
  };
  return {
    createKey: form => ask<IssuedKey>('POST', '/api/keys', form),
    rotateKey: (id, overlapMs) =>
      ask<IssuedKey>('POST', `/api/keys/${named(id)}/rotate`, overlapMs === undefined ? {} : { overlapMs }),
    revokeKey: id => ask<ShownKey>('POST', `/api/keys/${named(id)}/revoke`, {}),
    keys: async () => (await ask<{ keys: readonly ShownKey[] }>('GET', '/api/keys')).keys,
    teams: async () => (await ask<{ teams: readonly Team[] }>('GET', '/api/teams')).teams,
    users: async () => (await ask<{ users: readonly User[] }>('GET', '/api/users')).users,
    setTeam: (id, form) => set<Team>('teams', id, form),
    setUser: (id, form) => set<User>('users', id, form),
    usage: async (by, since, until) =>
      (await ask<{ usage: readonly UsageRow[] }>('GET', `/api/usage?by=${by}&since=${since}&until=${until}`)).usage,
    audit: async filter => {
      const query = new URLSearchParams(
        Object.entries(filter).map(([name, value]): [string, string] => [name, String(value)]),
      );
      return (await ask<{ entries: readonly AuditEntry[] }>('GET', `/api/audit?${query}`)).entries;
    },
    verifyAudit: () => ask<AuditVerdict>('GET', '/api/audit/verification'),
    close: async () => {},
  };
}

interface Refusal {
  readonly code?: string;
  readonly message?: string;
  readonly param?: string | null;
  readonly hint?: string;
}

function refusalOf(error: Refusal | undefined, url: string, status: number): WeirError {
  const code = error?.code;
  if (code === undefined || !Object.hasOwn(ERRORS, code)) {
    return new WeirError('usage.invalid', `${url} answered with status ${status}`, {
      hint: 'the URL of a Weir gateway',
    });
  }
  return new WeirError(code as ErrorCode, error?.message ?? code, {
    ...(typeof error?.param === 'string' ? { path: error.param } : undefined),
    ...(error?.hint === undefined ? undefined : { hint: error.hint }),
  });
}
