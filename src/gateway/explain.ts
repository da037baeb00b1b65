import type { WeirError } from '#contract/errors.js';
import type { LearnedTier } from '#contract/learned.js';
import type { AttemptOutcome, JudgedEnd } from '#contract/outcome.js';
import type { Placement, PrefillPlacement, PrefixLeftOut, PrefixTiers, ScoreParts } from '#contract/placement.js';
import type { ProfileSummary } from '#contract/record.js';
import type { Candidate, DecisionReason, StageNote } from '#contract/route.js';
import type { SignalReading, Truth } from '#contract/signal.js';
import type { Milliseconds, Tokens } from '#contract/units.js';
import { Asked } from '#pool/placement/asked.js';
import type { Inbound } from '#protocols/protocol.js';
import { summarise } from '#workload/profile/summary.js';
import { flowFacts } from './exchange/flow-facts.js';
import { unknownModel } from './named-model.js';
import type { Runtime } from './runtime.js';
import { whyLost } from './why-lost.js';

/** A decision told as the command line and the API tell it. Field names are a contract with other programs. */
export interface Explanation {
  readonly profile: {
    readonly archetype: string;
    readonly turn: number;
    readonly warmth: string;
    readonly heaviness: string;
    readonly modality: string;
    readonly session: string;
    readonly application: string;
    readonly prompt_tokens: Tokens;
    readonly output_tokens: { readonly p50: Tokens; readonly p75: Tokens };
  };
  readonly signals: Readonly<Record<string, ExplainedSignal>>;
  readonly decision: string;
  readonly reason: string;
  readonly passed: DecisionReason['passed'];
  readonly candidates: readonly {
    readonly model: string;
    readonly score: number;
    readonly reason: string;
    readonly propensity: number;
  }[];
  readonly selected: string | null;
  readonly placement: {
    readonly pool: string;
    readonly replica: string;
    readonly expected_prefix_tokens: Tokens;
    /** `events`: the engine's own events say so. `estimate`: by what was sent there. */
    readonly prefix_source: 'events' | 'estimate';
    /** What of it has to be read from behind the GPUs' memory. */
    readonly prefix_tiers?: PrefixTiers;
    readonly prefix_left_out?: PrefixLeftOut;
    /** Of the replica chosen, in the terms of the pool's placement. */
    readonly score: number;
    /** The best of the others, at most eight, best first, then what filters took out; `why` is empty where one thing alone was weighed. */
    readonly losers: readonly { readonly replica: string; readonly score: number; readonly why: string }[];
    /** What the scores are made of; absent where one thing alone was weighed. */
    readonly parts?: ScoreParts | undefined;
    /** Where the prompt would be computed; absent where the pool has no prefill pool. */
    readonly prefill?: PrefillPlacement | undefined;
  } | null;
  readonly strategy: string;
  /** Answers that were held back and judged; absent where none was, and before a model was asked. */
  readonly cascade?: readonly { readonly model: string; readonly end: JudgedEnd; readonly why: string }[];
  readonly stages: readonly StageNote[];
  readonly total_ms: Milliseconds;
  /** Why there is no model to send the request to, when there is none. */
  readonly refused?: { readonly code: string; readonly message: string };
}

export interface ExplainedSignal {
  readonly type: string;
  readonly state: Truth;
  readonly score: number;
  readonly ms: Milliseconds;
  readonly label?: string;
  readonly evidence?: string;
  readonly tier?: LearnedTier;
  /** Whether the decision needed it; others are computed for the explanation alone. */
  readonly read: boolean;
}

/** What an explanation is told from: a live decision, or one out of the record. */
export interface Told {
  readonly profile: ProfileSummary;
  readonly signals: readonly SignalReading[];
  readonly decision: string;
  readonly reason: DecisionReason;
  readonly candidates: readonly Candidate[];
  readonly selected: string | undefined;
  readonly strategy: string;
  readonly attempts?: readonly AttemptOutcome[];
  readonly placement: Placement | undefined;
  readonly stages: readonly StageNote[];
}

/**
 * What Weir would do with a request now: the same stages as live, on the same board, up to the replica. No model is asked, and
 * nothing is left behind in queues, load or prefix index.
 *
 * @throws WeirError `request.unknown_model`.
 */
export async function explain(
  runtime: Runtime,
  { request, sentTexts }: Pick<Inbound, 'request' | 'sentTexts'>,
): Promise<Explanation> {
  const { clock, random, router, pool } = runtime;
  if (!router.virtualNames.has(request.model) && !runtime.models.has(request.model))
    throw unknownModel(runtime, request.model);
  const begun = clock.now();
  const profile = runtime.profiler.profile(request);
  const board = router.board(request, profile);
  const route = router.draft(request);
  const stages: StageNote[] = [];
  let refused: WeirError | undefined;
  let answered = false;
  for (const stage of runtime.stages) {
    const from = clock.now();
    const result = await stage.run({ board, pool, clock, random, route, sentTexts });
    const ms = clock.now() - from;
    stages.push(result.note === undefined ? { stage: stage.name, ms } : { stage: stage.name, ms, note: result.note });
    if (result.kind === 'refuse') refused = result.error;
    if (result.kind === 'answer') answered = true;
    if (result.kind !== 'continue') break;
  }
  const selected =
    answered || refused !== undefined ? undefined : route.candidates.find(candidate => candidate.eligible)?.model;
  const placement =
    selected === undefined
      ? undefined
      : pool.preview(
          new Asked(selected, request, profile, route.constraints, flowFacts(request, runtime.config.workload)),
        );
  const totalMs = clock.now() - begun;
  const read = new Set(board.readings().map(reading => reading.name));
  await board.compute(router.signals.map(signal => signal.name).filter(name => board.read(name) === undefined));
  for (const { name } of router.signals) board.read(name);
  const told: Told = {
    profile: summarise(profile, selected),
    signals: board.readings(),
    decision: route.decision,
    reason: route.reason,
    candidates: route.candidates,
    selected,
    strategy: route.strategy,
    placement,
    stages,
  };
  const explanation = explanationOf(told, totalMs, name => read.has(name));
  return refused === undefined
    ? explanation
    : { ...explanation, refused: { code: refused.code, message: refused.message } };
}

/** Tells a decision in the form that other programs rely on. */
export function explanationOf(told: Told, totalMs: Milliseconds, wasRead: (name: string) => boolean): Explanation {
  const { profile, placement, attempts = [] } = told;
  const cascade = attempts.flatMap(({ model, judged }) => (judged === undefined ? [] : [{ model, ...judged }]));
  return {
    profile: {
      archetype: profile.archetype,
      turn: profile.turn,
      warmth: profile.warmth,
      heaviness: profile.heaviness,
      modality: profile.modality,
      session: profile.session,
      application: profile.application,
      prompt_tokens: profile.promptTokens,
      output_tokens: profile.outputTokens,
    },
    signals: Object.fromEntries(
      told.signals.map(({ name, type, state, score, ms, label, evidence, tier }): [string, ExplainedSignal] => [
        name,
        {
          type,
          state,
          score,
          ms,
          ...(label === undefined ? undefined : { label }),
          ...(evidence === undefined ? undefined : { evidence }),
          ...(tier === undefined ? undefined : { tier }),
          read: wasRead(name),
        },
      ]),
    ),
    decision: told.decision,
    reason: told.reason.summary,
    passed: told.reason.passed,
    candidates: told.candidates.map(({ model, score, reason, propensity }) => ({ model, score, reason, propensity })),
    selected: told.selected ?? null,
    placement:
      placement === undefined
        ? null
        : {
            pool: placement.pool,
            replica: placement.replica,
            expected_prefix_tokens: placement.expectedPrefixTokens,
            prefix_source: placement.prefixSource ?? 'estimate',
            score: placement.score,
            losers: losersOf(placement),
            ...(placement.prefixTiers === undefined ? undefined : { prefix_tiers: placement.prefixTiers }),
            ...(placement.prefixLeftOut === undefined ? undefined : { prefix_left_out: placement.prefixLeftOut }),
            ...(placement.parts === undefined ? undefined : { parts: placement.parts }),
            ...(placement.prefill === undefined ? undefined : { prefill: placement.prefill }),
          },
    strategy: told.strategy,
    ...(cascade.length === 0 ? undefined : { cascade }),
    stages: told.stages,
    total_ms: totalMs,
  };
}

function losersOf(placement: Placement) {
  const why = whyLost(placement);
  return placement.losers.map(({ replica, score }, at) => ({ replica, score, why: why[at] ?? '' }));
}
