import { describe, expect, test } from 'vitest';
import type { PoolView } from '#contract/pool-view.js';
import { seededRandom } from '#contract/random.js';
import type { InferenceRequest } from '#contract/request.js';
import type { StageResult } from '#contract/stage.js';
import { createRouter, type Router } from '#router/router.js';
import { VirtualClock } from '../support/virtual-clock.js';
import { configured, facts, message, poolOf, profile, request } from './support.js';

const MODELS = [facts('small', { contextTokens: 8_192 }), facts('large', { contextTokens: 32_768 })];

function routerOf(block: unknown): Router {
  return createRouter(configured(block), { clock: new VirtualClock(), models: MODELS });
}

/** Takes a request through all stages; throws when one of them needs waiting for. */
function route(router: Router, given: InferenceRequest, options: { pool?: PoolView; promptTokens?: number } = {}) {
  const asked = profile({ promptTokens: options.promptTokens ?? 100 });
  const board = router.board(given, asked);
  const draft = router.draft(given);
  const notes: (string | undefined)[] = [];
  let end: StageResult = { kind: 'continue' };
  for (const stage of router.stages) {
    const context = {
      board,
      pool: options.pool ?? poolOf(),
      clock: new VirtualClock(),
      random: seededRandom(1),
      route: draft,
      sentTexts: () => [],
    };
    const result = stage.run(context);
    if (result instanceof Promise) throw new Error(`${stage.name} had to be waited for`);
    notes.push(result.note);
    end = result;
    if (result.kind !== 'continue') break;
  }
  return { draft, end, notes, board };
}

const POLICY = {
  signals: {
    legal: { keyword: { any: ['indemnity', 'liability'] } },
    spam: { keyword: { any: ['viagra'] } },
    rude: { keyword: { any: ['damn'] } },
    big: { context: { above: '8k' } },
  },
  decisions: [
    {
      name: 'counsel',
      when: 'legal and not spam',
      models: ['large', 'small'],
      select: 'cheapest',
      strategy: 'single',
      pools: ['gpu'],
      system_prompt: 'Be exact.',
      reasoning_effort: 'high',
      max_tokens: '2k',
      temperature: 0.2,
      headers: { 'x-foo': 'bar' },
    },
    { name: 'no', when: 'spam', respond: 'I cannot help with that.' },
    { name: 'never', when: 'rude', refuse: 'Mind your language.' },
    { name: 'default', when: 'otherwise', models: ['small', 'large'] },
  ],
};

describe('a decision', () => {
  test('fills in the whole route', () => {
    const cheap = poolOf({ large: { price: { prompt: 0.1, completion: 0.1, cached: 0.1 } } });
    const { draft, end, notes } = route(routerOf(POLICY), request('Who gives indemnity?'), { pool: cheap });
    expect(end.kind).toBe('continue');
    expect(draft).toMatchObject({
      decision: 'counsel',
      models: ['large', 'small'],
      selector: 'cheapest',
      strategy: 'single',
      parameters: {
        systemPrompt: { mode: 'prepend', text: 'Be exact.' },
        reasoningEffort: 'high',
        maxOutputTokens: 2048,
        temperature: 0.2,
        headers: { 'x-foo': 'bar' },
      },
      constraints: { pools: ['gpu'] },
    });
    expect(draft.reason.summary).toBe('counsel: legal and not spam - legal: "indemnity"; spam: no term found');
    expect(draft.candidates.map(({ model }) => model)).toEqual(['large', 'small']);
    expect(notes).toEqual([
      'counsel',
      undefined,
      'sets systemPrompt, reasoningEffort, maxOutputTokens, temperature, headers, pools',
      'cheapest: large (expected cost $0.000015)',
    ]);
  });

  test('can answer by itself', () => {
    const { draft, end } = route(routerOf(POLICY), request('viagra'));
    expect(end).toMatchObject({ kind: 'answer', text: 'I cannot help with that.' });
    expect(draft).toMatchObject({ decision: 'no', candidates: [] });
  });

  test('can refuse', () => {
    const { draft, end } = route(routerOf(POLICY), request('damn'));
    expect(end).toMatchObject({
      kind: 'refuse',
      error: { code: 'route.refused', message: 'Mind your language.', status: 403 },
    });
    expect(draft.decision).toBe('never');
  });

  test('reads no signal that no decision asked for', () => {
    const { board } = route(routerOf(POLICY), request('hello'));
    expect(board.readings().map(({ name }) => name)).toEqual(['legal', 'spam', 'rude']);
  });
});

describe('without a decision', () => {
  test('a real model is taken at its word', () => {
    const { draft, board } = route(
      routerOf(POLICY),
      request({ model: 'large', messages: [message('user', 'indemnity')] }),
    );
    expect(draft).toMatchObject({
      decision: 'direct',
      models: ['large'],
      selector: 'static',
      parameters: {},
      constraints: {},
    });
    expect(draft.reason.summary).toBe('direct: the caller named large');
    expect(board.readings()).toEqual([]);
  });

  test('a file without a policy offers every model in its order', () => {
    const { draft } = route(routerOf({}), request('hello'));
    expect(draft).toMatchObject({
      decision: 'default',
      models: ['small', 'large'],
      selector: 'static',
      strategy: 'fallback',
    });
  });

  test('nothing matching is refused', () => {
    const { draft, end } = route(routerOf({ ...POLICY, decisions: POLICY.decisions.slice(0, 1) }), request('hello'));
    expect(end).toMatchObject({ kind: 'refuse', error: { code: 'route.no_decision' } });
    expect(draft.decision).toBe('none');
  });
});

describe('when no model can take it', () => {
  test('a prompt too long for all is the caller’s to shorten', () => {
    const { end } = route(routerOf({}), request('x'), { promptTokens: 40_000 });
    expect(end).toMatchObject({ kind: 'refuse', error: { code: 'request.context_too_long', status: 400 } });
  });

  test('for want of a replica alone, the pool has the last word: only models with too short a window stay ruled out', () => {
    const down = poolOf({ large: { feasible: false, reason: 'no healthy replica' } });
    const { draft, end } = route(routerOf({}), request('x'), { promptTokens: 10_000, pool: down });
    expect(end).toMatchObject({ kind: 'continue', note: expect.stringContaining('last word') as string });
    expect(draft.candidates).toMatchObject([
      { model: 'large', eligible: true, propensity: 1, reason: 'no healthy replica' },
      { model: 'small', eligible: false, propensity: 0 },
    ]);
  });
});

describe('waiting', () => {
  const french = {
    signals: { french: { language: 'fr' } },
    decisions: [
      { name: 'fr', when: 'french', models: ['large'] },
      { name: 'default', when: 'otherwise', models: ['small'] },
    ],
  };

  test('only for a signal that has to be computed; afterwards everything is synchronous', async () => {
    const router = routerOf(french);
    const asked = request('Qui est responsable de ce dommage ?');
    const board = router.board(asked, profile());
    const draft = router.draft(asked);
    const [decide] = router.stages;
    const waiting = decide?.run({
      board,
      pool: poolOf(),
      clock: new VirtualClock(),
      random: seededRandom(1),
      route: draft,
      sentTexts: () => [],
    });
    expect(waiting).toBeInstanceOf(Promise);
    await waiting;
    expect(draft.decision).toBe('fr');
    await router.prepare();
    expect(route(router, asked).draft.decision).toBe('fr');
    expect(router.needsCompute).toBe(false);
  });
});

describe('what others ask of it', () => {
  test('names, signals, strategies, learning', () => {
    const router = routerOf({ ...POLICY, names: ['auto', 'fast'] });
    expect([...router.virtualNames]).toEqual(['auto', 'fast']);
    expect(['auto', 'fast', 'small', 'huge'].map(name => router.knows(name))).toEqual([true, true, true, false]);
    expect(router.signals.map(({ name, type }) => `${name}:${type}`)).toEqual([
      'legal:keyword',
      'spam:keyword',
      'rude:keyword',
      'big:context',
    ]);
    expect(router.strategy({ decision: 'default' }).name).toBe('fallback');
    expect(router.strategy({ decision: 'direct' }).name).toBe('single');
    const { draft } = route(router, request('hello'));
    const outcome = {
      status: 'answered',
      model: 'small',
      pool: 'p',
      replica: 'r',
      httpStatus: 200,
      e2eMs: 1,
      queuedMs: 0,
    } as const;
    expect(() => router.observe(outcome, draft)).not.toThrow();
    expect(() => router.observe(outcome, { ...draft, decision: 'unheard of' })).not.toThrow();
  });
});

test('a condition reads the state of a pool, which is unknown until something is known', () => {
  const state = new Map<string, number>();
  const router = createRouter(
    configured({
      decisions: [
        { name: 'spare', when: 'pool.gpu.headroom > 0.5', models: ['large'] },
        { name: 'rest', when: 'otherwise', models: ['small'] },
      ],
    }),
    { clock: new VirtualClock(), models: MODELS, pool: { read: name => state.get(name) } },
  );
  const decided = () => route(router, request()).draft.decision;
  expect(decided()).toBe('rest');
  state.set('gpu.headroom', 0.8);
  expect(decided()).toBe('spare');
  state.set('gpu.headroom', 0.4);
  expect(decided()).toBe('rest');
});
