import type { AnswerWriter } from '#protocols/protocol.js';
import { type Answer, eventsOf } from './answer.js';

/** An answer that Weir gives itself: it costs no tokens anywhere. */
export function fixedAnswer(text: string): Answer {
  return {
    parts: [{ type: 'text', text }],
    finish: 'stop',
    usage: { promptTokens: 0, completionTokens: 0, cachedTokens: 0 },
    foreign: [],
  };
}

/** A whole stream that tells an answer. */
export function streamOf(answer: Answer, writer: AnswerWriter): string {
  let text = '';
  for (const event of eventsOf(answer)) text += writer.event(event);
  return text;
}
