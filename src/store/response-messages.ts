import type { StoredResponse } from '#contract/stores.js';
import type { ResponseBounds } from './response-database.js';

/** What the thread of stored responses is started with. */
export interface ResponseThreadData extends ResponseBounds {
  readonly path: string;
}

export type ResponseAsk =
  | { readonly kind: 'put'; readonly response: StoredResponse }
  | { readonly kind: 'find' | 'conversation' | 'delete'; readonly owner: string; readonly id: string }
  | { readonly kind: 'close' };

export interface ToResponseThread {
  readonly call: number;
  readonly ask: ResponseAsk;
}

export type FromResponseThread =
  | { readonly call: number; readonly value: unknown }
  | { readonly call: number; readonly failure: string };
