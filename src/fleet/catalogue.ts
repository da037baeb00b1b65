import type { z } from 'zod';
import { WeirError } from '#contract/errors.js';
import type { catalogueFile, PriceKind, PriceQuote } from '#pool/engine/catalogue/schema.js';
import { GPUS, type Gpu, gpuOf, knowGpus, knownGpus } from '#pool/engine/hardware.js';
import { knowModels, knownModels, MODELS, type ModelShape, modelOf } from '#pool/engine/models.js';

/** GPUs and models that a plan may use. */
export interface Catalogue {
  readonly gpus: readonly Gpu[];
  readonly models: readonly ModelShape[];
}

export const BUILT_IN: Catalogue = { gpus: GPUS, models: MODELS };

/** The built-in catalogue with rows of one's own before it: of two rows with one name, one's own is found. */
export function catalogueWith(own: z.output<typeof catalogueFile>): Catalogue {
  return { gpus: [...own.gpus.map(gpuOf), ...GPUS], models: [...own.models.map(modelOf), ...MODELS] };
}

/**
 * What configurations name is looked up in this catalogue from now on, in this thread: engines, prices, energy and the checks of a
 * configuration alike. A command and a job have one for all they do.
 */
export function useCatalogue({ gpus, models }: Catalogue): void {
  knowGpus(gpus);
  knowModels(models);
}

/** The catalogue in use, to be used in another thread too. */
export function catalogueInUse(): Catalogue {
  return { gpus: knownGpus(), models: knownModels() };
}

export interface PriceWish {
  readonly kind: PriceKind;
  /** Whose price; the first that is listed unless said. */
  readonly provider?: string;
}

/**
 * The price of a GPU of a kind, and of a provider where one is wished.
 *
 * @throws WeirError `config.unknown_reference` when the catalogue has no such price, naming those it has.
 */
export function priceOf(gpu: Gpu, { kind, provider }: PriceWish): PriceQuote {
  const found = gpu.prices.find(
    quote => quote.kind === kind && (provider === undefined || quote.provider === provider.toLowerCase()),
  );
  if (found !== undefined) return found;
  const whose = provider === undefined ? '' : ` of ${provider}`;
  throw new WeirError('config.unknown_reference', `The catalogue has no ${kind} price${whose} for ${gpu.name}.`, {
    path: 'price',
    hint: `one of ${gpu.prices.map(quote => `${quote.kind} of ${quote.provider}`).join(', ')}; or a catalogue of your own`,
  });
}
