import { nearest } from '#config/nearest.js';
import { WeirError } from '#contract/errors.js';
import { allowsModel, type Grant } from '#identity/grant.js';
import type { Runtime } from './runtime.js';

/**
 * That there is no such model, and which there are, the one of the nearest name first.
 *
 * @param grant whoever asks, where callers are asked for a key: what they may not use is not told.
 */
export function unknownModel({ router, models }: Runtime, model: string, grant?: Grant): WeirError {
  const all = [...router.virtualNames, ...models.keys()];
  const names = grant === undefined ? all : all.filter(name => allowsModel(grant, name));
  const near = nearest(model, names);
  const shown = (near === undefined ? names : [near, ...names.filter(name => name !== near)]).slice(0, 12);
  return new WeirError('request.unknown_model', `There is no model ${JSON.stringify(model.slice(0, 80))}`, {
    path: 'model',
    ...(shown.length === 0 ? undefined : { hint: `one of ${shown.join(', ')}` }),
  });
}
