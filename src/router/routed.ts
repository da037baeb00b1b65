import type { AnswerGuardMaker } from '#contract/answer-guard.js';
import { WeirError } from '#contract/errors.js';
import type { InferenceRequest } from '#contract/request.js';
import type { EnergyLimit, PlacementConstraints, RouteParameters } from '#contract/route.js';
import type { Selector } from '#contract/selection.js';
import type { Strategy } from '#contract/strategy.js';
import type { DecisionConfig } from './policy/schema.js';
import { selectorType } from './selection/registry.js';
import type { Facts } from './selection/selector-type.js';
import { strategyType } from './strategy/registry.js';

/** What taking a decision means: the part of it that stages after the decision work from. */
export interface Routed {
  readonly name: string;
  readonly models: readonly string[];
  readonly selector: Selector;
  readonly strategy: Strategy;
  /** What judges answers that the strategy holds back. */
  readonly judges?: (request: InferenceRequest) => readonly AnswerGuardMaker[];
  readonly parameters: RouteParameters;
  readonly constraints: PlacementConstraints;
  /** What energy a request may take, and what is done when nothing keeps to that. */
  readonly energy?: { readonly limit: EnergyLimit; readonly otherwise: 'best' | 'refuse' };
  /** Text to answer with, or message to refuse with, when no model is to be asked. */
  readonly respond?: string;
  readonly refuse?: string;
}

/** Decisions by name. */
export type RoutedTable = ReadonlyMap<string, Routed>;

/** The decision taken when the caller names a real model. */
export const DIRECT = 'direct';
/** What stands in the record when no decision matched. */
export const NO_DECISION = 'none';

/** A configured decision, ready to be carried out. */
export function routed(decision: DecisionConfig, facts: Facts): Routed {
  const { respond, refuse, pools, energy } = decision;
  return {
    name: decision.name,
    models: decision.models ?? [],
    selector: selectorOf(decision.select.type, decision.select.options, facts),
    ...strategyOf(decision.strategy.type, decision.strategy.options),
    parameters: parametersOf(decision),
    constraints: pools === undefined ? {} : { pools },
    ...(energy === undefined ? undefined : { energy: energyOf(energy) }),
    ...(respond === undefined ? undefined : { respond }),
    ...(refuse === undefined ? undefined : { refuse }),
  };
}

/** A decision over these models in their order, with nothing asked of them. */
export function plainly(name: string, models: readonly string[], strategy: string, facts: Facts): Routed {
  return {
    ...{ name, models, parameters: {}, constraints: {} },
    selector: selectorOf('static', {}, facts),
    ...strategyOf(strategy, {}),
  };
}

function selectorOf(type: string, options: unknown, facts: Facts): Selector {
  const known = selectorType(type);
  if (known === undefined) throw new WeirError('config.unknown_reference', `there is no selector named ${type}`);
  return known.build(options, facts);
}

function energyOf({ max_joules, min_tokens_per_joule, otherwise }: NonNullable<DecisionConfig['energy']>) {
  const limit: EnergyLimit = {
    ...(max_joules === undefined ? undefined : { maxJoules: max_joules }),
    ...(min_tokens_per_joule === undefined ? undefined : { minTokensPerJoule: min_tokens_per_joule }),
  };
  return { limit, otherwise };
}

function strategyOf(type: string, options: unknown): Pick<Routed, 'strategy' | 'judges'> {
  const known = strategyType(type);
  if (known === undefined) throw new WeirError('config.unknown_reference', `there is no strategy named ${type}`);
  const strategy = known.build(options);
  if (known.judges === undefined) return { strategy };
  return { strategy, judges: request => known.judges?.(options, request) ?? [] };
}

function parametersOf(decision: DecisionConfig): RouteParameters {
  const { system_prompt, reasoning_effort, max_tokens, temperature, headers } = decision;
  const prompt = typeof system_prompt === 'string' ? { mode: 'prepend' as const, text: system_prompt } : system_prompt;
  return {
    ...(prompt === undefined ? undefined : { systemPrompt: prompt }),
    ...(reasoning_effort === undefined ? undefined : { reasoningEffort: reasoning_effort }),
    ...(max_tokens === undefined ? undefined : { maxOutputTokens: max_tokens }),
    ...(temperature === undefined ? undefined : { temperature }),
    ...(headers === undefined ? undefined : { headers }),
  };
}
