import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Caller, InferenceRequest, Message } from '#contract/request.js';
import { MAX_BLOCKS } from '#workload/profile/prefix-chain.js';
import { createProfiler, type Profiler } from '#workload/profile/profiler.js';
import { summarise } from '#workload/profile/summary.js';
import { requestOf, said, tool } from './requests.js';

const profiler = (): Profiler =>
  createProfiler({ sessionHeaders: ['X-Session-Id', 'x-conversation-id'], charsPerToken: 4 });
const profile = (request: InferenceRequest) => profiler().profile(request);
const hello = [said('user', 'hello')];
const from = (caller: Partial<Caller>): Partial<InferenceRequest> => ({
  caller: { address: '127.0.0.1', headers: {}, ...caller },
});

describe('profile: what arrived', () => {
  it('counts turns of the user, not results of tools', () => {
    const messages = [
      said('system', 's'),
      said('user', 'a'),
      said('assistant', { type: 'tool_call', id: '1', name: 't', arguments: '{}' }),
      said('user', { type: 'tool_result', id: '1', text: 'r', failed: false }),
      said('assistant', 'b'),
      said('user', 'c'),
    ];
    expect(profile(requestOf(messages)).turn).toBe(2);
    expect(profile(requestOf([])).turn).toBe(0);
  });

  it.each([
    ['a plain chat', requestOf(hello), 'chat'],
    ['tools offered', requestOf(hello, { tools: [tool('f')] }), 'agent'],
    ['a tool result', requestOf([...hello, said('tool', 'r')]), 'agent'],
    ['a tool call', requestOf([said('assistant', { type: 'tool_call', id: '1', name: 't', arguments: '' })]), 'agent'],
    ['19 messages', requestOf(Array.from({ length: 19 }, () => said('user', 'x'))), 'chat'],
    ['20 messages', requestOf(Array.from({ length: 20 }, () => said('user', 'x'))), 'agent'],
    ['20 with the system prompt', requestOf([said('system', 's'), ...new Array<Message>(19).fill(hello[0]!)]), 'chat'],
  ])('takes %s for what it is', (_, request, archetype) => {
    expect(profile(request).archetype).toBe(archetype);
  });

  it('is warm once an answer precedes', () => {
    expect(profile(requestOf(hello)).warmth).toBe('cold');
    expect(profile(requestOf([...hello, said('assistant', 'hi'), ...hello])).warmth).toBe('warm');
  });

  it('names the latest modality that is not text', () => {
    const image = { type: 'image', source: 'data:image/png;base64,AA' } as const;
    const audio = { type: 'audio', source: 'data:audio/wav;base64,AA' } as const;
    expect(profile(requestOf(hello)).modality).toBe('text');
    expect(profile(requestOf([said('user', image), said('assistant', 'x'), ...hello])).modality).toBe('image');
    expect(profile(requestOf([said('user', image), said('user', audio)])).modality).toBe('audio');
  });

  it.each([
    [200 * 16 * 4, 'prefill'],
    [200 * 16 * 4 - 4, 'balanced'],
    [200 * 2 * 4 + 4, 'balanced'],
    [200 * 2 * 4, 'decode'],
  ])('finds %d characters %s-heavy or balanced', (promptBytes, heaviness) => {
    expect(profile(requestOf(hello, { promptBytes })).heaviness).toBe(heaviness);
  });

  it('caps the expected answer by what the caller allows', () => {
    const capped = (maxOutputTokens: number) =>
      profile(requestOf(hello, { sampling: { n: 1, structured: false, maxOutputTokens } })).outputTokens;
    expect(capped(1000)).toEqual({ p50: 200, p75: 400 });
    expect(capped(300)).toEqual({ p50: 200, p75: 300 });
    expect(capped(10)).toEqual({ p50: 10, p75: 10 });
  });

  it('learns prompt tokens from reports on text, answers from all', () => {
    const learner = profiler();
    const text = learner.profile(requestOf(hello, { promptBytes: 3000 }));
    const image = learner.profile(requestOf([said('user', { type: 'image', source: 'x' })], { promptBytes: 3000 }));
    for (let i = 0; i < 10; i++) learner.observePrompt(image, 'm', 10_000);
    expect(text.promptTokens('m')).toBe(750);
    for (let i = 0; i < 10; i++) learner.observePrompt(text, 'm', 1000);
    expect(text.promptTokens('m')).toBe(1000);
    expect(image.promptTokens('m')).toBe(1000 + 765);
    for (let i = 0; i < 8; i++) learner.observeOutput(text, 1024);
    expect(learner.profile(requestOf(hello)).outputTokens.p50).toBe(1024);
  });

  it('is summed up as plain data', () => {
    const summary = summarise(profile(requestOf(hello, { tools: [tool('f')] })));
    expect(JSON.parse(JSON.stringify(summary))).toEqual(summary);
    expect(summary).toMatchObject({ archetype: 'agent', turn: 1, warmth: 'cold', promptTokens: 2 });
  });
});

describe('profile: identity', () => {
  const text = fc.string({ unit: 'binary', maxLength: 60 });
  const turns = fc.array(fc.tuple(text, text), { maxLength: 5 });

  it('keeps the session of a conversation over all its turns', () => {
    fc.assert(
      fc.property(text, text, turns, (system, first, later) => {
        const begun = [said('system', system), said('user', first)];
        const session = profile(requestOf(begun)).session;
        for (const [answer, question] of later) {
          begun.push(said('assistant', answer), said('user', question));
          expect(profile(requestOf(begun)).session).toBe(session);
        }
        expect(profile(requestOf([said('system', `${system}!`), said('user', first)])).session).not.toBe(session);
        expect(profile(requestOf([said('system', system), said('user', `${first}!`)])).session).not.toBe(session);
      }),
    );
  });

  it('never gives two callers one session, whatever they call it', () => {
    const name = fc.option(
      fc.oneof(fc.string({ unit: fc.constantFrom(...'a,=/~#%:u0'), maxLength: 6 }), fc.string({ maxLength: 200 })),
      { nil: undefined },
    );
    const caller = fc.record({
      key: name,
      user: name,
      id: fc.oneof(fc.constantFrom('1', '~', 'a/b', ''), fc.string()),
    });
    const given = (c: { key: string | undefined; user: string | undefined; id: string }) =>
      profile(
        requestOf(
          hello,
          from({
            ...(c.key === undefined ? {} : { key: c.key }),
            ...(c.user === undefined ? {} : { user: c.user }),
            headers: { 'x-session-id': c.id },
          }),
        ),
      ).session;
    fc.assert(
      fc.property(caller, caller, (one, other) => {
        if (one.key === other.key && one.user === other.user) {
          expect(given(one) === given(other)).toBe(one.id === other.id);
        } else expect(given(one)).not.toBe(given(other));
      }),
      { numRuns: 2000 },
    );
  });

  it('tells callers without a name apart by address', () => {
    const at = (address: string) => profile(requestOf(hello, from({ address }))).session;
    expect(at('10.0.0.1')).not.toBe(at('10.0.0.2'));
  });

  it("takes the caller's own id first, whatever the conversation says", () => {
    const own = from({ key: 'k', headers: { 'x-conversation-id': 'c1' } });
    expect(profile(requestOf(hello, own)).session).toBe('k=k/c1');
    expect(profile(requestOf([said('user', 'other')], own)).session).toBe('k=k/c1');
    expect(profile(requestOf(hello, from({ key: 'k', headers: {} }))).session).toMatch(/^k=k\/~[0-9a-f]{14}$/);
  });

  it('keeps sessions short and printable', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 3000 }), key => {
        const { session } = profile(requestOf(hello, from({ key, user: key, headers: { 'x-session-id': key } })));
        expect(session).toMatch(/^[\x21-\x7e]{1,1600}$/);
      }),
    );
  });

  it('recognises an application by system prompt and tools', () => {
    const application = (system: string, tools: string[], user = 'hello') =>
      profile(
        requestOf([...(system === '' ? [] : [said('system', system)]), said('user', user)], { tools: tools.map(tool) }),
      ).application;
    expect(application('', [])).toBe('');
    expect(application('s', ['a'])).toBe(application('s', ['a'], 'something else'));
    expect(
      new Set([application('s', []), application('t', []), application('s', ['a']), application('', ['a'])]).size,
    ).toBe(4);
  });
});

describe('profile: prefix', () => {
  const long = 'The quick brown fox jumps over the lazy dog. '.repeat(30);

  it('shares the blocks of what two conversations have in common', () => {
    const begun = [said('system', long), said('user', 'hello')];
    const one = profile(requestOf([...begun, said('assistant', 'a'), said('user', long)])).prefix().hashes;
    const other = profile(requestOf([...begun, said('assistant', 'b'), said('user', long)])).prefix().hashes;
    const common = Math.floor((long.length + 5) / 256);
    for (let i = 0; i < one.length; i++) expect(one[i] === other[i]).toBe(i < common);
    expect(one.length).toBe(Math.floor((long.length * 2 + 6) / 256));
  });

  it('is computed once, and block tokens follow the estimator', () => {
    const made = profile(requestOf([said('user', long)]));
    expect(made.prefix()).toBe(made.prefix());
    expect(made.prefix().blockTokens).toBe(64);
  });

  it('sees role, tools, images and salt', () => {
    const image = (source: string) => said('user', { type: 'image', source });
    const first = (request: InferenceRequest) => profile(request).prefix().hashes[0];
    const plain = requestOf([said('user', long)]);
    const variants = [
      plain,
      requestOf([said('system', long)]),
      requestOf([said('user', long)], { tools: [tool('f')] }),
      requestOf([said('user', long)], { tools: [tool('g')] }),
      requestOf([image('a'), said('user', long)]),
      requestOf([image('b'), said('user', long)]),
      requestOf([said('user', long)], { metadata: { cache_salt: 'mine' } }),
      requestOf([said('user', long)], { metadata: { cache_salt: 'yours' } }),
    ];
    expect(new Set(variants.map(first)).size).toBe(variants.length);
    expect(first(requestOf([said('user', long)], { metadata: { other: 'mine' } }))).toBe(first(plain));
  });

  it('is the same for all callers, as the cache is', () => {
    const of = (key: string) => profile(requestOf([said('user', long)], from({ key }))).prefix();
    expect(of('a')).toEqual(of('b'));
  });

  it('has at most 4,096 blocks', () => {
    const prefix = profile(requestOf([said('user', 'x'.repeat(256 * (MAX_BLOCKS + 3)))])).prefix();
    expect(prefix.hashes.length).toBe(MAX_BLOCKS);
  });
});
