import { WeirError } from '#contract/errors.js';
import type { Outcome, Usage } from '#contract/outcome.js';
import type { Price } from '#contract/pool-view.js';
import type { InferenceRequest } from '#contract/request.js';
import type { RouteParameters } from '#contract/route.js';
import type { Usd } from '#contract/units.js';
import type { Runtime } from '#gateway/runtime.js';
import type { Admission, Used } from '#identity/admission.js';
import type { Quote } from '#identity/meter.js';
import { nanoCost, toNano } from '#identity/money.js';
import type { Asked } from '#pool/placement/asked.js';
import type { ModelFacts } from '#router/model-facts.js';
import { billed } from './outcome.js';

/**
 * What budgets hold back for an attempt: the prompt as estimated, none of it cached, and the answer as long as three in four like it
 * are, or at most as long as it can get.
 */
function quoteFor(
  asked: Asked,
  { sampling }: InferenceRequest,
  parameters: RouteParameters,
  model: ModelFacts | undefined,
): { readonly quote: Quote; readonly unpriced: WeirError | undefined } {
  const { promptTokens } = asked;
  const room = Math.max(0, (model?.contextTokens ?? 0) - promptTokens);
  const allowed = Math.min(
    sampling.maxOutputTokens ?? Number.POSITIVE_INFINITY,
    parameters.maxOutputTokens ?? Number.POSITIVE_INFINITY,
    room,
  );
  const most = allowed * sampling.n;
  const expected = Math.min(asked.outputTokens, most);
  const price = model?.price ?? FREE;
  const quote: Quote = {
    expectedNanoUsd: nanoCost(promptTokens, expected, price),
    maximumNanoUsd: nanoCost(promptTokens, most, price),
    expectedTokens: promptTokens + Math.ceil(expected),
    maximumTokens: promptTokens + most,
  };
  const unpriced =
    price.prompt > 0 || price.completion > 0
      ? undefined
      : new WeirError('budget.unpriced', `The model ${asked.model} has no price`, {
          hint: 'a price under pool.models, or a budget in tokens',
        });
  return { quote, unpriced };
}

/**
 * Holds back what an attempt is expected to use, and what answers before it took. A promise only where other processes may have to give up what they claim.
 *
 * @returns why there is no room: `budget.*` or `limit.tokens`.
 */
export function reserve(
  { config, identity, models, clock }: Runtime,
  admission: Admission,
  asked: Asked,
  request: InferenceRequest,
  parameters: RouteParameters,
  before: Used,
): WeirError | undefined | Promise<WeirError | undefined> {
  const { quote: own, unpriced } = quoteFor(asked, request, parameters, models.get(asked.model));
  const tokensBefore = before.promptTokens + before.completionTokens;
  const quote: Quote = {
    expectedNanoUsd: own.expectedNanoUsd + before.nanoUsd,
    maximumNanoUsd: own.maximumNanoUsd + before.nanoUsd,
    expectedTokens: own.expectedTokens + tokensBefore,
    maximumTokens: own.maximumTokens + tokensBefore,
  };
  const forbidden = config.gateway.auth.unpriced === 'refuse' && admission.hasUsdBudget ? unpriced : undefined;
  const noted = (refused: WeirError | undefined): WeirError | undefined => {
    if (refused !== undefined) identity?.noted(refused);
    return refused;
  };
  const refused = forbidden ?? admission.reserve(clock.wall(), quote);
  return refused instanceof Promise ? refused.then(noted) : noted(refused);
}

/** What is settled: what the engine reported, to the token; else the estimate; else nothing. */
export function charge(outcome: Outcome, estimate: Usage | undefined, price: Price | undefined): Used | undefined {
  const usage = outcome.usage ?? estimate;
  if (usage === undefined) return undefined;
  return outcome.costUsd === undefined ? usedBy(usage, price) : used(usage, outcome.costUsd);
}

/** What the request took in all; nothing when no part is known. */
export function together(own: Used | undefined, before: Used): Used | undefined {
  const tokens = before.promptTokens + before.completionTokens;
  if (tokens === 0) return own;
  return {
    nanoUsd: (own?.nanoUsd ?? 0) + before.nanoUsd,
    promptTokens: (own?.promptTokens ?? 0) + before.promptTokens,
    completionTokens: (own?.completionTokens ?? 0) + before.completionTokens,
  };
}

/** What tokens count for at a price. */
export function usedBy(usage: Usage, price: Price | undefined): Used {
  return used(usage, price === undefined ? 0 : billed(usage, price));
}

function used({ promptTokens, completionTokens }: Usage, usd: Usd): Used {
  return { nanoUsd: toNano(usd), promptTokens, completionTokens };
}

const FREE: Price = Object.freeze({ prompt: 0, completion: 0, cached: 0 });
