import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { messagesForm } from '#protocols/anthropic/answer-form.js';
import { GuardChain } from '#protocols/guards/guard-chain.js';

/** A guard that says every text in capitals, and notes what it has seen. */
function chain(seen: string[] = []): GuardChain {
  const guard = {
    text: ({ kind }: { kind: string }, text: string) => {
      seen.push(`${kind}: ${text}`);
      return text.toUpperCase();
    },
    close: () => '',
    end: () => undefined,
  };
  return new GuardChain([{ name: 'capitals', holds: false, guard: () => guard }], 'm', () => 0);
}

/** Arrays and objects in turn, `depth` of them, about a value. */
function nested(value: unknown, depth: number): unknown {
  let out = value;
  for (let i = 0; i < depth; i++) out = i % 2 === 0 ? [out] : { a: out };
  return out;
}

const called = (input: unknown, type = 'tool_use') => ({ type, id: 't', name: 'f', input });

function whole(block: object): unknown {
  return (messagesForm.whole({ content: [block] }, chain()).content as unknown[])[0];
}

function streamed(block: object): unknown {
  const event = { type: 'content_block_start', index: 0, content_block: block };
  const out = messagesForm.stream(chain(), 1).event({ name: 'content_block_start', data: JSON.stringify(event) });
  return JSON.parse(/^data: (.*)$/m.exec(out)![1]!).content_block;
}

describe('the input of a tool in an answer of Messages', () => {
  it.each([
    ['whole', whole],
    ['at the start of its block', streamed],
  ])('passes the guards however deep it nests, %s', (_, through) => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 400 }), depth => {
        const given = called({ path: nested('secret', depth), n: 1, none: null });
        expect(through(given)).toEqual(called({ path: nested('SECRET', depth), n: 1, none: null }));
      }),
      { numRuns: 50, examples: [[61], [62], [63], [64], [65], [200]] },
    );
  });

  it.each([
    ['whole', whole],
    ['at the start of its block', streamed],
  ])('passes them whoever runs the tool and whatever value it is, %s', (_, through) => {
    expect(through(called({ query: 'secret' }, 'server_tool_use'))).toEqual(
      called({ query: 'SECRET' }, 'server_tool_use'),
    );
    expect(through(called(['secret']))).toEqual(called(['SECRET']));
    expect(through(called('secret'))).toEqual(called('SECRET'));
    expect(through({ type: 'redacted_thinking', data: 'sealed' })).toEqual({
      ...{ type: 'redacted_thinking', data: 'sealed' },
    });
  });

  it('is told to guards as input, each text by itself', () => {
    const seen: string[] = [];
    messagesForm.whole({ content: [called({ a: 'one', b: ['two'] })] }, chain(seen));
    expect(seen).toEqual(['input: one', 'input: two']);
  });
});
