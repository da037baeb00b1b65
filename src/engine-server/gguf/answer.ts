import { WeirError } from '#contract/errors.js';
import type { Tokens } from '#contract/units.js';
import type { ChoiceEvent, FinishReason } from '#engine-server/backend.js';
import type { EvaluateOptions, LlamaModel, LlamaSequence, Token } from './library.js';
import { commonPrefix } from './sequence-slots.js';
import { StopText } from './stop-text.js';
import { TokenText } from './token-text.js';

/** Tokens of a prompt that are read before the next look at whether anybody still wants the answer. */
const PREFILL_CHUNK = 256;

/** One answer to be generated on a sequence. */
export interface AnswerOrder {
  readonly prompt: readonly Token[];
  readonly most: Tokens;
  readonly stops: readonly string[];
  /** The finish reason of an answer that ends by itself. */
  readonly ends: FinishReason;
  /** Receives the tokens as they are drawn, before the next one is. */
  readonly drawn: Token[];
  readonly sampling: EvaluateOptions;
}

export interface AnswerPorts {
  readonly model: LlamaModel;
  readonly listener: (event: ChoiceEvent) => void;
  /** Whether nobody wants the answer any more. */
  readonly left: () => boolean;
  /** Hears how much of the prompt the sequence held already. */
  readonly admitted: (cachedTokens: Tokens) => void;
}

/** Generates one answer on a sequence whose state is reused as far as the prompt goes along with it. Never rejects. */
export async function generateAnswer(sequence: LlamaSequence, order: AnswerOrder, ports: AnswerPorts): Promise<void> {
  try {
    await generate(sequence, order, ports);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    if (!ports.left()) {
      const error = new WeirError('engine.failed', `The engine failed: ${reason.slice(0, 500)}`, { cause });
      ports.listener({ kind: 'failed', error });
    }
    // Nobody knows what its state is now. A context that is gone cannot be cleared, and need not be.
    await sequence.clearHistory().catch(() => undefined);
  }
}

async function generate(sequence: LlamaSequence, order: AnswerOrder, ports: AnswerPorts): Promise<void> {
  const { prompt, most, drawn } = order;
  const { left, listener } = ports;
  // The last token is always computed: what follows it is asked for.
  const common = Math.min(commonPrefix(sequence.contextTokens, prompt), prompt.length - 1);
  await sequence.adaptStateToTokens(prompt.slice(0, common), false);
  const cachedTokens = sequence.nextTokenIndex;
  ports.admitted(cachedTokens);
  for (let at = cachedTokens; at < prompt.length - 1; at += PREFILL_CHUNK) {
    if (left()) return;
    await sequence.evaluateWithoutGeneratingNewTokens(
      prompt.slice(at, Math.min(at + PREFILL_CHUNK, prompt.length - 1)),
    );
  }
  const text = new TokenText(ports.model, prompt);
  const stop = new StopText(order.stops);
  let finish: FinishReason = order.ends;
  if (left()) return;
  for await (const token of sequence.evaluate(prompt.slice(-1), order.sampling)) {
    if (left()) return;
    drawn.push(token);
    listener({ kind: 'token', text: stop.push(text.push(token)), cachedTokens });
    if (stop.ended) break;
    if (drawn.length < most) continue;
    finish = 'length';
    break;
  }
  if (left()) return;
  listener({
    kind: 'finished',
    text: stop.push(text.flush()) + stop.flush(),
    finish: stop.ended ? order.ends : finish,
  });
}
