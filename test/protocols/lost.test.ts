import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { anthropicMessages } from '#protocols/anthropic/messages.js';
import { openaiChat } from '#protocols/openai/chat.js';
import type { Protocol } from '#protocols/protocol.js';
import { openaiResponses } from '#protocols/responses/responses.js';
import { Translation } from '#protocols/translation.js';
import { envelope, head } from '../contracts/protocol.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const terms = { servedModel: 'm', defaultMaxTokens: 4096, streamUsage: true };

function translation(client: Protocol, body: object, engine: Protocol): Translation {
  const inbound = client.read(Buffer.from(JSON.stringify(body)), envelope);
  return new Translation(inbound, engine, terms, {}, head);
}

const sse = (...events: object[]) => Buffer.from(events.map(event => `data: ${JSON.stringify(event)}\n\n`).join(''));
const chat = { model: 'm', messages: [{ role: 'user', content: 'hi' }], stream: true };

describe('what a conversion loses', () => {
  it('of a request is named', () => {
    const messages = {
      model: 'm',
      max_tokens: 9,
      messages: chat.messages,
      service_tier: 'standard_only',
      container: 'c_1',
    };
    expect(translation(anthropicMessages, messages, openaiChat).lost).toEqual(['service_tier', 'container']);
    const asked = { ...chat, seed: 1, logit_bias: { 1: 1 }, temperature: 2 };
    expect([...translation(openaiChat, asked, anthropicMessages).lost].sort()).toEqual([
      ...['logit_bias', 'seed', 'temperature'],
    ]);
  });

  it.each([
    [
      anthropicMessages,
      sse(
        { type: 'message_start', message: { usage: { input_tokens: 1, output_tokens: 1 } } },
        { type: 'content_block_start', index: 0, content_block: { type: 'server_tool_use', id: 's', name: 'search' } },
        { type: 'content_block_stop', index: 0 },
        { type: 'content_block_start', index: 1, content_block: { type: 'text', text: 'It rains.' } },
        { type: 'content_block_delta', index: 1, delta: { type: 'citations_delta', citation: { cited_text: 'x' } } },
        { type: 'content_block_stop', index: 1 },
        { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 3 } },
        { type: 'message_stop' },
      ),
      ['content.server_tool_use', 'citations'],
    ],
    [
      openaiResponses,
      sse(
        { type: 'response.output_item.added', output_index: 0, item: { type: 'web_search_call', id: 'w' } },
        { type: 'response.output_item.done', output_index: 0, item: { type: 'web_search_call', id: 'w' } },
        { type: 'response.output_item.added', output_index: 1, item: { type: 'message', id: 'm' } },
        { type: 'response.output_text.delta', output_index: 1, content_index: 0, delta: 'It rains.' },
        { type: 'response.output_text.annotation.added', output_index: 1, content_index: 0, annotation: {} },
        { type: 'response.completed', response: { status: 'completed', output: [] } },
      ),
      ['output.web_search_call', 'annotations'],
    ],
  ])('of a stream of $name is named at its end, and the text is whole', (engine, stream, names) => {
    const one = translation(openaiChat, chat, engine);
    const relay = one.relay();
    expect(String(relay.push(stream))).toContain('It rains.');
    expect(relay.end()).toMatchObject({ complete: true, error: undefined });
    expect(one.lost).toEqual(names);
  });

  it('is described by its name in docs/apis.md, all of it', () => {
    const page = readFileSync(join(root, 'docs/apis.md'), 'utf8');
    const found = new Set<string>();
    for (const file of readdirSync(join(root, 'src/protocols'), { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.ts')) continue;
      const source = readFileSync(join(root, 'src/protocols', file), 'utf8');
      // Names that are made as they are needed stand in the page as `tools.*`.
      for (const [, plain, made] of source.matchAll(/lost\.add\((?:'([^']+)'|`([^`$]+)\$\{)/g)) {
        found.add(plain ?? `${made}*`);
      }
    }
    expect(found.size).toBeGreaterThan(40);
    expect([...found].filter(name => !page.includes(`\`${name}\``))).toEqual([]);
  });
});
