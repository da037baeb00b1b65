import { WeirError } from '#contract/errors.js';
import type { Protocol } from '#protocols/protocol.js';
import type { Runtime } from './runtime.js';

/** How many names are told to who asked for one that there is not. */
const NAMES_TOLD = 12;

/**
 * Sees that what a request calls a model is one, and one for this kind of request.
 *
 * @throws WeirError `request.unknown_model`, or `request.unsupported` for a model that is not for this.
 */
export function checkNamedModel(runtime: Runtime, model: string, kind: Protocol['kind']): void {
  if (runtime.router.virtualNames.has(model)) return;
  if (runtime.models.has(model)) {
    const embeds = runtime.embedding.has(model);
    if (embeds === (kind === 'embedding')) return;
    const what = embeds ? 'answers /v1/embeddings only' : 'gives no embeddings';
    throw new WeirError('request.unsupported', `The model ${JSON.stringify(model)} ${what}`, { path: 'model' });
  }
  const names = [...runtime.router.virtualNames, ...runtime.models.keys()];
  throw new WeirError('request.unknown_model', `There is no model ${JSON.stringify(model.slice(0, 80))}`, {
    path: 'model',
    hint: `one of ${names.slice(0, NAMES_TOLD).join(', ')}`,
  });
}
