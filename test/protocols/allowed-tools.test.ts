import { describe, expect, it } from 'vitest';
import { anthropicMessages } from '#protocols/anthropic/messages.js';
import { openaiChat } from '#protocols/openai/chat.js';
import type { Protocol } from '#protocols/protocol.js';
import { openaiResponses } from '#protocols/responses/responses.js';
import { Translation } from '#protocols/translation.js';
import { envelope, head } from '../contracts/protocol.js';

const terms = { servedModel: 'm', defaultMaxTokens: 4096, streamUsage: true };
const NAMES = ['look', 'write', 'mail'];

/** What an engine is sent for a request of the client's API, and what is lost. */
function sent(client: Protocol, engine: Protocol, body: object) {
  const said = {
    model: 'm',
    ...(client === openaiChat ? { messages: [{ role: 'user', content: 'hi' }] } : { input: 'hi' }),
  };
  const inbound = client.read(Buffer.from(JSON.stringify({ ...said, ...body })), envelope);
  const { body: bytes, lost } = new Translation(inbound, engine, terms, {}, head);
  return { body: JSON.parse(bytes.toString()), lost };
}

const chatTool = (name: string) => ({ type: 'function', function: { name, parameters: { type: 'object' } } });
const responsesTool = (name: string) => ({ type: 'function', name, parameters: { type: 'object' } });
const fromChat = (mode: string, names: readonly string[]) => ({
  tools: NAMES.map(chatTool),
  tool_choice: {
    type: 'allowed_tools',
    allowed_tools: { mode, tools: names.map(name => ({ type: 'function', function: { name } })) },
  },
});
const fromResponses = (mode: string, names: readonly string[]) => ({
  tools: NAMES.map(responsesTool),
  tool_choice: { type: 'allowed_tools', mode, tools: names.map(name => ({ type: 'function', name })) },
});

type Asking = (mode: string, names: readonly string[]) => object;
const WAYS: readonly (readonly [Protocol, Protocol, Asking])[] = [
  [openaiChat, anthropicMessages, fromChat],
  [openaiChat, openaiResponses, fromChat],
  [openaiResponses, openaiChat, fromResponses],
  [openaiResponses, anthropicMessages, fromResponses],
];
const named = (tools: readonly { name?: string; function?: { name: string } }[]) =>
  tools.map(tool => tool.name ?? tool.function?.name);
const CHOICES: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  auto: { 'openai-chat': 'auto', 'openai-responses': 'auto', 'anthropic-messages': { type: 'auto' } },
  required: { 'openai-chat': 'required', 'openai-responses': 'required', 'anthropic-messages': { type: 'any' } },
  none: { 'openai-chat': 'none', 'openai-responses': 'none', 'anthropic-messages': { type: 'none' } },
};

describe.each(WAYS)('the tools that $name allows, on an engine of $name', (client, engine, asking) => {
  it.each(['auto', 'required'])('are the only ones it is sent, with the mode %s', mode => {
    const { body, lost } = sent(client, engine, asking(mode, ['mail', 'look']));
    expect(named(body.tools)).toEqual(['look', 'mail']);
    expect(body.tool_choice).toEqual(CHOICES[mode]![engine.name]);
    expect(lost).toEqual([]);
  });

  it('may be none: then none is called', () => {
    const { body, lost } = sent(client, engine, asking('auto', []));
    expect(named(body.tools)).toEqual(NAMES);
    expect(body.tool_choice).toEqual(CHOICES.none![engine.name]);
    expect(lost).toEqual([]);
  });

  it.each([[[]], [['unknown']]])('cannot be required where they are none of those there: %j', names => {
    expect(() => sent(client, engine, asking('required', names))).toThrow(
      expect.objectContaining({ code: 'request.unsupported', path: 'tool_choice' }),
    );
  });
});

describe('a call that the client forces', () => {
  it.each([
    [{ tools: [{ type: 'web_search' }], tool_choice: 'required' }],
    [{ tools: [{ type: 'web_search' }, responsesTool('look')], tool_choice: { type: 'function', name: 'mail' } }],
  ])('is refused where no such tool can be sent: %j', body => {
    for (const engine of [openaiChat, anthropicMessages]) {
      expect(() => sent(openaiResponses, engine, body)).toThrow(
        expect.objectContaining({ code: 'request.unsupported', path: 'tool_choice' }),
      );
    }
  });
});
