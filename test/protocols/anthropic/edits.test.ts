import { describe, expect, it } from 'vitest';
import type { RouteParameters } from '#contract/route.js';
import { anthropicMessages } from '#protocols/anthropic/messages.js';
import { packSeal } from '#protocols/neutral/seal.js';
import { envelope } from '../../contracts/protocol.js';

const user = { role: 'user', content: 'How is the weather?' };
const ours = { type: 'thinking', thinking: 'Hm.', signature: 'of-anthropic' };
const others = { type: 'thinking', thinking: 'Hm.', signature: packSeal({ type: 'thinking', text: 'Hm.' }, false) };
const use = { type: 'tool_use', id: 'a', name: 'weather', input: {} };
const result = { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a', content: 'It rains.' }] };
const thinking = { type: 'enabled', budget_tokens: 1024 };

/** What an engine of Anthropic's own API is sent. */
function sent(body: object, parameters: RouteParameters = {}): Record<string, unknown> {
  const whole = { model: 'm', max_tokens: 4096, ...body };
  const inbound = anthropicMessages.read(Buffer.from(JSON.stringify(whole)), envelope);
  return JSON.parse(inbound.bodyFor('m', parameters, false).toString()) as Record<string, unknown>;
}

describe('thoughts of other models on their way to Anthropic', () => {
  const said = (...content: object[]) => ({ role: 'assistant', content });

  it('are taken out, and thinking is not asked for where it would be refused without them', () => {
    const body = sent({ thinking, messages: [user, said(others, use), result] });
    expect(body).toMatchObject({ thinking: { type: 'disabled' }, messages: [user, said(use), result] });
    expect(sent({ thinking, messages: [user, said(others, use), result] }, { reasoningEffort: 'none' })).toEqual(body);
  });

  it.each([
    ['the thought is its own', [user, said(others), said(ours, use), result]],
    ['no tool is being used', [user, said(others, { type: 'text', text: 'It rains.' }), user]],
    ['nothing is foreign, whatever Anthropic makes of it', [user, said(use), result]],
  ])('thinking goes on where %s', (_, messages) => {
    expect(sent({ thinking, messages }).thinking).toEqual(thinking);
  });

  it('take a message with them that was nothing else', () => {
    expect(sent({ messages: [user, said(others), user] }).messages).toEqual([user, user]);
  });
});
