import { describe, expect, test } from 'vitest';
import type { ContentPart, Message } from '#contract/request.js';
import { safetyPieces } from '#router/safety/pieces.js';
import { request } from '../support.js';

const text = (said: string, more: object = {}): ContentPart => ({ type: 'text', text: said, ...more });
const pieces = (...messages: Message[]) =>
  safetyPieces(request({ messages })).map(({ from, text: said, turn }) => `${from} ${turn} ${said}`);

describe('whose the texts of a request are', () => {
  test('what a user shows is not what the user says, and begins no turn', () => {
    const shown = text('title\n\nbody', { texts: ['title', 'body'], retrieved: true });
    expect(
      pieces(
        { role: 'user', content: [shown, text('sum it up')] },
        { role: 'assistant', content: [text('it says …')] },
        { role: 'user', content: [text('and this?'), shown] },
      ),
    ).toEqual([
      'content 0 title',
      'content 0 body',
      'user 0 sum it up',
      'user 1 and this?',
      'content 1 title',
      'content 1 body',
    ]);
  });

  test('what a tool gave in several parts is each of them', () => {
    const result = { type: 'tool_result', id: 'c', text: 'one\ntwo', texts: ['one', 'two'], failed: false } as const;
    expect(pieces({ role: 'user', content: [text('go')] }, { role: 'tool', content: [result] })).toEqual([
      'user 0 go',
      'content 0 one',
      'content 0 two',
    ]);
  });
});
