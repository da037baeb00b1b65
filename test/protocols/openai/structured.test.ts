import { expect, it } from 'vitest';
import { openaiChat } from '#protocols/openai/chat.js';
import { openaiCompletions } from '#protocols/openai/completions.js';
import { envelope } from '../../contracts/protocol.js';

const SCHEMA = { type: 'object', properties: { mail: { type: 'string', format: 'email' } } };

/** What says how an answer has to be, and whether that makes it JSON. */
const CASES: readonly (readonly [object, boolean])[] = [
  [{}, false],
  [{ response_format: { type: 'json_object' } }, true],
  [{ response_format: { type: 'json_schema', json_schema: { name: 'x', schema: SCHEMA } } }, true],
  [{ response_format: { type: 'text' } }, false],
  [{ response_format: { type: 'structural_tag', format: {} } }, false],
  [{ response_format: { type: 'grammar', grammar: 'root ::= "x"' } }, false],
  [{ response_format: { type: 'regex', value: 'x+' } }, false],
  [{ guided_json: SCHEMA }, true],
  [{ guided_json: JSON.stringify(SCHEMA) }, true],
  [{ guided_json: null }, false],
  [{ guided_regex: '\\d+' }, false],
  [{ guided_choice: ['yes', 'no'] }, false],
  [{ guided_grammar: 'root ::= "x"' }, false],
  [{ structured_outputs: { json: SCHEMA } }, true],
  [{ structured_outputs: { json_object: true } }, true],
  [{ structured_outputs: { json_object: false, regex: 'x' } }, false],
  [{ structured_outputs: { json: null, choice: ['yes', 'no'] } }, false],
  [{ structured_outputs: null }, false],
];

it.each(CASES)('%j asks for JSON: %s', (asked, expected) => {
  const chat = { model: 'm', messages: [{ role: 'user', content: 'hi' }], ...asked };
  const completion = { model: 'm', prompt: 'hi', ...asked };
  const read = [openaiChat.read(Buffer.from(JSON.stringify(chat)), envelope)];
  read.push(openaiCompletions.read(Buffer.from(JSON.stringify(completion)), envelope));
  expect(read.map(({ request }) => request.sampling.structured)).toEqual([expected, expected]);
});
