import type { ThinkingPart } from '#contract/request.js';
import type { AnswerPart, Answer as NeutralAnswer, sealOf } from '#protocols/neutral/answer.js';
import type { AnswerWriter } from '#protocols/protocol.js';
import type { Answer } from './answer.js';
import type { Wire } from './wire.js';

/** What a simulated engine seals its thoughts with, and knows them by when they come back. */
export const SIMULATED_SEAL = 'weir-simulated-thought';

/** One answer by a writer of the neutral form: how the simulated engine speaks Anthropic Messages and Responses. */
export function neutralWire(writer: AnswerWriter, sealedBy: 'anthropic' | 'openai'): Wire {
  const seal = { signature: SIMULATED_SEAL, sealedBy } as const;
  let block = -1;
  let finish: Answer['finish'] = 'stop';
  const closed = (thought: boolean): string =>
    block < 0 ? '' : writer.event(thought ? { kind: 'close', block, seal } : { kind: 'close', block });
  return {
    token(_choice, { pieces, call, thoughts = 0 }, at) {
      let text = '';
      if (at === 0 || at === thoughts) {
        text += closed(at > 0);
        block++;
        if (call !== undefined) text += writer.event({ kind: 'open', block, part: 'tool_call', call });
        else text += writer.event({ kind: 'open', block, part: at < thoughts ? 'thinking' : 'text' });
      }
      return text + writer.event({ kind: 'delta', block, text: pieces[at]! });
    },
    finish(_choice, answer) {
      finish = answer.finish;
      return closed(answer.pieces.length <= (answer.thoughts ?? 0));
    },
    end: usage => writer.event({ kind: 'end', finish, usage }),
    whole([answer], usage) {
      const parts = answer === undefined ? [] : partsOf(answer, seal);
      const whole: NeutralAnswer = { parts, finish: answer?.finish ?? 'stop', usage, foreign: [] };
      return writer.whole(whole);
    },
  };
}

function partsOf({ pieces, call, thoughts = 0 }: Answer, seal: ReturnType<typeof sealOf>): AnswerPart[] {
  const text = pieces.slice(thoughts).join('');
  if (call !== undefined) return [{ type: 'tool_call', ...call, arguments: text }];
  const thought: ThinkingPart = { type: 'thinking', text: pieces.slice(0, thoughts).join(''), ...seal };
  const said: AnswerPart[] = text === '' ? [] : [{ type: 'text', text }];
  return thoughts > 0 ? [thought, ...said] : said;
}
