import { describe, expect, test } from 'vitest';
import type { ContentPart, Message } from '#contract/request.js';
import { piecesIn, safetyPieces } from '#router/safety/pieces.js';
import { REMOVED, redaction } from '#router/safety/redaction.js';
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

  test('of very many, what is older is read together, and none of it is left out', () => {
    const filler = Array.from({ length: 1000 }, (_, at) => text(`filler ${at}`));
    const results = Array.from({ length: 300 }, (_, at): ContentPart => {
      return { type: 'tool_result', id: `c${at}`, text: `${at} `.padEnd(1000, 'x'), failed: false };
    });
    const found = safetyPieces(
      request({
        messages: [
          { role: 'user', content: [text('go')] },
          { role: 'tool', content: results },
          { role: 'user', content: [text('what nobody should miss'), ...filler] },
        ],
      }),
    );
    expect(found.length).toBeLessThanOrEqual(256);
    const said = found.flatMap(piece => piece.parts ?? [piece.text]);
    expect(new Set(said).size).toBe(1302);
    for (const piece of found) {
      expect(piece.text).toBe((piece.parts ?? [piece.text]).join('\n'));
      expect(piece.text.length).toBeLessThanOrEqual(65_536);
    }
    const last = piecesIn(found, 'last_user');
    expect(last.some(({ text: read }) => read.includes('what nobody should miss'))).toBe(true);
    expect(piecesIn(found, 'content').every(({ text: read }) => !read.includes('filler'))).toBe(true);
  });

  test('of very many turns the oldest are read together, and none of them is left out', () => {
    const turns = Array.from({ length: 600 }, (_, at): Message[] => [
      { role: 'user', content: [text(at === 0 ? 'what nobody should miss' : `turn ${at}`)] },
      { role: 'assistant', content: [text('yes')] },
    ]).flat();
    const found = safetyPieces(request({ messages: [...turns, { role: 'user', content: [text('and now')] }] }));
    expect(found.length).toBeLessThanOrEqual(256);
    const said = found.flatMap(piece => piece.parts ?? [piece.text]);
    expect(said).toHaveLength(601);
    expect(said).toContain('what nobody should miss');
    expect(piecesIn(found, 'last_user').map(({ text: read }) => read)).toEqual(['and now']);
  });

  test('what is found in texts that are read together is taken out of the one that it stands in', () => {
    const piece = {
      from: 'content',
      turn: 0,
      text: 'one\ntwo bad three\nbad',
      parts: ['one', 'two bad three', 'bad'],
    } as const;
    const finding = (start: number, end: number) =>
      ({ rule: 'injection', action: 'redact', score: 1, piece, start, end }) as const;
    const rewrite = redaction([finding(8, 11), finding(18, 21)]);
    expect(piece.parts.map(part => rewrite(part, 'text'))).toEqual(['one', `two ${REMOVED} three`, REMOVED]);
    const across = redaction([finding(12, 20)]);
    expect(piece.parts.map(part => across(part, 'text'))).toEqual(['one', `two bad ${REMOVED}`, `${REMOVED}d`]);
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
