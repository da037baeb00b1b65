// A decision record for benches.

/** What the router's signals say of most requests are constants, and texts that are made anew say the same again and again. */
const NOT_FOUND = Object.freeze({ state: 'false', score: 0, evidence: 'no term found' });
const ONE_TURN = Object.freeze({ state: 'false', score: 1, evidence: 'turns 1' });
const ABSENT = Object.freeze({ state: 'false', score: 0, evidence: 'absent' });
const context = ({ tokens }) => ({
  state: tokens > 512 ? 'true' : 'false',
  score: tokens,
  evidence: `${tokens} tokens`,
});
const language = () => {
  const score = Math.round(50 + 49 * Math.random()) / 100;
  return { state: 'false', score, label: 'en', evidence: `en ${score}` };
};
const SIGNALS = [
  ['legal', 'keyword', () => NOT_FOUND],
  ['big', 'context', context],
  ['agentic', 'conversation', () => ONE_TURN],
  ['vip', 'metadata', () => ABSENT],
  ['french', 'language', language],
  ['code', 'keyword', () => NOT_FOUND],
  ['risky', 'keyword', () => NOT_FOUND],
  ['long', 'context', context],
  ['tools', 'conversation', () => ONE_TURN],
  ['night', 'metadata', () => ABSENT],
];
const PASSED = [
  { decision: 'refuse', why: 'risky: no term found' },
  { decision: 'night', why: 'night: absent' },
];
/** By which the default placement weighs. */
const SCORERS = ['prefix', 'pending prefill', 'in-flight tokens'];
const PARAMETERS = { reasoningEffort: 'high', maxOutputTokens: 2048 };

/** What the scores of a placement are made of. */
function scoreParts(scorers, losers) {
  const scores = () => Array.from({ length: scorers }, () => Math.round(1000 * Math.random()) / 1000);
  const weights = scores();
  return {
    scorers: SCORERS.slice(0, scorers).map((name, i) => ({ name, weight: weights[i] })),
    chosen: scores(),
    losers: Array.from({ length: losers }, scores),
  };
}

/** A record as ten signals, two candidates, a choice of replicas by so many scorers and one attempt leave it: 2.9 kB of JSON. What differs between requests differs here. */
export function madeRecord(id, at, scorers = SCORERS.length) {
  const ms = () => Math.random();
  const user = `u-${Math.floor(ms() * 5000)}`;
  const tokens = 300 + Math.floor(ms() * 2000);
  const at4 = Math.floor(ms() * 4);
  const replica = i => `gpu/${(at4 + i) % 4}`;
  const end = { model: 'small', pool: 'gpu', replica: replica(0), status: 'answered', httpStatus: 200 };
  return {
    id,
    at,
    api: 'openai-chat',
    modelAsked: 'auto',
    stream: true,
    caller: { key: 'k_9f8e7d6c', user, address: '127.0.0.1' },
    profile: {
      archetype: 'chat',
      turn: 1 + Math.floor(ms() * 5),
      warmth: ms() < 0.5 ? 'warm' : 'cold',
      heaviness: 'balanced',
      modality: 'text',
      session: `k=k_9f8e7d6c,u=${user}/~${ms().toString(16).slice(2, 16)}`,
      application: 'a1b2c3d4e5f601',
      promptTokens: tokens,
      outputTokens: { p50: 200, p75: 400 },
    },
    signals: SIGNALS.map(([name, type, value]) => ({ name, type, ...value({ tokens }), ms: ms() / 20 })),
    decision: 'counsel',
    reason: { summary: `big: ${tokens} tokens; french: en 0.98`, passed: PASSED },
    selector: 'multi_factor',
    strategy: 'fallback',
    candidates: [
      { model: 'small', score: ms(), propensity: 1, reason: 'cost 0.83, latency 0.31', eligible: true },
      { model: 'large', score: ms(), propensity: 0, reason: 'cost 0.12, latency 0.42', eligible: true },
    ],
    parameters: PARAMETERS,
    stages: [
      { stage: 'profile', ms: ms() / 100 },
      { stage: 'decision', ms: ms() / 50, note: 'counsel' },
      { stage: 'select', ms: ms() / 50 },
    ],
    placement: {
      pool: 'gpu',
      replica: replica(0),
      expectedPrefixTokens: Math.floor(tokens / 2),
      score: ms(),
      losers: [
        { replica: replica(1), score: ms() },
        { replica: replica(2), score: ms() },
      ],
      ...(scorers > 0 ? { parts: scoreParts(scorers, 2) } : undefined),
      considered: 4,
      queuedMs: 0,
    },
    attempts: [{ ...end, ttftMs: 40 * ms(), durationMs: 900 * ms() }],
    outcome: {
      ...end,
      finish: 'stop',
      usage: { promptTokens: tokens, completionTokens: 231, cachedTokens: Math.floor(tokens / 2) },
      ttftMs: 40 * ms(),
      tpotMs: 4 * ms(),
      e2eMs: 900 * ms(),
      queuedMs: 0,
      costUsd: (tokens * 5 + 231 * 20) / 1e8,
    },
    configVersion: '3f2a91c0',
  };
}
