import { expect, test } from 'vitest';
import { sessionPlace } from '#router/signals/session-place.js';
import { workload } from '#router/signals/workload.js';
import { profile } from '../support.js';
import { accepts, problemsOf, readOf } from './build.js';

const agent = {
  profile: {
    ...profile({ turn: 7, p50: 300 }),
    archetype: 'agent',
    session: 'k=team/abc',
    heaviness: 'prefill',
  } as const,
};

test.each([
  [{ archetype: 'agent' }, 'true', 1, 'agent'],
  [{ archetype: 'chat' }, 'false', 0, 'agent'],
  [{ archetype: true }, 'true', 1, 'agent'],
  [{ warmth: 'warm' }, 'false', 0, 'cold'],
  [{ heaviness: ['prefill', 'balanced'] }, 'true', 1, 'prefill'],
  [{ modality: 'image' }, 'false', 0, 'text'],
  [{ turn: { above: 6 } }, 'true', 7, undefined],
  [{ turn: { above: 6, below: 7 } }, 'false', 7, undefined],
  [{ output_tokens: { above: 299 } }, 'true', 300, undefined],
  [{ output_tokens_p75: { below: '1k' } }, 'true', 600, undefined],
  [{ session: ['k=team/abc'] }, 'true', 1, 'k=team/abc'],
  [{ session: ['k=team/xyz'] }, 'false', 0, 'k=team/abc'],
  [{ application: true }, 'false', 0, ''],
  [{ archetype: 'agent', turn: { above: 10 } }, 'false', 1, 'agent'],
])('%o is %s', (options, state, score, label) => {
  const checked = 'turn' in options && options.turn !== undefined && 'below' in options.turn ? [1] : [];
  expect(problemsOf(workload, options)).toHaveLength(checked.length);
  const value = readOf(workload, options, agent);
  expect(value).toMatchObject({ state, score });
  expect(value.label).toBe(label);
});

test('what decided is said', () => {
  expect(readOf(workload, { archetype: 'agent', turn: { above: 10 } }, agent).evidence).toBe('turn 7');
  expect(readOf(workload, { archetype: 'agent', turn: { above: 5 } }, agent).evidence).toBe('archetype agent');
});

test('a share of the sessions is always the same ones, and about that share', () => {
  const places = Array.from({ length: 20_000 }, (_, i) => sessionPlace(`k=team/session-${i}`));
  for (const share of [0.01, 0.05, 0.5]) {
    const found = places.filter(place => place < share).length / places.length;
    // Four standard deviations of a fair draw.
    expect(Math.abs(found - share)).toBeLessThan(4 * Math.sqrt((share * (1 - share)) / places.length));
  }
  const { session } = agent.profile;
  const place = sessionPlace(session);
  expect(readOf(workload, { session: { share: Math.min(0.99, place + 0.001) } }, agent)).toMatchObject({
    state: 'true',
    score: place,
  });
  expect(readOf(workload, { session: { share: Math.max(0.0001, place - 0.001) } }, agent).state).toBe('false');
});

test('what nothing can be is a problem', () => {
  expect(problemsOf(workload, { turn: { above: 5, below: 6 } })).toMatchObject([
    { code: 'config.range', path: ['turn'] },
  ]);
  expect(problemsOf(workload, { output_tokens: {} })).toMatchObject([{ code: 'config.range' }]);
  expect(problemsOf(workload, { heaviness: ['decode', 'decode'] })).toMatchObject([
    { code: 'config.duplicate', path: ['heaviness', 1] },
  ]);
  expect(accepts(workload, {})).toBe(false);
  expect(accepts(workload, { archetype: 'agnet' })).toBe(false);
  expect(accepts(workload, { session: { share: 1 } })).toBe(false);
});
