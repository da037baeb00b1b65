import { WeirError } from '#contract/errors.js';
import type { Milliseconds } from '#contract/units.js';
import { bodyTexts } from '#protocols/guards/request-texts.js';
import { readChat } from '#protocols/openai/chat-request.js';
import type { Inbound } from '#protocols/protocol.js';

/** A request as commands take it: a bare text, or an OpenAI chat request of which only the messages must be there. */
export type ChatInput = Readonly<Record<string, unknown>>;

/**
 * What a command was given, as the gateway would have read it from the wire.
 *
 * @param virtualModel the name that asks for a decision, for input that names no model.
 * @throws WeirError `request.invalid` with the path of what is wrong.
 */
export function readInput(
  input: ChatInput,
  id: string,
  arrivedAt: Milliseconds,
  virtualModel: string,
): Pick<Inbound, 'request' | 'sentTexts'> {
  const { text, headers, ...body } = input;
  if (text !== undefined && typeof text !== 'string') {
    throw new WeirError('request.invalid', 'text must be a string', { path: 'text', hint: 'a string' });
  }
  const messages = text === undefined ? body.messages : [{ role: 'user', content: text }];
  const caller = { address: '127.0.0.1', headers: headersIn(headers) };
  const asked = { model: virtualModel, ...body, messages };
  return { request: readChat(asked, { id, arrivedAt, caller }), sentTexts: () => bodyTexts(asked) };
}

function headersIn(value: unknown): Record<string, string> {
  if (value === undefined) return {};
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new WeirError('request.invalid', 'headers must be an object', {
      path: 'headers',
      hint: '{"x-tier": "gold"}',
    });
  }
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name.toLowerCase(), String(item)]));
}
