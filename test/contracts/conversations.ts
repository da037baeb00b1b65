import fc from 'fast-check';
import type { ContentPart, Message } from '#contract/request.js';
import type { Answer, AnswerPart, AnswerUsage } from '#protocols/neutral/answer.js';
import type { Conversation, Tool } from '#protocols/neutral/conversation.js';

/** Text of all kinds, line breaks and surrogates among it, and never blank: some APIs refuse blank text. */
export const words = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 20 })
  .map(text => `a${text.replace(/\0/g, '')}`);
const name = fc.stringMatching(/^[a-z_]{1,12}$/);
const callId = fc.stringMatching(/^call_[a-z0-9]{1,8}$/);
const args = fc.dictionary(name, fc.oneof(words, fc.integer(), fc.boolean())).map(value => JSON.stringify(value));
const image = fc.constantFrom('data:image/png;base64,iVBORw0KGgo=', 'https://example.com/a.png');

const userParts: fc.Arbitrary<ContentPart[]> = fc.array(
  fc.oneof(
    words.map((text): ContentPart => ({ type: 'text', text })),
    image.map((source): ContentPart => ({ type: 'image', source })),
  ),
  { minLength: 1, maxLength: 3 },
);

/** A user's question, and maybe a call of a tool with its result. */
const exchange: fc.Arbitrary<Message[]> = fc
  .record({ user: userParts, said: words, call: fc.option(fc.record({ id: callId, name, args, result: words })) })
  .map(({ user, said, call }) => {
    const answer: ContentPart[] = [{ type: 'text', text: said }];
    if (call === null)
      return [
        { role: 'user', content: user },
        { role: 'assistant', content: answer },
      ];
    const { id, result } = call;
    return [
      { role: 'user', content: user },
      { role: 'assistant', content: [...answer, { type: 'tool_call', id, name: call.name, arguments: call.args }] },
      { role: 'tool', content: [{ type: 'tool_result', id, text: result, failed: false }] },
    ];
  });

const tool: fc.Arbitrary<Tool> = fc.record({
  name,
  description: words,
  parameters: fc.constantFrom(
    { type: 'object', properties: {} },
    { type: 'object', properties: { a: { type: 'string' } } },
  ),
});

/** Conversations that every API can carry whole. */
export const conversations: fc.Arbitrary<Conversation> = fc
  .record({
    system: fc.option(words),
    exchanges: fc.array(exchange, { minLength: 1, maxLength: 3 }),
    tools: fc.uniqueArray(tool, { selector: ({ name: key }) => key, minLength: 1, maxLength: 3 }),
    toolChoice: fc.constantFrom({ kind: 'auto' as const }, { kind: 'required' as const }, undefined),
    parallelTools: fc.constantFrom(false, undefined),
    maxOutputTokens: fc.integer({ min: 16, max: 100_000 }),
    temperature: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
    topP: fc.option(fc.double({ min: 0.01, max: 0.99, noNaN: true }), { nil: undefined }),
    stream: fc.boolean(),
    user: fc.option(words, { nil: undefined }),
  })
  .map(({ system, exchanges, ...rest }) => {
    const first: Message[] = system === null ? [] : [{ role: 'system', content: [{ type: 'text', text: system }] }];
    const defined = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
    return {
      ...(defined as unknown as Omit<Conversation, 'model' | 'messages' | 'n' | 'metadata' | 'foreign'>),
      model: 'm',
      messages: [...first, ...exchanges.flat()],
      n: 1,
      metadata: {},
      foreign: [],
    };
  });

const usage: fc.Arbitrary<AnswerUsage> = fc
  .record({ fresh: fc.nat(100_000), cached: fc.nat(100_000), out: fc.nat(100_000) })
  .map(({ fresh, cached, out }) => ({ promptTokens: fresh + cached, cachedTokens: cached, completionTokens: out }));

const call: fc.Arbitrary<AnswerPart> = fc
  .record({ id: callId, name, args })
  .map(({ id, name: called, args: given }) => ({ type: 'tool_call', id, name: called, arguments: given }));

/** Answers that every API can carry whole: a text, maybe calls behind it. */
export const answers: fc.Arbitrary<Answer> = fc
  .record({
    text: words,
    calls: fc.uniqueArray(call, { selector: part => (part.type === 'tool_call' ? part.id : ''), maxLength: 3 }),
    cut: fc.boolean(),
    usage,
  })
  .map(({ text, calls, cut, usage: counted }) => ({
    parts: [{ type: 'text', text }, ...calls],
    finish: cut ? 'length' : calls.length > 0 ? 'tool_calls' : 'stop',
    usage: counted,
    foreign: [],
  }));

/** Where a text of `length` bytes is cut into chunks. */
export const cuts = fc.array(fc.nat(400), { maxLength: 40 });

export function chunksOf(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  let from = 0;
  for (const size of sizes) {
    if (from >= bytes.length) break;
    chunks.push(bytes.subarray(from, from + size));
    from += size;
  }
  if (from < bytes.length) chunks.push(bytes.subarray(from));
  return chunks;
}
