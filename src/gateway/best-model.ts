import type { ModelFacts } from '#router/model-facts.js';

/**
 * The model that a gateway without a router would send everything to, so that its answers are never worse: the one of highest
 * quality, the dearest where quality says nothing. What savings are measured against.
 */
export function bestModel(models: Iterable<ModelFacts>): ModelFacts | undefined {
  let best: ModelFacts | undefined;
  for (const model of models) if (best === undefined || better(model, best)) best = model;
  return best;
}

function better(a: ModelFacts, b: ModelFacts): boolean {
  const quality = (a.quality ?? 0) - (b.quality ?? 0);
  return quality > 0 || (quality === 0 && a.price.completion + a.price.prompt > b.price.completion + b.price.prompt);
}
