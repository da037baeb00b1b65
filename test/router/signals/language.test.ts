import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import type { SignalValue } from '#contract/signal.js';
import { language } from '#router/signals/language.js';
import { LANGUAGES } from '#router/signals/language-codes.js';
import { guessLanguage } from '#router/signals/language-guess.js';
import { readyLanguageModel } from '#router/signals/language-model.js';
import { message, profile, request } from '../support.js';
import { accepts, built, readOf } from './build.js';

const shared = process.env.WEIR_SHARED ?? fileURLToPath(new URL('../../../../shared', import.meta.url));
const sentences = join(shared, 'data/text/language-sentences.jsonl');

describe('before the model is there', () => {
  test('importing and building load nothing; the first text waits, a short one does not', async () => {
    const signal = built(language, 'fr');
    expect(readyLanguageModel()).toBeUndefined();
    const input = { request: request('bonjour'), profile: profile() };
    expect(signal.evaluate(input)).toMatchObject({ state: 'unknown' });
    expect(readyLanguageModel()).toBeUndefined();
    const waiting = signal.evaluate({ ...input, request: request('Qui est responsable de ce dommage ?') });
    expect(waiting).toBeInstanceOf(Promise);
    expect(await waiting).toMatchObject({ state: 'true', label: 'fr' });
  });
});

describe('with the model', () => {
  beforeAll(() => built(language, 'fr').prepare?.());

  test('a line that is asked about again is not read again, and another one does not get its language', () => {
    const [french, polish] = ['Qui est responsable de ce dommage ?', 'Kto jest odpowiedzialny za tę szkodę?'];
    const first = guessLanguage(french);
    expect(guessLanguage(french)).toBe(first);
    expect(first).toMatchObject({ language: 'fr' });
    expect(guessLanguage(polish)).toMatchObject({ language: 'pl' });
    expect(guessLanguage('ok')).toBeUndefined();
    expect(guessLanguage(french)).toEqual(first);
  });

  test.each([
    ['fr', 'Qui est responsable de ce dommage ?', 'true', 'fr'],
    ['fr', 'Who is liable for this damage?', 'false', 'en'],
    [['fr', 'de'], 'Wer haftet für diesen Schaden?', 'true', 'de'],
    [{}, 'Kto jest odpowiedzialny za tę szkodę?', 'true', 'pl'],
    ['zh', '帮我写一封邮件给老板', 'true', 'zh'],
    ['zh', '你好', 'true', 'zh'],
    ['ko', '안녕하세요 계약', 'true', 'ko'],
    ['th', 'อ่านสัญญานี้', 'true', 'th'],
    ['en', 'Please translate the word 合同 for me into English', 'true', 'en'],
    ['ja', 'この契約について教えて', 'true', 'ja'],
    ['fr', 'Qui est responsable\nde ce\n\ndommage ?', 'true', 'fr'],
  ])('%o on %s is %s, %s', (options, text, state, label) => {
    const value = readOf(language, options, text);
    expect(value).toMatchObject({ state, label });
    expect(value.evidence).toBe(`${label} ${value.score.toFixed(2)}`);
    expect(value.score).toBeGreaterThan(0.5);
  });

  test.each(['', 'ok', 'hi there', '12345 67890 +-*/ 12345', '\ud800\ud800', '你'])('%s is too short to tell', text => {
    expect(readOf(language, 'en', text)).toEqual({ state: 'unknown', score: 0, evidence: 'too short to tell' });
  });

  test('what the model is not sure of is unknown', () => {
    const text = 'lorem table voila bitte gracias';
    const sure = readOf(language, { min_confidence: 0 }, text) as SignalValue;
    expect(sure.state).toBe('true');
    const strict = readOf(language, { min_confidence: Math.min(1, sure.score + 0.01) }, text);
    expect(strict).toMatchObject({ state: 'unknown', score: sure.score });
    expect(strict.evidence).toMatch(/^too uncertain: /);
  });

  test('reads the scope it is told to', () => {
    const two = request({
      messages: [
        message('system', 'You are a helpful assistant to lawyers.'),
        message('user', 'Qui est responsable de ce dommage ?'),
      ],
    });
    expect(readOf(language, { any: ['en'], in: 'system' }, { request: two })).toMatchObject({ state: 'true' });
    expect(readOf(language, { any: ['en'] }, { request: two })).toMatchObject({ state: 'false', label: 'fr' });
  });

  test('tells at least 80 languages apart: of sentences of each, more than half', () => {
    const labelled = JSON.parse(readFileSync(join(import.meta.dirname, 'labelled/languages.json'), 'utf8')) as {
      sentences: Record<string, readonly string[]>;
    };
    const told = Object.entries(labelled.sentences).filter(([code, texts]) => {
      const right = texts.filter(text => (readOf(language, { min_confidence: 0 }, text) as SignalValue).label === code);
      return 2 * right.length > texts.length;
    });
    expect(told.length).toBeGreaterThanOrEqual(80);
  });

  test.skipIf(!existsSync(sentences))('is right where it is sure (needs the shared data)', () => {
    const common = new Set(['en', 'fr', 'de', 'es', 'it', 'nl', 'pl', 'ru', 'zh', 'ja', 'ar', 'hi', 'tr', 'vi', 'el']);
    let right = 0;
    let wrong = 0;
    for (const line of readFileSync(sentences, 'utf8').trim().split('\n')) {
      const { text, lang } = JSON.parse(line) as { text: string; lang: string };
      if (!common.has(lang)) continue;
      const { state, label } = readOf(language, {}, text);
      if (state === 'unknown') continue;
      if (label === lang) right++;
      else wrong++;
    }
    expect(right).toBeGreaterThan(1000);
    expect(wrong / (right + wrong)).toBeLessThan(0.02);
  });
});

test('only languages the model knows are taken', () => {
  expect(new Set(LANGUAGES).size).toBe(174);
  expect(accepts(language, 'french')).toBe(false);
  expect(accepts(language, [])).toBe(false);
  expect(accepts(language, ['fr', 'xx'])).toBe(false);
  expect(accepts(language, { any: ['fr'], min_confidence: 2 })).toBe(false);
});
