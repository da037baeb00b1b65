import type { WeirError } from '#contract/errors.js';
import type { ThinkingPart } from '#contract/request.js';
import type { AnswerPart, Answer as NeutralAnswer } from '#protocols/neutral/answer.js';
import type { AnswerWriter } from '#protocols/protocol.js';
import type { FinishReason } from './backend.js';
import type { Wire, Written } from './wire.js';

/** What an engine here seals its thoughts with, and knows them by when they come back. */
export const SIMULATED_SEAL = 'weir-simulated-thought';

/** One answer by a writer of the neutral form: how an engine here speaks Anthropic Messages and Responses. */
export function neutralWire(
  writer: AnswerWriter,
  sealedBy: 'anthropic' | 'openai',
  failed: (error: WeirError) => string,
): Wire {
  const seal = { signature: SIMULATED_SEAL, sealedBy } as const;
  let block = -1;
  let inThought = false;
  let finish: FinishReason = 'stop';
  const closed = (): string =>
    block < 0 ? '' : writer.event(inThought ? { kind: 'close', block, seal } : { kind: 'close', block });
  return {
    piece(_choice, text, first, call, thought) {
      let events = '';
      if (first || thought !== inThought) {
        events += closed();
        block++;
        inThought = thought;
        if (call !== undefined) events += writer.event({ kind: 'open', block, part: 'tool_call', call });
        else events += writer.event({ kind: 'open', block, part: thought ? 'thinking' : 'text' });
      }
      return events + writer.event({ kind: 'delta', block, text });
    },
    finish(_choice, reason) {
      finish = reason;
      return closed();
    },
    end: usage => writer.event({ kind: 'end', finish, usage }),
    failed,
    whole([answer], usage) {
      const parts = answer === undefined ? [] : partsOf(answer, seal);
      const whole: NeutralAnswer = { parts, finish: answer?.finish ?? 'stop', usage, foreign: [] };
      return writer.whole(whole);
    },
  };
}

function partsOf(
  { pieces, thoughts, call }: Written,
  seal: { readonly signature: string; readonly sealedBy: 'anthropic' | 'openai' },
): AnswerPart[] {
  const text = pieces.join('');
  if (call !== undefined) return [{ type: 'tool_call', ...call, arguments: text }];
  const thought: ThinkingPart = { type: 'thinking', text: thoughts.join(''), ...seal };
  const said: AnswerPart[] = text === '' ? [] : [{ type: 'text', text }];
  return thoughts.length > 0 ? [thought, ...said] : said;
}
