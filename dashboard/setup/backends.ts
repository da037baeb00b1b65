import type { Answer } from '../api/client.js';

export type Discovery = Answer<'GET /api/discovery'>;
export type FoundModel = Discovery['engines'][number]['models'][number];

/** Somewhere that models are served, and which of them are to be used. */
export interface Backend {
  readonly name: string;
  readonly url: string;
  /** Environment variable with its key; the key itself stays there. */
  readonly variable?: string | undefined;
  readonly models: readonly FoundModel[];
  /** Ids of the models to use. */
  readonly chosen: readonly string[];
}

/** Of a provider's long list none is chosen beforehand: each costs money. */
const MOST_CHOSEN = 8;

export function backendOf(name: string, url: string, models: readonly FoundModel[], variable?: string): Backend {
  const free = variable === undefined && models.length <= MOST_CHOSEN;
  return { name, url, models, chosen: free ? models.map(({ id }) => id) : [], ...(variable && { variable }) };
}

/** What the proposal is made of: each backend with the models chosen of it, those without any left out. */
export function proposed(backends: readonly Backend[]) {
  return backends
    .map(({ url, models, chosen, variable }) => ({
      url,
      models: models.filter(({ id }) => chosen.includes(id)),
      ...(variable === undefined ? {} : { variable }),
    }))
    .filter(({ models }) => models.length > 0);
}
