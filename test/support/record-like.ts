import type { DecisionRecord } from '#contract/record.js';

/** A record of an ordinary answered request, with what a test wants otherwise put in. */
export function recordLike(id: string, changes: Partial<DecisionRecord> = {}): DecisionRecord {
  return {
    id,
    at: 1_700_000_000_000,
    api: 'openai-chat',
    modelAsked: 'auto',
    stream: false,
    caller: { address: '127.0.0.1' },
    profile: {
      archetype: 'chat',
      turn: 1,
      warmth: 'cold',
      heaviness: 'balanced',
      modality: 'text',
      session: 's',
      application: '',
      promptTokens: 10,
      outputTokens: { p50: 100, p75: 200 },
    },
    signals: [{ name: 'legal', type: 'keyword', state: 'false', score: 0, ms: 0.01 }],
    decision: 'default',
    reason: { summary: 'default: otherwise', passed: [] },
    selector: 'static',
    strategy: 'fallback',
    candidates: [],
    parameters: {},
    stages: [],
    attempts: [
      { model: 'small', pool: 'p', replica: 'p/1', status: 'answered', httpStatus: 200, durationMs: 100, ttftMs: 20 },
    ],
    outcome: {
      status: 'answered',
      model: 'small',
      pool: 'p',
      replica: 'p/1',
      httpStatus: 200,
      usage: { promptTokens: 10, completionTokens: 5, cachedTokens: 2 },
      ttftMs: 20,
      tpotMs: 10,
      e2eMs: 100,
      queuedMs: 0,
      costUsd: 0.00001,
    },
    configVersion: 'v',
    ...changes,
  };
}
