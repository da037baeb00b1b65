import { describe, expect, it } from 'vitest';
import { anthropicMessages } from '#protocols/anthropic/messages.js';
import { openaiChat } from '#protocols/openai/chat.js';
import { openaiCompletions } from '#protocols/openai/completions.js';
import { openaiEmbeddings } from '#protocols/openai/embeddings.js';
import type { Inbound, Protocol } from '#protocols/protocol.js';
import { openaiCompaction } from '#protocols/responses/compaction.js';
import { openaiResponses } from '#protocols/responses/responses.js';

const CALLER = { headers: {}, address: '127.0.0.1' };

function sent(protocol: Protocol, body: string): string {
  const inbound = protocol.read(Buffer.from(body), { id: 'id', arrivedAt: 0, caller: CALLER });
  expectSameTexts(inbound);
  const rewritten = inbound.rewritten!((text, json) =>
    json ? text.replaceAll('Ann', 'N1') : text.replaceAll('Ann', 'N2'),
  );
  return rewritten.bodyFor('m', {}, false).toString('utf8');
}

/** What is told of a request's texts is what a change of them is asked for. */
function expectSameTexts(inbound: Inbound): void {
  const asked: [string, boolean][] = [];
  try {
    inbound.rewritten!((text, json) => {
      asked.push([text, json]);
      return text;
    });
  } catch {
    return; // It cannot be changed.
  }
  expect(new Set(inbound.sentTexts().map(({ text, json }) => `${json} ${text}`))).toEqual(
    new Set(asked.map(([text, json]) => `${json} ${text}`)),
  );
  expect(inbound.sentTexts()).toHaveLength(asked.length);
}

describe('texts of requests on their way to the engine', () => {
  it('changes every text of a chat, and nothing else', () => {
    const body = `{"seed":12345678901234567890,"model":"m","messages":[
      {"role":"system","content":"You help Ann"},
      {"role":"user","name":"Ann","content":[{"type":"text","text":"I am Ann"},{"type":"image_url","image_url":{"url":"http://Ann"}}]},
      {"role":"assistant","content":null,"tool_calls":[{"id":"Ann","type":"function","function":{"name":"Ann","arguments":"{\\"to\\":\\"Ann\\"}"}},
        {"id":"2","type":"custom","custom":{"name":"Ann","input":"Ann"}}]},
      {"role":"tool","tool_call_id":"Ann","content":"Ann found"}],"user":"Ann","metadata":{"Ann":"Ann"}}`;
    const out = sent(openaiChat, body);
    expect(out).toContain('"seed":12345678901234567890,');
    expect(JSON.parse(out)).toMatchObject({
      messages: [
        { content: 'You help N2' },
        { name: 'Ann', content: [{ text: 'I am N2' }, { image_url: { url: 'http://Ann' } }] },
        {
          content: null,
          tool_calls: [
            { id: 'Ann', function: { name: 'Ann', arguments: '{"to":"N1"}' } },
            { custom: { name: 'Ann', input: 'N2' } },
          ],
        },
        { tool_call_id: 'Ann', content: 'N2 found' },
      ],
      user: 'N2',
      metadata: { Ann: 'N2' },
    });
  });

  it('changes every text of Anthropic messages', () => {
    const body = {
      model: 'm',
      max_tokens: 5,
      system: [{ type: 'text', text: 'for Ann' }],
      messages: [
        { role: 'user', content: 'Ann' },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'Ann?', signature: 'Ann' },
            { type: 'tool_use', id: 'Ann', name: 'Ann', input: { deep: [{ Ann: 'Ann' }] } },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'Ann', content: [{ type: 'text', text: 'Ann' }] },
            { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'Ann' }, title: 'Ann' },
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'Ann' } },
          ],
        },
      ],
    };
    expect(JSON.parse(sent(anthropicMessages, JSON.stringify(body)))).toMatchObject({
      system: [{ text: 'for N2' }],
      messages: [
        { content: 'N2' },
        {
          content: [
            { thinking: 'N2?', signature: 'Ann' },
            { id: 'Ann', name: 'Ann', input: { deep: [{ Ann: 'N2' }] } },
          ],
        },
        {
          content: [
            { tool_use_id: 'Ann', content: [{ text: 'N2' }] },
            { source: { data: 'N2' }, title: 'N2' },
            { source: { data: 'Ann' } },
          ],
        },
      ],
    });
  });

  it('changes every text of Responses', () => {
    const body = {
      model: 'm',
      instructions: 'for Ann',
      input: [
        { role: 'user', content: [{ type: 'input_text', text: 'Ann' }] },
        { type: 'reasoning', id: 'Ann', summary: [{ type: 'summary_text', text: 'Ann' }], encrypted_content: 'Ann' },
        { type: 'function_call', call_id: 'Ann', name: 'Ann', arguments: '{"a":"Ann"}' },
        { type: 'function_call_output', call_id: 'Ann', output: 'Ann' },
        { type: 'local_shell_call', call_id: 'x', action: { type: 'exec', command: ['echo', 'Ann'] } },
      ],
    };
    const expected = {
      instructions: 'for N2',
      input: [
        { content: [{ text: 'N2' }] },
        { id: 'Ann', summary: [{ text: 'N2' }], encrypted_content: 'Ann' },
        { call_id: 'Ann', name: 'Ann', arguments: '{"a":"N1"}' },
        { call_id: 'Ann', output: 'N2' },
        { action: { command: ['echo', 'N2'] } },
      ],
    };
    expect(JSON.parse(sent(openaiResponses, JSON.stringify(body)))).toMatchObject(expected);
    expect(JSON.parse(sent(openaiCompaction, JSON.stringify(body)))).toMatchObject(expected);
    expect(JSON.parse(sent(openaiResponses, '{"model":"m","input":"Ann"}'))).toMatchObject({ input: 'N2' });
  });

  it('changes prompts and inputs, and refuses those that are numbers', () => {
    expect(JSON.parse(sent(openaiCompletions, '{"model":"m","prompt":["Ann","b"]}')).prompt).toEqual(['N2', 'b']);
    expect(JSON.parse(sent(openaiEmbeddings, '{"model":"m","input":["Ann"]}')).input).toEqual(['N2']);
    expect(() => sent(openaiCompletions, '{"model":"m","prompt":[1,2]}')).toThrow(/numbers/);
    expect(() => sent(openaiEmbeddings, '{"model":"m","input":[1,2]}')).toThrow(/numbers/);
    expect(() => sent(openaiEmbeddings, '{"model":"m","input":["Ann",[1,2]]}')).toThrow(/numbers/);
  });

  it('leaves a body in which nothing is to be changed as it came', () => {
    const body = '{ "model": "m",  "messages": [ {"role":"user","content":"h\\u0069"} ] }';
    expect(sent(openaiChat, body)).toBe(body);
  });

  const DEEP = { plain: 'a', deep: { list: ['b', { more: 'c' }], number: 1 }, long: 'x'.repeat(3000) };

  it.each([
    ['chat', openaiChat, { messages: [{ role: 'user', content: 'hi' }], user: 'u', safety_identifier: 's' }],
    ['Anthropic messages', anthropicMessages, { max_tokens: 1, messages: [{ role: 'user', content: 'hi' }] }],
    ['Responses', openaiResponses, { input: 'hi', user: 'u', safety_identifier: 's' }],
    ['compaction', openaiCompaction, { input: 'hi', user: 'u', safety_identifier: 's' }],
    ['completions', openaiCompletions, { prompt: 'hi', user: 'u', safety_identifier: 's' }],
  ])('are told with all that metadata says, and what names the user apart: %s', (_, protocol, more) => {
    const naming = protocol === anthropicMessages ? { user_id: { of: 'u' } } : {};
    const body = JSON.stringify({ model: 'm', ...more, metadata: { ...DEEP, ...naming } });
    const inbound = protocol.read(Buffer.from(body), { id: 'id', arrivedAt: 0, caller: CALLER });
    expectSameTexts(inbound);
    const texts = inbound.sentTexts();
    const said = texts.filter(({ namesUser }) => namesUser !== true).map(({ text }) => text);
    expect(said.sort()).toEqual(['a', 'b', 'c', 'hi', DEEP.long]);
    const named = texts.filter(({ namesUser }) => namesUser).map(({ text }) => text);
    expect(named.sort()).toEqual(protocol === anthropicMessages ? ['u'] : ['s', 'u']);
  });

  it('are told of the conversation before a response, too', () => {
    const body = Buffer.from('{"model":"m","input":"Ann","previous_response_id":"r"}');
    const inbound = openaiResponses.read(body, { id: 'id', arrivedAt: 0, caller: CALLER });
    const resumed = inbound.memory!.resume([{ type: 'message', role: 'user', content: 'earlier Ann' }]);
    expectSameTexts(resumed);
    expect(resumed.sentTexts().map(({ text }) => text)).toEqual(['earlier Ann', 'Ann']);
  });
});
