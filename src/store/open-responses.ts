import type { WeirError } from '#contract/errors.js';
import type { ResponseStore } from '#contract/stores.js';
import type { Bytes, Milliseconds } from '#contract/units.js';
import { PostgresResponseStore } from './postgres/postgres-response-store.js';
import { openResponseStore } from './response-store.js';

/** Where stored responses are kept, how many and for how long, as the configuration says it. */
export interface ResponseSettings {
  readonly path: string;
  readonly postgres?: string | undefined;
  readonly keep_for: Milliseconds;
  readonly keep: number;
  readonly keep_size: Bytes;
}

/** Opens the store of responses that the configuration asks for; either begins its work at the first use. */
export function openResponses(
  { path, postgres, keep_for: keepForMs, keep, keep_size: keepBytes }: ResponseSettings,
  onError: (error: WeirError) => void,
): ResponseStore {
  const options = { keepForMs, keep, keepBytes, onError };
  return postgres === undefined
    ? openResponseStore({ path, ...options })
    : new PostgresResponseStore({ url: postgres, ...options });
}
