import { type InferenceRequest, partText } from '#contract/request.js';

export interface Asked {
  /** What the answer may say: all that came with the request but what models said. */
  readonly context: string;
  readonly question: string;
}

/** Characters below which a context is none. */
export const SHORTEST_CONTEXT = 120;

/**
 * The context and the question of a request: the question is the last paragraph of the last user message, the context all other texts of the system
 * prompt, of users, of tools' results and of documents.
 *
 * @returns `undefined` where there is nothing to hold an answer against.
 */
export function groundingAsked({ messages }: InferenceRequest): Asked | undefined {
  const texts: string[] = [];
  let question = '';
  let last = -1;
  for (const message of messages) {
    if (message.role === 'assistant') continue;
    for (const part of message.content) {
      const text = partText(part);
      if (text === '') continue;
      if (message.role === 'user' && part.type === 'text') {
        last = texts.length;
        question = text;
      }
      texts.push(text);
    }
  }
  if (last < 0) return undefined;
  const cut = question.trimEnd().lastIndexOf('\n') + 1;
  texts[last] = question.slice(0, cut);
  const context = texts.filter(text => text !== '').join('\n');
  return context.length < SHORTEST_CONTEXT ? undefined : { context, question: question.slice(cut).slice(-2000) };
}
