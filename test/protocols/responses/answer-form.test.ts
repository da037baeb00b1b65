import { expect, it } from 'vitest';
import { GuardChain } from '#protocols/guards/guard-chain.js';
import { responsesForm } from '#protocols/responses/answer-form.js';

const guard = {
  text: (_: unknown, text: string) => text.toUpperCase(),
  close: () => '',
  repeated: (text: string) => `${text}!`,
  end: () => undefined,
};

function nested(value: unknown, depth: number): unknown {
  let out = value;
  for (let i = 0; i < depth; i++) out = i % 2 === 0 ? [out] : { a: out };
  return out;
}

it.each([0, 63, 64, 65, 400])(
  'what a shell is called with, and what repeats the request, is read %i levels deep',
  depth => {
    const answer = (action: string, tool: string) => ({
      output: [{ type: 'local_shell_call', id: 's', action: nested(action, depth) }],
      tools: nested(tool, depth),
    });
    const chain = new GuardChain([{ name: 'capitals', holds: false, guard: () => guard }], 'm', () => 0);
    expect(responsesForm.whole(answer('secret', 'tool'), chain)).toEqual(answer('SECRET', 'tool!'));
  },
);
