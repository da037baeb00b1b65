import { anthropicMessages } from '#protocols/anthropic/messages.js';
import { protocolContract } from '../../contracts/protocol.js';

const user = { role: 'user', content: 'hi' };

protocolContract(anthropicMessages, {
  least: { model: 'm', max_tokens: 10, messages: [user] },
  hostile: [
    [{ max_tokens: 10, messages: [user] }, 'model'],
    [{ model: 'm', messages: [user] }, 'max_tokens'],
    [{ model: 'm', max_tokens: -1, messages: [user] }, 'max_tokens'],
    [{ model: 'm', max_tokens: 10 }, 'messages'],
    [{ model: 'm', max_tokens: 10, messages: [] }, 'messages'],
    [{ model: 'm', max_tokens: 10, messages: ['hi'] }, 'messages[0]'],
    [{ model: 'm', max_tokens: 10, messages: [{ role: 'tool', content: 'hi' }] }, 'messages[0].role'],
    [{ model: 'm', max_tokens: 10, messages: [{ role: 'user', content: 7 }] }, 'messages[0].content'],
    [{ model: 'm', max_tokens: 10, messages: [user], stream: 'yes' }, 'stream'],
    [{ model: 'm', max_tokens: 10, messages: [user], temperature: 'hot' }, 'temperature'],
    [{ model: 'm', max_tokens: 10, messages: [user], system: 7 }, 'system'],
  ],
  endMarks: ['message_stop'],
});
