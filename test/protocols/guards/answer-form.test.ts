import { anthropicMessages } from '#protocols/anthropic/messages.js';
import { openaiChat } from '#protocols/openai/chat.js';
import type { Protocol } from '#protocols/protocol.js';
import { openaiResponses } from '#protocols/responses/responses.js';
import { answerFormContract } from '../../contracts/answer-form.js';

const CALLER = { headers: {}, address: '127.0.0.1' };

function writerOf(protocol: Protocol, body: object) {
  const inbound = protocol.read(Buffer.from(JSON.stringify({ model: 'm', stream: true, ...body })), {
    id: 'id',
    arrivedAt: 0,
    caller: CALLER,
  });
  return () => inbound.writer({ id: 'id', model: 'm', at: 0 });
}

const messages = [{ role: 'user', content: 'hi' }];
const parameters = { type: 'object', properties: { input: { type: 'string' } } };

answerFormContract(openaiChat, writerOf(openaiChat, { messages, stream_options: { include_usage: true } }));
answerFormContract(anthropicMessages, writerOf(anthropicMessages, { messages, max_tokens: 9 }));
answerFormContract(
  openaiResponses,
  writerOf(openaiResponses, { input: 'hi', tools: [{ type: 'function', name: 'f', parameters }] }),
);
