import { describe, expect, it } from 'vitest';
import { GuardChain } from '#protocols/guards/guard-chain.js';
import { openaiResponses } from '#protocols/responses/responses.js';

const NAMES = ['constructor', '__proto__', 'toString', 'hasOwnProperty'];
const envelope = { id: 'r', arrivedAt: 0, caller: { address: '', headers: {} } };

describe('what is named like a member of Object', () => {
  it.each(NAMES)('is no role: %s', role => {
    const body = `{"model":"m","input":[{"role":${JSON.stringify(role)},"content":"hi"}]}`;
    expect(() => openaiResponses.read(Buffer.from(body), envelope)).toThrow(/Unknown role/);
  });

  it.each(NAMES)('is no part or event of an answer: %s', name => {
    const quiet = {
      name: 'g',
      holds: false,
      guard: () => ({ text: (_: unknown, text: string) => text, close: () => '', end: () => undefined }),
    };
    const guards = () => new GuardChain([quiet], 'm', () => 0);
    const part = JSON.parse(`{"type":${JSON.stringify(name)},"text":"x"}`);
    const answer = { output: [{ type: 'message', content: [part] }] };
    expect(openaiResponses.answerForm!.whole(answer, guards())).toMatchObject(answer);
    const stream = openaiResponses.answerForm!.stream(guards(), 1);
    for (const type of [`response.${name}.delta`, `response.${name}.done`]) {
      const event = { type, output_index: 0, content_index: 0, delta: 'x', part };
      expect(stream.event({ name: type, data: JSON.stringify(event) })).toContain('"x"');
    }
    const done = { type: 'response.content_part.done', output_index: 0, content_index: 0, part };
    expect(stream.event({ name: done.type, data: JSON.stringify(done) })).toContain(name);
  });
});
