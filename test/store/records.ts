import fc from 'fast-check';
import type { DecisionRecord } from '#contract/record.js';

/** A record of about 2 kB, as a request that was decided on eight signals leaves behind. Times have at most four decimals. */
export function recordOf(id: string, rest: Partial<DecisionRecord> = {}): DecisionRecord {
  return {
    id,
    at: 1_760_000_000_000,
    api: 'openai-chat',
    modelAsked: 'auto',
    stream: true,
    caller: { key: 'k_9f8e7d6c', user: 'u-17', address: '127.0.0.1' },
    profile: {
      archetype: 'chat',
      turn: 3,
      warmth: 'warm',
      heaviness: 'balanced',
      modality: 'text',
      session: 'k=k_9f8e7d6c,u=u-17/~0123456789abcd',
      application: 'a1b2c3d4e5f601',
      promptTokens: 812,
      outputTokens: { p50: 200, p75: 400 },
    },
    signals: ['legal', 'big', 'agentic', 'vip', 'french', 'code', 'risky', 'long'].map((name, i) => ({
      name,
      type: ['keyword', 'context', 'conversation', 'metadata', 'language'][i % 5]!,
      state: i === 1 ? ('true' as const) : ('false' as const),
      score: i / 8,
      ...(i === 1 ? { tier: 'fast' as const, evidence: '812 tokens, above 512' } : {}),
      ms: 0.0123,
    })),
    decision: 'counsel',
    reason: {
      summary: 'big and not french: context 812; language en',
      passed: [{ decision: 'refuse', why: 'risky is false' }],
    },
    selector: 'multi_factor',
    strategy: 'fallback',
    candidates: [
      { model: 'small', score: 0.83123, propensity: 1, reason: 'cheapest that fits', eligible: true },
      { model: 'large', score: 0.41, propensity: 0, reason: 'dearer', eligible: true },
    ],
    parameters: { reasoningEffort: 'high', maxOutputTokens: 2048 },
    stages: [
      { stage: 'profile', ms: 0.0041 },
      { stage: 'decision', ms: 0.0212, note: 'counsel' },
    ],
    placement: {
      pool: 'gpu',
      replica: 'gpu/0',
      expectedPrefixTokens: 512,
      score: 1.25,
      losers: [{ replica: 'gpu/1', score: 0.92 }],
      considered: 2,
      queuedMs: 0,
    },
    attempts: [
      {
        model: 'small',
        pool: 'gpu',
        replica: 'gpu/0',
        status: 'answered',
        httpStatus: 200,
        ttftMs: 41.25,
        durationMs: 812.31,
      },
    ],
    outcome: {
      status: 'answered',
      model: 'small',
      pool: 'gpu',
      replica: 'gpu/0',
      httpStatus: 200,
      finish: 'stop',
      usage: { promptTokens: 812, completionTokens: 231, cachedTokens: 512 },
      ttftMs: 41.25,
      tpotMs: 3.3125,
      e2eMs: 812.31,
      queuedMs: 0,
      costUsd: 0.0000412,
    },
    configVersion: '3f2a91c0',
    ...rest,
  };
}

const text = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constant('x'.repeat(600)),
);
const time = fc.nat(1e9).map(tenths => tenths / 1e4);
const score = fc.double({ noNaN: true, noDefaultInfinity: true }).map(value => (Object.is(value, -0) ? 0 : value));
const whole = fc.nat();
const status = fc.constantFrom('answered', 'failed', 'cut', 'cancelled', 'refused');

function shape<T>(
  model: { [K in keyof T]-?: fc.Arbitrary<Exclude<T[K], undefined>> },
  required: (keyof T)[],
): fc.Arbitrary<T> {
  return fc.record(model as { [K in keyof T]: fc.Arbitrary<T[K]> }, {
    requiredKeys: required as never,
    noNullPrototype: true,
  }) as unknown as fc.Arbitrary<T>;
}

type Item<K extends keyof DecisionRecord> = DecisionRecord[K] extends readonly (infer T)[] ? T : never;
type Loser = NonNullable<DecisionRecord['placement']>['losers'][number];
type Prefill = NonNullable<NonNullable<DecisionRecord['placement']>['prefill']>;

/** Any record the contract allows, every optional field there and not there. `shape` makes the compiler demand every field. */
export const anyRecord: fc.Arbitrary<DecisionRecord> = shape<DecisionRecord>(
  {
    id: text,
    at: fc.double({ min: 0, max: 4e12, noNaN: true }),
    api: text,
    modelAsked: text,
    stream: fc.boolean(),
    caller: shape<DecisionRecord['caller']>({ key: text, user: text, team: text, address: text }, ['address']),
    profile: shape<DecisionRecord['profile']>(
      {
        archetype: fc.constantFrom('chat', 'agent'),
        turn: whole,
        warmth: fc.constantFrom('warm', 'cold'),
        heaviness: fc.constantFrom('prefill', 'decode', 'balanced'),
        modality: fc.constantFrom('text', 'image', 'audio', 'file'),
        session: text,
        application: text,
        promptTokens: whole,
        outputTokens: fc.record({ p50: whole, p75: whole }, { noNullPrototype: true }),
      },
      [
        'archetype',
        'turn',
        'warmth',
        'heaviness',
        'modality',
        'session',
        'application',
        'promptTokens',
        'outputTokens',
      ],
    ),
    signals: fc.array(
      shape<Item<'signals'>>(
        {
          name: text,
          type: text,
          state: fc.constantFrom('true', 'false', 'unknown'),
          score,
          label: text,
          evidence: text,
          tier: fc.constantFrom('fast', 'model', 'busy'),
          ms: time,
        },
        ['name', 'type', 'state', 'score', 'ms'],
      ),
      { maxLength: 4 },
    ),
    decision: text,
    reason: fc.record(
      {
        summary: text,
        passed: fc.array(fc.record({ decision: text, why: text }, { noNullPrototype: true }), { maxLength: 3 }),
      },
      { noNullPrototype: true },
    ),
    selector: text,
    strategy: text,
    candidates: fc.array(
      shape<Item<'candidates'>>({ model: text, score, propensity: score, reason: text, eligible: fc.boolean() }, [
        'model',
        'score',
        'propensity',
        'reason',
        'eligible',
      ]),
      { maxLength: 3 },
    ),
    parameters: shape<DecisionRecord['parameters']>(
      {
        systemPrompt: fc.record(
          { mode: fc.constantFrom('prepend', 'append', 'replace'), text },
          { noNullPrototype: true },
        ),
        reasoningEffort: text,
        maxOutputTokens: whole,
        temperature: score,
        headers: fc.dictionary(fc.constantFrom('a', 'b'), text, { noNullPrototype: true }),
      },
      [],
    ),
    stages: fc.array(shape<Item<'stages'>>({ stage: text, ms: time, note: text }, ['stage', 'ms']), { maxLength: 3 }),
    placement: shape<NonNullable<DecisionRecord['placement']>>(
      {
        pool: text,
        replica: text,
        expectedPrefixTokens: whole,
        prefixSource: fc.constant('events' as const),
        score,
        losers: fc.array(shape<Loser>({ replica: text, score, filtered: text }, ['replica', 'score']), {
          maxLength: 3,
        }),
        parts: fc.record(
          {
            scorers: fc.array(fc.record({ name: text, weight: score }, { noNullPrototype: true }), { maxLength: 3 }),
            chosen: fc.array(score, { maxLength: 3 }),
            losers: fc.array(fc.array(score, { maxLength: 3 }), { maxLength: 3 }),
          },
          { noNullPrototype: true },
        ),
        prefixTiers: fc.record({ host: whole, disk: whole, readMs: time, computeMs: time }, { noNullPrototype: true }),
        prefixLeftOut: fc.record({ replica: text, tokens: whole, filtered: text }, { noNullPrototype: true }),
        considered: whole,
        queuedMs: time,
        retention: fc.record({ tokens: whole, priority: whole, durationMs: time }, { noNullPrototype: true }),
        prefill: shape<Prefill>(
          {
            ...{ pool: text, replica: text, reason: text, uncachedTokens: whole, expectedPrefixTokens: whole },
            ...{ hereMs: time, thereMs: time, transferMs: time, stallMs: time },
          },
          ['pool', 'reason', 'uncachedTokens', 'expectedPrefixTokens'],
        ),
      },
      ['pool', 'replica', 'expectedPrefixTokens', 'score', 'losers', 'considered', 'queuedMs'],
    ),
    attempts: fc.array(
      shape<Item<'attempts'>>(
        {
          model: text,
          pool: text,
          replica: text,
          status,
          httpStatus: whole,
          error: text,
          ttftMs: time,
          durationMs: time,
          prefill: shape<NonNullable<Item<'attempts'>['prefill']>>(
            {
              ...{ pool: text, replica: text, error: text, durationMs: time },
              status: fc.constantFrom('used', 'failed', 'lost', 'cancelled'),
            },
            ['pool', 'replica', 'status', 'durationMs'],
          ),
          judged: fc.record(
            { end: fc.constantFrom('accepted', 'escalated', 'kept'), why: text },
            { noNullPrototype: true },
          ),
          usage: fc.record(
            { promptTokens: whole, completionTokens: whole, cachedTokens: whole },
            { noNullPrototype: true },
          ),
          costUsd: score,
        },
        ['model', 'pool', 'replica', 'status', 'httpStatus', 'durationMs'],
      ),
      { maxLength: 3 },
    ),
    outcome: shape<DecisionRecord['outcome']>(
      {
        status,
        model: text,
        pool: text,
        replica: text,
        httpStatus: whole,
        error: text,
        finish: text,
        usage: fc.record(
          { promptTokens: whole, completionTokens: whole, cachedTokens: whole },
          { noNullPrototype: true },
        ),
        unreported: fc.record(
          { promptTokens: whole, completionTokens: whole, cachedTokens: whole },
          { noNullPrototype: true },
        ),
        ttftMs: time,
        tpotMs: time,
        e2eMs: time,
        queuedMs: time,
        costUsd: score,
        joules: score,
      },
      ['status', 'model', 'pool', 'replica', 'httpStatus', 'e2eMs', 'queuedMs'],
    ),
    lost: fc.array(text, { maxLength: 3 }),
    safety: fc.array(
      fc.record(
        { rule: text, action: fc.constantFrom('log', 'header', 'redact', 'block'), score },
        { noNullPrototype: true },
      ),
      { maxLength: 3 },
    ),
    verdicts: fc.dictionary(fc.constantFrom('grounding', 'leak'), text, { noNullPrototype: true }),
    configVersion: text,
    prompt: text,
  },
  [
    'id',
    'at',
    'api',
    'modelAsked',
    'stream',
    'caller',
    'profile',
    'signals',
    'decision',
    'reason',
    'selector',
    'strategy',
    'candidates',
    'parameters',
    'stages',
    'attempts',
    'outcome',
    'configVersion',
  ],
);
