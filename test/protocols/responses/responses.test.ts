import { openaiResponses } from '#protocols/responses/responses.js';
import { protocolContract } from '../../contracts/protocol.js';

protocolContract(openaiResponses, {
  least: { model: 'm', input: 'hi' },
  hostile: [
    [{ input: 'hi' }, 'model'],
    [{ model: 'm' }, 'input'],
    [{ model: 'm', input: [7] }, 'input[0]'],
    [{ model: 'm', input: [{ role: 'nobody', content: 'hi' }] }, 'input[0].role'],
    [{ model: 'm', input: [{ role: 'user', content: 7 }] }, 'input[0].content'],
    [{ model: 'm', input: 'hi', stream: 'yes' }, 'stream'],
    [{ model: 'm', input: 'hi', background: true }, 'background'],
    [{ model: 'm', input: 'hi', max_output_tokens: 0 }, 'max_output_tokens'],
  ],
  endMarks: ['response.completed', 'response.incomplete'],
});
