import { describe, expect, test } from 'vitest';
import { SIGNAL_TYPES } from '#router/signals/registry.js';
import { signalContract } from '../../contracts/signal.js';
import { profile, request } from '../support.js';
import { built } from './build.js';

const OPTIONS: Readonly<Record<string, readonly unknown[]>> = {
  keyword: [
    { any: ['a', 'the', '学', 'é'], in: 'all' },
    { all: ['a', ' b c '], none: ['z'], in: 'user' },
    { regex: ['\\b\\w{2,5}\\b', '(a|b)+c*'], in: 'system' },
    { none: ['...'], case_sensitive: true },
  ],
  bm25: [
    { documents: { a: 'a the é', b: ['学', 'x y'] }, above: 0, in: 'all' },
    { documents: { one: 'z' }, above: 0.5, k1: 0, b: 0 },
  ],
  ngram: [
    { any: ['the', '学', 'é a'], in: 'all' },
    { any: ['a'], size: 2, above: 0 },
  ],
  fuzzy: [
    { any: ['abcde', '学校学校', 'é a'], in: 'all' },
    { any: ['abc'], edits: 1 },
  ],
  context: [{ above: 50 }, { below: 50 }],
  conversation: [{ turns: { above: 3 } }, { tool_calls: true, tool_loop: false, images: false }],
  structure: [
    { count: 'questions', in: 'all' },
    { density: 'uppercase', above: 0.1, in: 'all' },
    { exists: { regex: ['\\w{1,3}', 'x{0,2}'] }, in: 'all' },
    { sequence: ['digits', { keywords: ['a', 'é'] }, 'urls'], in: 'all' },
    ...['code_blocks', 'lists', 'numbered_steps', 'tables', 'words', 'sentences', 'lines'].map(count => ({
      count,
      in: 'all',
    })),
  ],
  reask: [{}, { above: 0, turns: 16 }],
  modality: [
    { wanted: ['image', 'audio'] },
    { given: ['image'], above: 0.8 },
    { given: ['audio', 'file'] },
    { wanted: ['image'], by: 'learned', above: 0.8, below: 0.1, when_busy: 'unknown' },
    { wanted: ['text', 'video'], given: ['file'], by: 'both' },
  ],
  workload: [{ turn: { above: 1 }, archetype: 'agent' }, { session: { share: 0.5 } }, { application: true }],
  event: [{ types: ['a*'], severity: { at_least: 'error' }, deadline: { within: '1h' } }, { deadline: false }],
  time: [{ zone: 'Europe/Berlin', windows: [{ days: ['mon'], from: '22:00', to: '06:00' }] }],
  metadata: [{ header: 'x-tier' }, { field: 'constructor' }, { caller: 'user', matches: '^(a|b)+$' }, { model: true }],
  language: ['fr', { in: 'all', min_confidence: 0.1 }],
  pii: ['email', ['card', 'iban'], { any: ['phone'], above: 1, in: 'all' }],
  route: ['refund', { any: ['refund', 'outage'], below: 0.1, in: 'all' }, {}],
  preference: ['code', { any: ['code', 'travel'], below: 0.1, in: 'all' }, {}],
  knowledge: ['handbook', { any: ['handbook', 'faq'], below: 0.1, in: 'all' }, {}],
  classifier: [{ name: 'own' }, { name: 'own', any: ['toxic'], above: 0.7, below: 0.2, in: 'all' }],
  factual: [{}, { above: 0.8, below: 0.3, in: 'user' }],
  feedback: [
    'wrong_answer',
    {},
    { any: ['satisfied', 'want_different'], above: 0.7, below: 0.1, when_busy: 'unknown' },
  ],
  jailbreak: [{}, { above: 0.9, in: 'all', when_busy: 'unknown' }],
  injection: [{}, { above: 0.9, in: 'user' }],
  unsafe: [{}, { above: 0.5, in: 'user' }],
  hazard: [{}, { any: ['iwp', 'vcr'], above: 0.2, in: 'all' }],
  disguise: [{}, { any: ['bidi', 'base64'], in: 'content' }],
  complexity: [{}, { above: 0.7, below: 0.2, in: 'all' }],
  domain: ['law', { any: ['computer science', 'math'], above: 0.7, below: 0.1, when_busy: 'wait', in: 'all' }],
};

describe('every signal', () => {
  for (const type of SIGNAL_TYPES) {
    const variants = OPTIONS[type.type] ?? [];
    test(`${type.type} is tried here and says what it means`, () => {
      expect(variants.length).toBeGreaterThan(0);
      expect(type.summary).not.toBe('');
      expect(type.scoreMeaning).not.toBe('');
      expect(type.cost.microseconds).toBeGreaterThan(0);
    });
    for (const [index, options] of variants.entries()) {
      signalContract(
        `${type.type} ${index + 1}`,
        () => built(type, options),
        given => ({ request: request(given), profile: profile() }),
      );
    }
  }
});
