import { nearest } from '#config/nearest.js';
import { WeirError } from '#contract/errors.js';
import { allowsModel, type Grant } from '#identity/grant.js';
import type { Protocol } from '#protocols/protocol.js';
import type { Runtime } from './runtime.js';

/** How many names are told to who asked for one that there is not. */
const NAMES_TOLD = 12;

/**
 * Sees that what a request calls a model is one, and one for this kind of request.
 *
 * @param grant whoever asks, where callers are asked for a key: names that they may not use are not told.
 * @throws WeirError `request.unknown_model`, or `request.unsupported` for a model that is not for this.
 */
export function checkNamedModel(runtime: Runtime, model: string, kind: Protocol['kind'], grant?: Grant): void {
  if (runtime.router.virtualNames.has(model)) return;
  if (!runtime.models.has(model)) throw unknownModel(runtime, model, grant);
  const embeds = runtime.embedding.has(model);
  if (embeds === (kind === 'embedding')) return;
  const what = embeds ? 'answers /v1/embeddings only' : 'gives no embeddings';
  throw new WeirError('request.unsupported', `The model ${JSON.stringify(model)} ${what}`, { path: 'model' });
}

/** That there is no such model, and which there are, the one of the nearest name first, as far as the caller may use them. */
export function unknownModel({ router, models }: Runtime, model: string, grant?: Grant): WeirError {
  const all = [...router.virtualNames, ...models.keys()];
  const names = grant === undefined ? all : all.filter(name => allowsModel(grant, name));
  const near = nearest(model, names);
  const told = near === undefined ? names : [near, ...names.filter(name => name !== near)];
  return new WeirError('request.unknown_model', `There is no model ${JSON.stringify(model.slice(0, 80))}`, {
    path: 'model',
    ...(told.length === 0 ? undefined : { hint: `one of ${told.slice(0, NAMES_TOLD).join(', ')}` }),
  });
}
