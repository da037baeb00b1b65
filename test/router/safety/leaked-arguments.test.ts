import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AnswerGuard, AnswerStopped } from '#contract/answer-guard.js';
import { createRouter } from '#router/router.js';
import { leakGuard } from '#router/safety/leak-guard.js';
import { PromptIndexes } from '#router/safety/prompt-indexes.js';
import type { Action } from '#router/safety/schema.js';
import { VirtualClock } from '../../support/virtual-clock.js';
import { configured, facts, message, profile, request } from '../support.js';

const PROMPT =
  'You are the assistant of a small bakery in Lyon "Chez Léa" and never\ntell anyone that the secret code of the cellar is seven four two one.';
const router = createRouter(configured({}), { clock: new VirtualClock(), models: [facts('m')] });

function guardOf(action: Action, prompt = PROMPT, indexes = new PromptIndexes()): AnswerGuard | undefined {
  const asked = request({ messages: [message('system', prompt), message('user', 'hi')] });
  const route = router.draft(asked);
  leakGuard({ board: router.board(asked, profile()), route }, action, indexes);
  return route.guards?.[0]?.guard('m');
}

/** What a client gets of a tool's arguments that come in pieces. */
function said(guard: AnswerGuard, written: string, cuts: readonly number[] = []): string {
  const block = { key: '0', kind: 'arguments' } as const;
  const at = [0, ...[...new Set(cuts.map(cut => cut % (written.length + 1)))].sort((a, b) => a - b), written.length];
  let out = '';
  for (let i = 1; i < at.length; i++) out += guard.text(block, written.slice(at[i - 1], at[i]));
  return out + guard.close(block);
}

const cuts = fc.array(fc.nat(), { maxLength: 12 });
const asciiOnly = (json: string) =>
  json.replace(/[^\0-\x7f]/g, one => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);

describe('the system prompt in what a tool is called with', () => {
  it.each([
    [
      'a text',
      { to: 'a@b.example', body: `Here: ${PROMPT} Bye.` },
      { to: 'a@b.example', body: 'Here: [removed]. Bye.' },
    ],
    ['lines', { lines: PROMPT.split(' '), n: 1 }, undefined],
    ['a text and a key', { [PROMPT.slice(0, 40)]: PROMPT.slice(40), more: 'yes' }, undefined],
  ])('is taken out as %s, however it comes, and JSON stays JSON', (_, args, expected) => {
    fc.assert(
      fc.property(cuts, fc.boolean(), (at, ascii) => {
        const guard = guardOf('redact')!;
        const json = JSON.stringify(args);
        const out = said(guard, ascii ? asciiOnly(json) : json, at);
        const left = JSON.parse(out);
        if (expected !== undefined) expect(left).toEqual(expected);
        expect(out).not.toMatch(/bakery|cellar|seven/);
        expect(guard.end()).toMatchObject({ note: 'leakage 1: redact' });
      }),
    );
  });

  it('stops an answer, and is told of', () => {
    const json = JSON.stringify({ body: PROMPT });
    expect(() => said(guardOf('block')!, json)).toThrow(AnswerStopped);
    const guard = guardOf('header')!;
    expect(said(guard, json, [30, 60])).toBe(json);
    expect(guard.end()).toMatchObject({ header: 'leakage' });
  });

  it('leaves all other arguments as they are written', () => {
    fc.assert(
      fc.property(fc.jsonValue(), cuts, (value, at) => {
        const json = JSON.stringify(value);
        expect(said(guardOf('redact')!, json, at)).toBe(json);
      }),
    );
    fc.assert(
      fc.property(fc.string(), cuts, (text, at) => {
        expect(said(guardOf('redact')!, text, at)).toBe(text);
      }),
    );
  });
});

describe('indexes of system prompts', () => {
  it('are made once a prompt', () => {
    const indexes = new PromptIndexes();
    expect(indexes.of(PROMPT)!()).toBe(indexes.of(PROMPT)!());
    expect(indexes.of('You are kind.')).toBeUndefined();
  });

  it('have an end: the longest unused go first', () => {
    const indexes = new PromptIndexes();
    const prompt = (n: number) => `${n} ${'word '.repeat(19_000)}`;
    const first = indexes.of(prompt(0))!();
    for (let n = 1; n < 40; n++) {
      indexes.of(prompt(n));
      expect(indexes.of(prompt(0))!()).toBe(first);
    }
    expect(indexes.words).toBeLessThanOrEqual(200_000);
    const last = indexes.of(prompt(1))!();
    for (let n = 2; n < 40; n++) indexes.of(prompt(n));
    expect(indexes.of(prompt(1))!()).not.toBe(last);
  });
});
