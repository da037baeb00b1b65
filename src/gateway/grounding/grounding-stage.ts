import { CONTINUE, type Stage } from '#contract/stage.js';
import { GroundingContext, type TextVectors } from '#models/grounding/features.js';
import { type GroundingHead, openGroundingHead } from '#models/grounding/grounding-head.js';
import type { RouterConfig } from '#router/schema.js';
import { groundingAsked } from './context.js';
import { type GroundingAction, GroundingGuard } from './grounding-guard.js';

/**
 * Has answers of decisions that ask for it held against what came with the request. Whether a request seeks facts at all is the policy's to say, by
 * the condition of the decision.
 *
 * @returns `undefined` where no decision asks for it.
 */
export function groundingStage({ decisions }: RouterConfig, vectors: () => TextVectors): Stage | undefined {
  const wanted = new Map(
    decisions.flatMap(({ name, grounding }) =>
      grounding === undefined ? [] : [[name, optionsOf(grounding)] as const],
    ),
  );
  if (wanted.size === 0) return undefined;
  let head: GroundingHead | undefined;
  return {
    name: 'grounding',
    run({ board, route }) {
      const options = wanted.get(route.decision);
      if (options === undefined) return CONTINUE;
      const asked = groundingAsked(board.request);
      if (asked === undefined) return { kind: 'continue', note: 'no context to hold an answer against' };
      head ??= openGroundingHead();
      const own = head;
      const { action, threshold = own.threshold } = options;
      const maker = {
        name: 'grounding',
        holds: action === 'regenerate',
        guard: () => {
          // Taken apart when an answer is there, not before.
          context ??= new GroundingContext(asked.context, asked.question, vectors());
          return new GroundingGuard(own, context, action, threshold);
        },
      };
      let context: GroundingContext | undefined;
      route.guards = [...(route.guards ?? []), maker];
      return { kind: 'continue', note: action };
    },
  };
}

function optionsOf(
  grounding: GroundingAction | { readonly action: GroundingAction; readonly threshold?: number | undefined },
) {
  return typeof grounding === 'string' ? { action: grounding, threshold: undefined } : grounding;
}
