import { WeirError } from '#contract/errors.js';
import type { Usage } from '#contract/outcome.js';
import type { StageResult } from '#contract/stage.js';
import type { Milliseconds } from '#contract/units.js';
import { fixedAnswer, streamOf } from '#protocols/neutral/fixed.js';
import type { AnswerWriter, Inbound } from '#protocols/protocol.js';

/** What a fixed answer takes of any model. */
export const NO_TOKENS: Usage = Object.freeze({ promptTokens: 0, completionTokens: 0, cachedTokens: 0 });

/**
 * A fixed text in the API and form that the client asked for, as often as it asked for an answer. `whole`: as it is to be remembered. The
 * error that is to be said `otherwise` where answers of the API are no words.
 *
 * @throws WeirError `request.unsupported` where they are none and there is no such error.
 */
export function fixedReply(
  inbound: Inbound,
  { text, otherwise }: Pick<Extract<StageResult, { kind: 'answer' }>, 'text' | 'otherwise'>,
  at: Milliseconds,
) {
  const { request } = inbound;
  const writer = writerOf(inbound, at, otherwise);
  if (writer instanceof WeirError) return writer;
  const answer = fixedAnswer(text);
  const whole = writer.whole(answer);
  return {
    whole,
    said: request.stream ? streamOf(answer, writer) : whole,
    type: request.stream ? 'text/event-stream; charset=utf-8' : 'application/json',
  };
}

function writerOf(inbound: Inbound, at: Milliseconds, otherwise: WeirError | undefined): AnswerWriter | WeirError {
  const { request } = inbound;
  try {
    return inbound.writer({ id: request.id, model: request.model, at, choices: request.sampling.n });
  } catch (error) {
    if (otherwise !== undefined) return otherwise;
    throw error;
  }
}
