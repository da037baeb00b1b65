import type { Answer } from './answer.js';

/** An answer that Weir gives itself: it costs no tokens anywhere. */
export function fixedAnswer(text: string): Answer {
  return {
    parts: [{ type: 'text', text }],
    finish: 'stop',
    usage: { promptTokens: 0, completionTokens: 0, cachedTokens: 0 },
    foreign: [],
  };
}
