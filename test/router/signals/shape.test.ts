import { describe, expect, test } from 'vitest';
import { context } from '#router/signals/context.js';
import { conversation } from '#router/signals/conversation.js';
import { metadata } from '#router/signals/metadata.js';
import { message, profile, request } from '../support.js';
import { accepts, problemsOf, readOf } from './build.js';

describe('context', () => {
  test.each([
    [{ above: '8k' }, 8192, 'false'],
    [{ above: '8k' }, 8193, 'true'],
    [{ below: 10 }, 9, 'true'],
    [{ below: 10 }, 10, 'false'],
    [{ above: 5, below: 10 }, 7, 'true'],
    [{ above: 0 }, 0, 'false'],
  ])('%o at %i tokens is %s', (options, promptTokens, state) => {
    const value = readOf(context, options, { profile: profile({ promptTokens }) });
    expect(value).toEqual({ state, score: promptTokens, evidence: `${promptTokens} tokens` });
  });

  test('a range that nothing is in is a problem', () => {
    expect(problemsOf(context, { above: 10, below: 11 })).toMatchObject([{ code: 'config.range' }]);
    expect(problemsOf(context, { above: 10, below: 12 })).toEqual([]);
    expect(accepts(context, {})).toBe(false);
  });
});

describe('conversation', () => {
  const agent = request({
    messages: [
      message('user', 'go', { type: 'image', source: 'data:' }),
      message('assistant', { type: 'tool_call', id: '1', name: 'f', arguments: '{}' }),
      message('tool', { type: 'tool_result', id: '1', text: 'ok', failed: false }),
    ],
    tools: [{ name: 'f', description: '', parameters: {} }],
  });
  test.each([
    [{ turns: { above: 3 } }, 4, 'true', 4, 'turns 4'],
    [{ turns: { above: 3 } }, 3, 'false', 3, 'turns 3'],
    [{ turns: { above: 3 }, tools: true }, 4, 'true', 4, 'turns 4'],
    [{ tools: { above: 1 } }, 1, 'false', 1, 'tools 1'],
    [{ tools: false }, 1, 'false', 1, 'tools 1'],
    [{ messages: { below: 4 } }, 1, 'true', 3, 'messages 3'],
    [{ tool_calls: true }, 1, 'true', 1, 'tool_calls 1'],
    [{ tool_loop: true }, 1, 'true', 1, 'tool_loop 1'],
    [{ images: { above: 0 } }, 1, 'true', 1, 'images 1'],
    [{ images: true, tool_loop: false }, 1, 'false', 1, 'tool_loop 1'],
  ])('%o at turn %i is %s', (options, turn, state, score, evidence) => {
    const value = readOf(conversation, options, { request: agent, profile: profile({ turn }) });
    expect(value).toMatchObject({ state, evidence });
    expect(value.score).toBe(score);
  });

  test('the loop is over when the user speaks again', () => {
    const messages = [...agent.messages, message('user', 'thanks')];
    expect(readOf(conversation, { tool_loop: true }, { request: request({ messages }) }).state).toBe('false');
  });

  test('a range that nothing is in is a problem', () => {
    expect(problemsOf(conversation, { turns: { above: 3, below: 4 } })).toMatchObject([{ path: ['turns'] }]);
    expect(problemsOf(conversation, { turns: { below: 0 } })).toMatchObject([{ path: ['turns'] }]);
    expect(problemsOf(conversation, { turns: {} })).toMatchObject([{ path: ['turns'] }]);
    expect(problemsOf(conversation, { turns: { above: 3 }, tools: true })).toEqual([]);
    expect(accepts(conversation, {})).toBe(false);
  });
});

describe('metadata', () => {
  const asked = request({
    model: 'auto-fast',
    caller: { address: '10.0.0.7', key: 'team-a', headers: { 'x-tier': 'gold', 'x-level': '7' } },
    metadata: { project: 'apollo' },
  });
  test.each([
    [{ header: 'X-Tier', equals: 'gold' }, 'true', 1, 'gold'],
    [{ header: 'x-tier', equals: 'Gold' }, 'false', 1, 'gold'],
    [{ header: 'x-tier', in: ['silver', 'gold'] }, 'true', 1, 'gold'],
    [{ header: 'x-level', matches: '^[5-9]$' }, 'true', 7, '7'],
    [{ header: 'x-absent' }, 'false', 0, undefined],
    [{ header: 'x-absent', exists: false }, 'true', 0, undefined],
    [{ header: 'x-absent', equals: '' }, 'false', 0, undefined],
    [{ header: 'x-tier' }, 'true', 1, 'gold'],
    [{ field: 'project', equals: 'apollo' }, 'true', 1, 'apollo'],
    [{ field: 'constructor' }, 'false', 0, undefined],
    [{ caller: 'key', equals: 'team-a' }, 'true', 1, 'team-a'],
    [{ caller: 'user', exists: true }, 'false', 0, undefined],
    [{ caller: 'address', matches: '^10\\.' }, 'true', 1, '10.0.0.7'],
    [{ model: true, matches: 'fast$' }, 'true', 1, 'auto-fast'],
  ])('%o is %s', (options, state, score, label) => {
    const value = readOf(metadata, options, { request: asked });
    expect(value).toMatchObject({ state, score });
    expect(value.label).toBe(label);
  });

  test('one source and at most one question', () => {
    expect(accepts(metadata, { equals: 'x' })).toBe(false);
    expect(accepts(metadata, { header: 'a', field: 'b' })).toBe(false);
    expect(accepts(metadata, { header: 'a', equals: 'x', in: ['x'] })).toBe(false);
    expect(accepts(metadata, { header: 'not a header' })).toBe(false);
    expect(problemsOf(metadata, { header: 'a', matches: '(x)\\1' })).toMatchObject([{ code: 'config.unsafe_pattern' }]);
  });

  test('a value too long for a label is still compared', () => {
    const long = request({ metadata: { note: 'n'.repeat(500) } });
    const value = readOf(metadata, { field: 'note', matches: 'n{10}' }, { request: long });
    expect(value.state).toBe('true');
    expect(value.label).toBeUndefined();
    expect(value.evidence?.length).toBeLessThanOrEqual(120);
  });
});
