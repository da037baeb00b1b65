import type { Usage } from '#contract/outcome.js';
import type { Milliseconds } from '#contract/units.js';
import { fixedAnswer, streamOf } from '#protocols/neutral/fixed.js';
import type { Inbound } from '#protocols/protocol.js';

/** What a fixed answer takes of any model. */
export const NO_TOKENS: Usage = Object.freeze({ promptTokens: 0, completionTokens: 0, cachedTokens: 0 });

/** A fixed text in the API and form that the client asked for, as often as it asked for an answer. `whole`: as it is to be remembered. */
export function fixedReply(inbound: Inbound, text: string, at: Milliseconds) {
  const { request } = inbound;
  const writer = inbound.writer({ id: request.id, model: request.model, at, choices: request.sampling.n });
  const answer = fixedAnswer(text);
  const whole = writer.whole(answer);
  return {
    whole,
    said: request.stream ? streamOf(answer, writer) : whole,
    type: request.stream ? 'text/event-stream; charset=utf-8' : 'application/json',
  };
}
