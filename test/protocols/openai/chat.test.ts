import { openaiChat } from '#protocols/openai/chat.js';
import { protocolContract } from '../../contracts/protocol.js';

protocolContract(openaiChat, {
  least: { model: 'm', messages: [{ role: 'user', content: 'hi' }] },
  hostile: [
    [{ messages: [{ role: 'user', content: 'hi' }] }, 'model'],
    [{ model: 'm' }, 'messages'],
    [{ model: 'm', messages: [] }, 'messages'],
    [{ model: 'm', messages: [1] }, 'messages[0]'],
    [{ model: 'm', messages: [{ role: 'nobody', content: 'hi' }] }, 'messages[0].role'],
    [{ model: 'm', messages: [{ role: 'user', content: 7 }] }, 'messages[0].content'],
    [{ model: 'm', messages: [{ role: 'user', content: [{ text: 'x' }] }] }, 'messages[0].content[0].type'],
    [{ model: 'm', messages: [{ role: 'user', content: 'hi' }], stream: 'yes' }, 'stream'],
  ],
  endMarks: ['[DONE]'],
});
