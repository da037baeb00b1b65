import { describe, expect, test } from 'vitest';
import type { AnswerGuardMaker, AnswerTextKind } from '#contract/answer-guard.js';
import { confidenceJudge } from '#router/strategy/judges/confidence.js';
import { distinctRuns, formJudge } from '#router/strategy/judges/form.js';
import { MOST_CHARS } from '#router/strategy/judges/judge.js';
import { refusalJudge } from '#router/strategy/judges/refusal.js';
import { validJudge } from '#router/strategy/judges/valid.js';

type Text = readonly [AnswerTextKind, string];

/** Leads texts past a judge in pieces. @returns what it says; `undefined` when it has nothing to say. */
function judge(maker: AnswerGuardMaker, ...texts: readonly Text[]) {
  const guard = maker.guard('m');
  for (const [at, [kind, text]] of texts.entries()) {
    const block = { key: String(at), kind };
    for (let i = 0; i < text.length; i += 7) expect(guard.text(block, text.slice(i, i + 7))).toBe(text.slice(i, i + 7));
    expect(guard.close(block)).toBe('');
  }
  return guard.end()?.doubts;
}

const words = (count: number, every = count) => Array.from({ length: count }, (_, i) => `w${i % every}`).join(' ');

describe('form', () => {
  test('distinct-4 is the share of different runs of four words', () => {
    expect(distinctRuns(words(100))).toBe(1);
    expect(distinctRuns(words(103, 10))).toBe(0.1);
    expect(distinctRuns(words(31, 1))).toBe(1);
  });

  test('doubts what is empty or goes round in circles, not calls of tools', () => {
    const form = formJudge(0.5);
    expect(judge(form)).toBe(true);
    expect(judge(form, ['thinking', 'hm'], ['text', ' \n'])).toBe(true);
    expect(judge(form, ['text', 'Yes.'])).toBe(false);
    expect(judge(form, ['text', words(200, 20)])).toBe(true);
    expect(judge(form, ['arguments', '{}'])).toBe(false);
  });
});

describe('refusal', () => {
  test.each([
    "I'm sorry, but I can't help with that.",
    'I’m sorry, I cannot assist with this request.',
    'Unfortunately, I am unable to answer this.',
    'I cannot provide medical advice.',
    "I don't know the answer to that.",
    'As an AI language model, I cannot have opinions.',
  ])('%s', text => expect(judge(refusalJudge, ['text', text])).toBe(true));

  test.each([
    'Sorry for the delay: the answer is 4.',
    'You cannot divide by zero.',
    'I can help: open the window. If you cannot, call me.',
    'The knight said: I cannot yield.',
    '',
  ])('not: %s', text => expect(judge(refusalJudge, ['text', text])).toBe(false));

  test('what the API calls a refusal', () => expect(judge(refusalJudge, ['refusal', 'No.'])).toBe(true));
});

describe('valid', () => {
  test('looks at texts that were asked for in a structure, and at arguments', () => {
    expect(judge(validJudge(true), ['text', '{"a": [1, 2]}'])).toBe(false);
    expect(judge(validJudge(true), ['text', '{"a": [1, 2'])).toBe(true);
    expect(judge(validJudge(false), ['text', '{"a": [1, 2'])).toBeUndefined();
    expect(judge(validJudge(false), ['arguments', '{"a": 1'])).toBe(true);
    expect(judge(validJudge(false), ['arguments', '{"a": 1}'], ['arguments', ''])).toBe(false);
  });

  test('says nothing of what is too long to be read whole', () => {
    expect(judge(validJudge(true), ['text', `"${'x'.repeat(MOST_CHARS)}"`])).toBeUndefined();
  });
});

test('confidence is the geometric mean of the probabilities', () => {
  const sure = (least: number, ...values: readonly number[]) => {
    const guard = confidenceJudge(least).guard('m');
    for (const value of values) guard.logprobs?.([value]);
    return guard.end();
  };
  expect(sure(0.5)).toBeUndefined();
  expect(sure(0.5, Math.log(0.4), Math.log(0.9))).toMatchObject({ doubts: false, note: '0.60' });
  expect(sure(0.61, Math.log(0.4), Math.log(0.9))).toMatchObject({ doubts: true });
  expect(sure(0.5, Number.NEGATIVE_INFINITY)).toBeUndefined();
});
