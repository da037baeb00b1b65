import type { Answer } from '../api/client.js';

export type Discovery = Answer<'GET /api/discovery'>;
export type FoundModel = Discovery['engines'][number]['models'][number];
export type Api = Discovery['keys'][number]['api'];

/** USD per 1M tokens, as typed. */
export interface TypedPrice {
  readonly prompt: string;
  readonly completion: string;
}

/** Who keeps and serves the models. */
export interface Place {
  readonly name: string;
  readonly url: string;
  readonly api: Api;
  /** Environment variable with its key; the key itself stays there. */
  readonly variable?: string | undefined;
}

/** Somewhere that models are served, and which of them are to be used. */
export interface Backend extends Place {
  readonly models: readonly FoundModel[];
  /** Ids of the models to use. */
  readonly chosen: readonly string[];
  /** By id; only of models that were given one. */
  readonly prices: Readonly<Record<string, TypedPrice>>;
}

/** Of a provider's long list none is chosen beforehand: each costs money. */
const MOST_CHOSEN = 8;

export function backendOf(place: Place, models: readonly FoundModel[]): Backend {
  const free = place.variable === undefined && models.length <= MOST_CHOSEN;
  return { ...place, models, chosen: free ? models.map(({ id }) => id) : [], prices: {} };
}

/** What the proposal is made of: each backend with the models chosen of it, those without any left out. */
export function proposed(backends: readonly Backend[]) {
  return backends
    .map(({ url, api, models, chosen, prices, variable }) => ({
      url,
      api,
      models: models.filter(({ id }) => chosen.includes(id)).map(model => ({ ...model, ...priceOf(prices[model.id]) })),
      ...(variable === undefined ? {} : { variable }),
    }))
    .filter(({ models }) => models.length > 0);
}

function priceOf(typed: TypedPrice | undefined) {
  if (typed === undefined) return {};
  return { price: { prompt: dollars(typed.prompt), completion: dollars(typed.completion) } };
}

/** Half-typed numbers count as nothing. */
function dollars(typed: string): number {
  const value = Number(typed);
  return value >= 0 ? value : 0;
}
