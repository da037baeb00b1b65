import type { Clock } from '#contract/clock.js';
import type { Deadline } from '#contract/deadline.js';
import { WeirError } from '#contract/errors.js';
import { type LearnedModels, NO_MODELS } from '#contract/learned.js';
import type { Outcome } from '#contract/outcome.js';
import type { PersonalDataFinder } from '#contract/personal-data.js';
import { NO_POOL_STATE, type PoolView } from '#contract/pool-view.js';
import type { WorkloadProfile } from '#contract/profile.js';
import type { InferenceRequest } from '#contract/request.js';
import type { DecisionReason, Route } from '#contract/route.js';
import type { Board, SignalEvaluator, SignalValue } from '#contract/signal.js';
import type { RouteDraft, Stage } from '#contract/stage.js';
import type { Strategy } from '#contract/strategy.js';
import { RequestBoard } from './board.js';
import type { ModelFacts } from './model-facts.js';
import { parseExpression } from './policy/parse.js';
import { Policy } from './policy/policy.js';
import { signalsOf } from './policy/references.js';
import type { DecisionConfig } from './policy/schema.js';
import { DIRECT, plainly, type Routed, type RoutedTable, routed } from './routed.js';
import type { RouterConfig } from './schema.js';
import { SignalSet } from './signals/set.js';
import { cautionStage } from './stages/caution.js';
import { decideStage } from './stages/decide.js';
import { energyStage } from './stages/energy.js';
import { respondStage } from './stages/respond.js';
import { safetyStage } from './stages/safety.js';
import { selectStage } from './stages/select.js';
import { shapeStage } from './stages/shape.js';

export interface RouterDeps {
  readonly clock: Clock;
  /** Every model of the configuration, in its order. */
  readonly models: readonly ModelFacts[];
  /** The small local models that learned signals ask; without them every learned signal is unknown. */
  readonly learned?: LearnedModels;
  /** What `pool.<name>.<measure>` in a condition reads; without it every such signal is unknown. */
  readonly pool?: Pick<PoolView, 'read'>;
  /** Finds personal data for `pii` signals; without it none is found. */
  readonly personal?: PersonalDataFinder;
}

/** The router of one configuration. Compiled once; holds no state of any request. */
export interface Router {
  /** What a request goes through, in this order. */
  readonly stages: readonly Stage[];
  /** Every signal of the configuration, used by a decision or not. */
  readonly signals: readonly SignalEvaluator[];
  /** Model names that ask for a decision. */
  readonly virtualNames: ReadonlySet<string>;
  /**
   * Whether a decision may have to wait: some decision names a learned signal. When false, and once {@link Router.prepare} has
   * resolved, every stage is synchronous.
   */
  readonly needsCompute: boolean;
  /** Whether a model name means anything, real or virtual. */
  knows(model: string): boolean;
  /** An empty route for the stages to fill in. */
  draft(request: InferenceRequest): RouteDraft;
  /** @param given values of signals that are taken as they stand, for tests of a policy. */
  board(
    request: InferenceRequest,
    profile: WorkloadProfile,
    given?: ReadonlyMap<string, SignalValue>,
    deadline?: Deadline,
  ): Board;
  /** What works through the candidates of a route. */
  strategy(route: Pick<Route, 'decision'>): Strategy;
  /** Lets the selector that ranked the route, if it is one that learns, learn from how it ended. Never throws. */
  observe(outcome: Outcome, route: Route): void;
  /** Loads what signals need ahead of the first request. Never rejects: a signal that could not load is unknown, with the reason. */
  prepare(): Promise<void>;
}

/**
 * Compiles a configuration that `checkRouter` found nothing wrong with.
 *
 * @throws WeirError for what `checkRouter` reports.
 */
export function createRouter(config: RouterConfig, deps: RouterDeps): Router {
  const { clock, models, learned = NO_MODELS, pool = NO_POOL_STATE, personal } = deps;
  const ports = { clock, learned, pool, ...(personal !== undefined && { personal }) };
  const signals = new SignalSet(config.signals, ports, namesIn(config.decisions));
  const facts = new Map(models.map(model => [model.name, model]));
  const decisions = config.decisions.length > 0 ? config.decisions : [anyModel(models)];
  const table: RoutedTable = new Map(decisions.map(decision => [decision.name, routed(decision, facts)]));
  const direct: Routed = plainly(DIRECT, [], 'single', facts);
  const costOf = (name: string) => {
    const evaluator = signals.get(name);
    if (evaluator === undefined) throw new WeirError('config.unknown_reference', `there is no signal named ${name}`);
    return evaluator.cost;
  };
  const policy = new Policy(decisions, costOf);
  const virtualNames: ReadonlySet<string> = new Set(config.names);
  const { safety: asked } = config;
  const safety = asked === undefined ? undefined : safetyStage(asked, learned);
  const caution = asked?.conversation === undefined ? undefined : cautionStage(asked.conversation, learned);
  const energy = energyStage(table);
  const options = { clock, deadlineMs: config.signal_deadline };

  return {
    stages: [
      ...(safety === undefined ? [] : [safety]),
      decideStage(policy, virtualNames),
      respondStage(table),
      shapeStage(table),
      ...(caution === undefined ? [] : [caution]),
      ...(energy === undefined ? [] : [energy]),
      selectStage(table, direct, facts),
    ],
    signals: signals.evaluators,
    virtualNames,
    needsCompute: policy.signals.some(name => costOf(name).tier === 'learned'),
    knows: model => virtualNames.has(model) || facts.has(model),
    draft: () => ({
      decision: '',
      reason: NO_REASON,
      models: NONE,
      candidates: NONE,
      selector: '',
      strategy: direct.strategy.name,
      parameters: NOTHING,
      constraints: NOTHING,
    }),
    board: (request, profile, given, deadline) =>
      new RequestBoard(request, profile, signals, given === undefined ? options : { ...options, given }, deadline),
    strategy: ({ decision }) => (table.get(decision) ?? direct).strategy,
    observe: (outcome, { decision, candidates }) =>
      table.get(decision)?.selector.observe?.(outcome, { decision, candidates }),
    prepare: async () => {
      await Promise.all([signals.prepare(), safety?.prepare(), caution?.prepare(), personal?.prepare?.()]);
    },
  };
}

function namesIn(decisions: readonly DecisionConfig[]): readonly string[] {
  return decisions.flatMap(({ when }) => {
    const parsed = parseExpression(when);
    return parsed.ok ? signalsOf(parsed.tree) : [];
  });
}

/** What every draft begins with. */
const NONE: readonly never[] = Object.freeze([]);
const NOTHING = Object.freeze({});
const NO_REASON: DecisionReason = Object.freeze({ summary: '', passed: NONE });

/** The policy of a configuration that has none: any model, in file order. */
function anyModel(models: readonly ModelFacts[]): DecisionConfig {
  return {
    name: 'default',
    when: 'otherwise',
    tier: 1,
    priority: 0,
    on_unknown: 'skip',
    privacy: 'on',
    models: models.map(({ name }) => name),
    select: { type: 'static', options: {} },
    strategy: { type: 'fallback', options: {} },
  };
}
