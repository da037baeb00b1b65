import type { TextRewrite } from '#contract/answer-guard.js';
import { isWeirError, WeirError } from '#contract/errors.js';
import type { Candidate } from '#contract/route.js';
import type { Inbound, Protocol } from '#protocols/protocol.js';
import type { Exchange } from './exchange.js';

/**
 * The request as engines are sent it, once the stages have run; the route then has the candidates and guards that are for it.
 *
 * @returns why it cannot go on so.
 */
export function outboundOf({ route, inbound, protocol, runtime: { embedding } }: Exchange): Inbound | WeirError {
  if (protocol.answerForm === undefined) route.guards = undefined;
  const embeds = protocol.kind === 'embedding';
  if (embeds && !route.candidates.some(({ model }) => embedding.has(model)))
    return new WeirError('request.unsupported', 'No model of the decision gives embeddings', { path: 'model' });
  if (embedding.size > 0) route.candidates = forKind(route.candidates, embeds, embedding);
  return rewrittenBy(route.rewrite, inbound, protocol);
}

/** The request with its texts changed as stages want it. @returns why it cannot go on so. */
function rewrittenBy(rewrite: TextRewrite | undefined, inbound: Inbound, protocol: Protocol): Inbound | WeirError {
  if (rewrite === undefined) return inbound;
  const { rewritten } = inbound;
  if (rewritten === undefined)
    return new WeirError('request.unsupported', `What ${protocol.name} is sent cannot be changed on its way`);
  try {
    return rewritten.call(inbound, rewrite);
  } catch (error) {
    if (isWeirError(error)) return error;
    throw error;
  }
}

/** The candidates, without those that are for something else than what is asked. */
function forKind(
  candidates: readonly Candidate[],
  embeds: boolean,
  embedding: ReadonlySet<string>,
): readonly Candidate[] {
  return candidates.map(candidate =>
    embedding.has(candidate.model) === embeds
      ? candidate
      : { ...candidate, eligible: false, reason: embeds ? 'gives no embeddings' : 'only gives embeddings' },
  );
}
