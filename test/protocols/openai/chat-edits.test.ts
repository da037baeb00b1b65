import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Caller } from '#contract/request.js';
import type { RouteParameters } from '#contract/route.js';
import { openaiChat } from '#protocols/openai/chat.js';

const caller: Caller = { address: '127.0.0.1', headers: {} };
const envelope = { id: 'req_1', arrivedAt: 0, caller };

function forwarded(body: object, model: string, parameters: RouteParameters = {}, injectUsage = false): unknown {
  const inbound = openaiChat.read(Buffer.from(JSON.stringify(body)), envelope);
  return JSON.parse(inbound.bodyFor(model, parameters, injectUsage).toString('utf8'));
}

const user = { role: 'user', content: 'hi "model": ' };

describe('what an engine is sent', () => {
  it('is the very bytes of the client when nothing changes', () => {
    const bytes = Buffer.from(
      '{ "model":"small",\n "messages":[{"role":"user","content":"héllo"}],"seed":12345678901234567890}',
    );
    expect(openaiChat.read(bytes, envelope).bodyFor('small', {}, false)).toBe(bytes);
  });

  it('has the served name and every other field as it came', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.string({ unit: 'grapheme' }), (extra, content) => {
        const { stream: _, n: __, tools: ___, max_tokens: ____, max_completion_tokens: _____, ...rest } = extra;
        const body = { ...rest, messages: [{ role: 'user', content }], model: 'auto' };
        expect(forwarded(body, 'org/served')).toEqual({ ...JSON.parse(JSON.stringify(body)), model: 'org/served' });
      }),
    );
  });

  it('asks for usage without losing other stream options', () => {
    const body = { model: 'm', messages: [user], stream: true };
    expect(forwarded(body, 'm', {}, true)).toEqual({ ...body, stream_options: { include_usage: true } });
    const asked = { ...body, stream_options: { continuous_usage_stats: false } };
    expect(forwarded(asked, 'm', {}, true)).toEqual({
      ...body,
      stream_options: { continuous_usage_stats: false, include_usage: true },
    });
  });

  it('takes parameters of the decision', () => {
    const body = { model: 'm', messages: [user], temperature: 1 };
    expect(forwarded(body, 'm', { temperature: 0.2, reasoningEffort: 'high' })).toEqual({
      ...body,
      temperature: 0.2,
      reasoning_effort: 'high',
    });
  });

  it.each([
    [{}, { max_tokens: 100 }],
    [{ max_tokens: 50 }, { max_tokens: 50 }],
    [{ max_tokens: 500 }, { max_tokens: 100 }],
    [{ max_completion_tokens: 500 }, { max_completion_tokens: 100 }],
  ])('caps the output of %j to %j', (asked, expected) => {
    const body = { model: 'm', messages: [user] };
    expect(forwarded({ ...body, ...asked }, 'm', { maxOutputTokens: 100 })).toEqual({ ...body, ...expected });
  });

  const own = { role: 'system', content: 'own' };
  const put = { role: 'system', content: 'put "it"' };
  it.each([
    ['prepend', [user], [put, user]],
    ['prepend', [own, user], [put, own, user]],
    ['append', [own, user], [own, put, user]],
    ['append', [user], [put, user]],
    ['append', [own], [own, put]],
    ['replace', [own, user, own], [put, user]],
    ['replace', [own], [put]],
  ] as const)('can %s a system prompt', (mode, messages, expected) => {
    const body = { model: 'm', messages };
    expect(forwarded(body, 'm', { systemPrompt: { mode, text: 'put "it"' } })).toEqual({
      model: 'm',
      messages: expected,
    });
  });
});

describe('what a client may send', () => {
  it.each([
    ['{', 'request.not_json', undefined],
    ['[]', 'request.invalid', ''],
    ['{}', 'request.invalid', 'model'],
    ['{"model":"m"}', 'request.invalid', 'messages'],
    ['{"model":"m","messages":[]}', 'request.invalid', 'messages'],
    ['{"model":"m","messages":["x"]}', 'request.invalid', 'messages[0]'],
    ['{"model":"m","messages":[{"role":"robot"}]}', 'request.invalid', 'messages[0].role'],
    ['{"model":"m","messages":[{"role":"user","content":7}]}', 'request.invalid', 'messages[0].content'],
    [
      '{"model":"m","messages":[{"role":"user","content":[{"text":"x"}]}]}',
      'request.invalid',
      'messages[0].content[0].type',
    ],
    ['{"model":"m","messages":[{"role":"user","content":"x"}],"stream":1}', 'request.invalid', 'stream'],
    ['{"model":"m","messages":[{"role":"user","content":"x"}],"n":0}', 'request.invalid', 'n'],
    ['{"model":"m","messages":[{"role":"user","content":"x"}],"max_tokens":-1}', 'request.invalid', 'max_tokens'],
  ])('%s is %s at %s', (text, code, path) => {
    expect(() => openaiChat.read(Buffer.from(text), envelope)).toThrow(expect.objectContaining({ code, path }));
  });

  it('never throws anything but an error of the catalogue', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (messages, extra) => {
        const body = { model: 'm', messages, tools: extra, stream_options: extra, metadata: extra, user: extra };
        try {
          openaiChat.read(Buffer.from(JSON.stringify(body)), envelope).bodyFor('x', {}, true);
        } catch (error) {
          expect(error).toMatchObject({ name: 'WeirError' });
        }
      }),
    );
  });

  it('reads tools, calls, results and images', () => {
    const { request } = openaiChat.read(
      Buffer.from(
        JSON.stringify({
          model: 'm',
          user: 'u1',
          metadata: { plan: 'gold', n: 1 },
          tools: [{ type: 'function', function: { name: 'f', description: 'd', parameters: { type: 'object' } } }],
          messages: [
            { role: 'developer', content: 'be brief' },
            {
              role: 'user',
              content: [
                { type: 'text', text: 'look' },
                { type: 'image_url', image_url: { url: 'data:x' } },
              ],
            },
            { role: 'assistant', content: null, tool_calls: [{ id: 'c', function: { name: 'f', arguments: '{}' } }] },
            { role: 'tool', tool_call_id: 'c', content: 'result' },
          ],
        }),
      ),
      envelope,
    );
    expect(JSON.parse(JSON.stringify(request.messages))).toEqual([
      { role: 'system', content: [{ type: 'text', text: 'be brief' }] },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'look' },
          { type: 'image', source: 'data:x' },
        ],
      },
      { role: 'assistant', content: [{ type: 'tool_call', id: 'c', name: 'f', arguments: '{}' }] },
      { role: 'tool', content: [{ type: 'tool_result', id: 'c', text: 'result', failed: false }] },
    ]);
    expect(request.tools).toEqual([{ name: 'f', description: 'd', parameters: { type: 'object' } }]);
    expect(request.caller.user).toBe('u1');
    expect(request.metadata).toEqual({ plan: 'gold' });
  });

  const WORDS = ['plain', 'naïve — “quoted”', '日本語 🌊', 'a "b" \\ \n'];

  it.each(WORDS)('reads %j alike in bytes and in escapes, and gives it back after it was let go', said => {
    const messages = [
      { role: 'system', content: said },
      { role: 'user', content: [{ type: 'text', text: said }] },
      { role: 'tool', tool_call_id: said, content: said },
    ];
    const bytes = JSON.stringify({ model: 'auto', user: said, metadata: { said }, messages });
    const escaped = bytes.replace(/[^\x20-\x7e]/gu, char =>
      [...Array(char.length).keys()].map(i => `\\u${char.charCodeAt(i).toString(16).padStart(4, '0')}`).join(''),
    );
    for (const text of [bytes, escaped, bytes.replace('"auto"', '"\\u0061uto"')]) {
      const inbound = openaiChat.read(Buffer.from(text), envelope);
      const { request } = inbound;
      const read = () => request.messages.map(message => message.content.map(part => 'text' in part && part.text));
      expect(read()).toEqual([[said], [said], [said]]);
      expect([request.model, request.caller.user, request.metadata.said]).toEqual(['auto', said, said]);
      expect(request.promptBytes).toBe(3 * Buffer.byteLength(said));
      const parameters = { systemPrompt: { mode: 'replace', text: 'Sei kurz — bitte' } } as const;
      const sent = JSON.parse(inbound.bodyFor('größer', parameters, true).toString('utf8')) as Record<string, unknown>;
      expect(sent).toEqual({
        ...(JSON.parse(bytes) as object),
        model: 'größer',
        stream_options: { include_usage: true },
        messages: [{ role: 'system', content: 'Sei kurz — bitte' }, ...messages.slice(1)],
      });
      expect(read()).toEqual([[said], [said], [said]]);
    }
  });

  it('refuses what is no UTF-8', () => {
    const bytes = Buffer.from('{"model":"m","messages":[{"role":"user","content":"\xff"}]}', 'latin1');
    expect(() => openaiChat.read(bytes, envelope)).toThrow(expect.objectContaining({ code: 'request.not_json' }));
  });
});
