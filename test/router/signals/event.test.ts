import { describe, expect, test } from 'vitest';
import { event } from '#router/signals/event.js';
import { levelOf, readSeverity, SEVERITIES } from '#router/signals/event-severity.js';
import { readTimestamp } from '#router/signals/timestamp.js';
import { VirtualClock } from '../../support/virtual-clock.js';
import { request } from '../support.js';
import { accepts, problemsOf, readOf } from './build.js';

const NOW = new VirtualClock().wall();
const inMinutes = (minutes: number) => new Date(NOW + minutes * 60_000).toISOString();
const said = (metadata: Record<string, string>, headers: Record<string, string> = {}) => ({
  request: request({ metadata, caller: { address: '::1', headers } }),
});

test.each([
  [{ types: ['incident'] }, { event_type: 'Incident' }, 'true', 0, 'incident'],
  [{ types: ['payment.*'] }, { event_type: 'payment.failed' }, 'true', 0, 'payment.failed'],
  [{ types: ['payment.*'] }, { event_type: 'payments' }, 'false', 0, 'payments'],
  [{ types: ['incident'] }, {}, 'false', 0, undefined],
  [{ actions: ['page'] }, { event_action: 'PAGE' }, 'true', 0, undefined],
  [{ severity: { at_least: 'error' } }, { event_severity: 'CRIT' }, 'true', 6, undefined],
  [{ severity: { at_least: 'error' } }, { event_severity: 'warn' }, 'false', 4, undefined],
  [{ severity: { at_most: 'info' } }, { event_severity: 'info' }, 'true', 2, undefined],
  [{ severity: { at_least: 'error' } }, { event_severity: 'purple' }, 'unknown', 0, undefined],
  [{ severity: { at_least: 'error' } }, {}, 'false', 0, undefined],
  [{ types: ['a'], severity: { at_least: 'error' } }, { event_type: 'b', event_severity: 'purple' }, 'false', 0, 'b'],
  [{ deadline: true }, { event_deadline: 'soon' }, 'true', 0, undefined],
  [{ deadline: false }, {}, 'true', 0, undefined],
  [{ deadline: false }, { event_deadline: inMinutes(1) }, 'false', 0, undefined],
  [{ deadline: { within: '15m' } }, { event_deadline: inMinutes(15) }, 'true', 0, undefined],
  [{ deadline: { within: '15m' } }, { event_deadline: inMinutes(16) }, 'false', 0, undefined],
  [{ deadline: { within: '15m' } }, { event_deadline: inMinutes(-16) }, 'true', 0, undefined],
  [{ deadline: { within: '15m', overdue: false } }, { event_deadline: inMinutes(-1) }, 'false', 0, undefined],
  [{ deadline: { overdue: true } }, { event_deadline: inMinutes(-1) }, 'true', 0, undefined],
  [{ deadline: { within: '15m' } }, { event_deadline: 'tomorrow' }, 'unknown', 0, undefined],
])('%o of %o is %s', (options, metadata, state, score, label) => {
  const value = readOf(event, options, said(metadata as Record<string, string>));
  expect(value).toMatchObject({ state, score });
  expect(value.label).toBe(label);
});

test('metadata come before headers, and both can be named otherwise', () => {
  const headers = { 'x-event-type': 'header', 'x-ops-alert-type': 'other' };
  expect(readOf(event, { types: ['*'] }, said({}, headers)).label).toBe('header');
  expect(readOf(event, { types: ['*'] }, said({ event_type: 'field' }, headers)).label).toBe('field');
  expect(readOf(event, { types: ['*'], prefix: 'ops_alert' }, said({}, headers)).label).toBe('other');
});

test('the evidence is what decided', () => {
  const options = { types: ['a'], severity: { at_least: 'error' } };
  expect(readOf(event, options, said({ event_type: 'a', event_severity: 'low' })).evidence).toBe(
    'event_severity "low"',
  );
  expect(readOf(event, options, said({ event_type: 'a', event_severity: 'high' })).evidence).toBe('event_type "a"');
  expect(readOf(event, options, said({ event_severity: 'x' })).evidence).toBe('event_type absent');
});

describe('reading', () => {
  test('every severity has its level and other names', () => {
    for (const severity of SEVERITIES) expect(readSeverity(severity.toUpperCase())).toBe(levelOf(severity));
    expect(['SEV-1', 'p2', ' Fatal ', 'high', 'panic'].map(readSeverity)).toEqual([6, 5, 6, 5, 8]);
    expect(['', 'constructor', '3'].map(readSeverity)).toEqual([undefined, undefined, undefined]);
  });

  test.each([
    ['2026-01-02T03:04:05Z', Date.UTC(2026, 0, 2, 3, 4, 5)],
    ['2026-01-02 03:04:05.5+01:30', Date.UTC(2026, 0, 2, 1, 34, 5, 500)],
    ['2026-01-02T03:04-0800', Date.UTC(2026, 0, 2, 11, 4)],
    ['1767323045', Date.UTC(2026, 0, 2, 3, 4, 5)],
    ['1767323045000', Date.UTC(2026, 0, 2, 3, 4, 5)],
    ['2026-01-02T03:04:05', undefined],
    ['2026-13-02T03:04:05Z', undefined],
    ['2026-01-02', undefined],
    ['17', undefined],
    ['', undefined],
  ])('the time %s', (text, time) => {
    expect(readTimestamp(text)).toBe(time);
  });
});

test('what cannot be is a problem', () => {
  expect(problemsOf(event, { types: ['a', 'A'] })).toMatchObject([{ code: 'config.duplicate', path: ['types', 1] }]);
  expect(problemsOf(event, { severity: { at_least: 'alert', at_most: 'info' } })).toMatchObject([
    { code: 'config.range' },
  ]);
  expect(accepts(event, {})).toBe(false);
  expect(accepts(event, { severity: {} })).toBe(false);
  expect(accepts(event, { severity: { at_least: 'sever' } })).toBe(false);
  expect(accepts(event, { deadline: {} })).toBe(false);
  expect(accepts(event, { types: ['a'], prefix: 'X-' })).toBe(false);
});
