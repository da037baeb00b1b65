import type { DecisionRecord } from '#contract/record.js';

/** A record of an answered request; `changes` makes other endings of it. */
export function recordOf(id: string, changes: Partial<DecisionRecord> = {}): DecisionRecord {
  return {
    id,
    at: 1_790_000_000_000,
    api: 'openai-chat',
    modelAsked: 'auto',
    stream: true,
    caller: { address: '127.0.0.1' },
    profile: {
      archetype: 'chat',
      turn: 2,
      warmth: 'warm',
      heaviness: 'balanced',
      modality: 'text',
      session: 'c5f1a2',
      application: '',
      promptTokens: 1180,
      outputTokens: { p50: 180, p75: 420 },
    },
    signals: [
      { name: 'code', type: 'keyword', state: 'true', score: 2, evidence: '"function", "await"', ms: 0.021 },
      { name: 'long', type: 'context', state: 'false', score: 1180, evidence: '1180 tokens', ms: 0.002 },
      { name: 'french', type: 'language', state: 'unknown', score: 0, evidence: 'the text is too short', ms: 0.34 },
    ],
    decision: 'programming',
    reason: {
      summary: 'code: keyword "function"',
      passed: [{ decision: 'refuse', why: 'spam: no match' }],
    },
    selector: 'cheapest',
    strategy: 'fallback',
    candidates: [
      { model: 'small', score: 0.82, propensity: 1, reason: 'cheapest that fits', eligible: true },
      { model: 'large', score: 0.41, propensity: 0, reason: '8 times the price', eligible: true },
      { model: 'tiny', score: 0, propensity: 0, reason: 'context of 1024 is too short', eligible: false },
    ],
    parameters: { maxOutputTokens: 2048, systemPrompt: { mode: 'prepend', text: 'Answer with code first.' } },
    stages: [
      { stage: 'decide', ms: 0.41, note: 'programming' },
      { stage: 'shape', ms: 0.004 },
      { stage: 'select', ms: 0.03 },
      { stage: 'place', ms: 0.05 },
    ],
    placement: {
      pool: 'gpu-small',
      replica: 'gpu-small/127.0.0.1:9001',
      expectedPrefixTokens: 1024,
      score: 0.868,
      losers: [
        { replica: 'gpu-small/127.0.0.1:9002', score: 0.456 },
        { replica: 'gpu-small/127.0.0.1:9003', score: 0, filtered: 'circuit open' },
      ],
      parts: {
        scorers: [
          { name: 'prefix', weight: 0.56 },
          { name: 'load', weight: 0.44 },
        ],
        chosen: [1, 0.7],
        losers: [[0.12, 0.884]],
      },
      considered: 3,
      queuedMs: 0,
    },
    attempts: [attempt('answered')],
    outcome: {
      status: 'answered',
      model: 'small',
      pool: 'gpu-small',
      replica: 'gpu-small/127.0.0.1:9001',
      httpStatus: 200,
      finish: 'stop',
      usage: { promptTokens: 1204, completionTokens: 96, cachedTokens: 1024 },
      ttftMs: 184.2,
      tpotMs: 21.4,
      e2eMs: 2220.6,
      queuedMs: 0,
      costUsd: 0.0000384,
    },
    configVersion: 'c0ffee12',
    ...changes,
  };
}

type Attempt = DecisionRecord['attempts'][number];

function attempt(status: Attempt['status'], changes: Partial<Attempt> = {}): Attempt {
  return {
    model: 'small',
    pool: 'gpu-small',
    replica: 'gpu-small/127.0.0.1:9001',
    status,
    httpStatus: 200,
    ttftMs: 183.1,
    durationMs: 2219.4,
    ...changes,
  };
}

/** The first replica answered with an error; another one answered. */
export function failedOver(id: string): DecisionRecord {
  const { ttftMs: _, ...failure } = attempt('failed', {
    replica: 'gpu-small/127.0.0.1:9002',
    httpStatus: 500,
    error: 'upstream.status',
    durationMs: 12.6,
  });
  return recordOf(id, { attempts: [failure, attempt('answered')] });
}

/** Nobody that could be chosen has any of the prompt; who has most of it could not, where `leftOut` says so. */
export function cold(id: string, leftOut: boolean): DecisionRecord {
  const { placement } = recordOf(id);
  const [second, third] = placement!.losers;
  return recordOf(id, {
    placement: {
      ...placement!,
      ...{ expectedPrefixTokens: 0, score: 0.29, losers: [{ ...second!, score: 0.21 }, third!] },
      parts: { ...placement!.parts!, chosen: [0, 0.66], losers: [[0, 0.48]] },
      ...(leftOut && { prefixLeftOut: { replica: third!.replica, tokens: 1024, filtered: third!.filtered! } }),
    },
  });
}

/** What was expected in the cache lies in three tiers. */
export function tiered(id: string): DecisionRecord {
  const { placement } = recordOf(id);
  const prefixTiers = { host: 3000, disk: 500, readMs: 12, computeMs: 140 };
  return recordOf(id, {
    placement: { ...placement!, expectedPrefixTokens: 4000, prefixSource: 'events', prefixTiers },
  });
}

/** A decision with a fixed text; no model was asked. */
export function refused(id: string): DecisionRecord {
  const { placement: _, ...rest } = recordOf(id, {
    decision: 'refuse',
    reason: { summary: 'spam: keyword "forbidden"', passed: [] },
    candidates: [],
    selector: '',
    strategy: '',
    parameters: {},
    attempts: [],
    stages: [
      { stage: 'decide', ms: 0.2 },
      { stage: 'respond', ms: 0.01, note: 'fixed answer' },
    ],
    outcome: {
      status: 'answered',
      model: '',
      pool: '',
      replica: '',
      httpStatus: 200,
      finish: 'stop',
      usage: { promptTokens: 0, completionTokens: 0, cachedTokens: 0 },
      ttftMs: 0.4,
      e2eMs: 0.5,
      queuedMs: 0,
    },
  });
  return rest;
}

/** Nothing could take it, or the answer broke off. */
export function unanswered(id: string, status: 'failed' | 'cut' | 'cancelled', error: string): DecisionRecord {
  const { outcome } = recordOf(id);
  const { usage: _, costUsd: __, tpotMs: ___, ...end } = outcome;
  return recordOf(id, {
    attempts: [attempt(status, { error, httpStatus: status === 'failed' ? 0 : 200 })],
    outcome: { ...end, status, error, httpStatus: status === 'failed' ? 503 : 200 },
  });
}
