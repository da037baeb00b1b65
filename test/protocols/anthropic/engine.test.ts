import { describe, expect, test } from 'vitest';
import { anthropicMessages } from '#protocols/anthropic/messages.js';
import { openaiChat } from '#protocols/openai/chat.js';

const envelope = { id: 'r', arrivedAt: 0, caller: { address: '', headers: {} } };

function encoded(messages: readonly object[]) {
  const inbound = openaiChat.read(Buffer.from(JSON.stringify({ model: 'auto', messages })), envelope);
  const terms = { servedModel: 'served', defaultMaxTokens: 100, streamUsage: true };
  const made = anthropicMessages.engine?.encode(inbound.conversation(), terms);
  return { body: JSON.parse(made?.body ?? '{}'), lost: made?.lost };
}

describe('a conversation for an Anthropic engine', () => {
  test('of system messages alone has its last as the turn to answer', () => {
    const { body, lost } = encoded([
      { role: 'system', content: 'Be brief.' },
      { role: 'system', content: 'What is a weir?' },
    ]);
    expect(body.system).toEqual([{ type: 'text', text: 'Be brief.' }]);
    expect(body.messages).toEqual([{ role: 'user', content: [{ type: 'text', text: 'What is a weir?' }] }]);
    expect(lost).toEqual(['messages.system_position']);
  });

  test('that says nothing is refused, for the engine would refuse it', () => {
    expect(() => encoded([{ role: 'user', content: '' }])).toThrow(
      expect.objectContaining({ code: 'request.unsupported', path: 'messages' }),
    );
  });
});
