import { distributionOf } from '#contract/distribution.js';
import { seededRandom } from '#contract/random.js';
import type { Milliseconds } from '#contract/units.js';
import { type PoolFigures, playPool } from '#fleet/twin/pool-twin.js';
import { readMs } from '#pool/engine/host-cache.js';
import { type PoolConfig, poolSchema } from '#pool/schema.js';
import type { TraceRequest } from '#workload/traces/trace.js';
import type { Slo } from './candidates.js';
import type { PrefillPart, ReplicaKind } from './replica-kinds.js';
import { type CacheVerdict, type PoolVerdict, type PoolVerifier, type SizedPool, WARM_UP } from './verify.js';

/** What an engine runs at once, and the gateway sends it. */
const CONCURRENCY = 256;

/** A pool whose prompts are computed on replicas of their own. */
export type ApartPool = SizedPool & { readonly prefill: PrefillPart };

/** What came of one pattern. */
interface Play {
  readonly requests: number;
  readonly p99TtftMs: Milliseconds;
  readonly meanTpotMs: Milliseconds;
  readonly lost: number;
  readonly endMs: Milliseconds;
  readonly answers: PoolFigures;
  readonly prompts: PoolFigures;
}

/**
 * Plays a pool whose prompts are computed on replicas of their own through the live pool: the replica that answers is placed first, and a
 * prefill replica asked only where that is worth it. Holds as {@link poolVerifier} says, of the same requests.
 */
export function disaggregatedVerifier(pool: ApartPool, slo: Slo): PoolVerifier {
  const known: Play[] = [];
  return arrivals => {
    for (let i = known.length; i < arrivals.length; i++) known.push(play(pool, arrivals[i]!, i));
    return verdictOf(pool, known.slice(0, arrivals.length), slo);
  };
}

function play(pool: ApartPool, requests: readonly TraceRequest[], seed: number): Play {
  const profiles = new Map([
    ['answers', pool.kind.profile],
    ['prompts', pool.prefill.kind.profile],
  ]);
  const options = { config: poolOf(pool), modelOf: () => 'm', random: seededRandom(seed), profiles };
  const { completed, pools, endMs } = playPool(requests, options);
  const counted = completed.filter(({ index }) => index >= WARM_UP * requests.length);
  return {
    ...{ requests: requests.length, lost: requests.length - completed.length, endMs },
    p99TtftMs: distributionOf(counted.map(({ ttftMs }) => ttftMs)).p99,
    meanTpotMs: distributionOf(counted.flatMap(({ tpotMs }) => tpotMs ?? [])).mean,
    ...{ answers: pools.get('answers')!, prompts: pools.get('prompts')! },
  };
}

function verdictOf(pool: ApartPool, plays: readonly Play[], slo: Slo): PoolVerdict {
  const each: Milliseconds[] = [];
  let [tpot, lost, preemptions, tokens, joules, busy, playedMs, played] = [0, 0, 0, 0, 0, 0, 0, 0];
  for (const one of plays) {
    each.push(one.p99TtftMs);
    tpot += one.meanTpotMs;
    lost += one.lost;
    played += one.requests;
    playedMs += one.endMs;
    busy += one.answers.utilisation;
    for (const figures of [one.answers, one.prompts]) {
      tokens += figures.outputTokens;
      joules += figures.joules;
      preemptions += figures.preemptions;
    }
  }
  const runs = Math.max(1, each.length);
  const p99TtftMs = each.reduce((sum, value) => sum + value, 0) / runs;
  const meanTpotMs = tpot / runs;
  const [answers, prompts] = [plays.map(one => one.answers), plays.map(one => one.prompts)];
  return {
    ok: lost === 0 && p99TtftMs <= slo.ttftP99Ms && meanTpotMs <= slo.tpotMs,
    ...{ p99TtftMs, p99TtftEachMs: each, meanTpotMs, rejected: lost, preemptions, playedMs, requests: played },
    ...{ outputTokens: tokens, joules, busy: busy / runs },
    ...{ caches: cachesOf(pool.kind, answers, played), promptCaches: cachesOf(pool.prefill.kind, prompts, played) },
  };
}

/** What the caches of one of the two pools spared it, over all patterns. */
function cachesOf({ profile, tiers }: ReplicaKind, figures: readonly PoolFigures[], requests: number): CacheVerdict {
  const prompts = figures.reduce((sum, { promptTokens }) => sum + promptTokens, 0);
  const tokens = (rate: (of: PoolFigures) => number) =>
    figures.reduce((sum, of) => sum + rate(of) * of.promptTokens, 0);
  const share = (part: number) => (prompts > 0 ? part / prompts : 0);
  const [host, disk] = [tokens(of => of.hostHitRate), tokens(of => of.diskHitRate)];
  return {
    ...{ hitRate: share(tokens(of => of.prefixHitRate)), hostHitRate: share(host), diskHitRate: share(disk) },
    readMs: requests > 0 ? (readMs(profile, tiers?.memory, host, disk) ?? 0) / requests : 0,
    stalled: figures.reduce((sum, { stalled }) => sum + stalled, 0) / Math.max(1, figures.length),
  };
}

function poolOf({ kind, replicas, prefill }: ApartPool): PoolConfig {
  const engines = ({ profile }: ReplicaKind, count: number) => ({
    ...{ model: 'm', concurrency: CONCURRENCY, gpu: profile.gpu, tp: profile.tensorParallel },
    ...{ weights: profile.weights, kv_cache: profile.kvCache },
    queue: { length: 100_000, timeout: '24h', tokens: '1000M', shed: false },
    timeouts: { first_byte: '24h' },
    replicas: Array.from({ length: count }, (_, i) => ({ url: `http://127.0.0.1:${i + 1}`, id: `${i + 1}` })),
  });
  const config = poolSchema.parse({
    models: { m: { context: Math.min(kind.profile.contextTokens, prefill.kind.profile.contextTokens) } },
    pools: {
      answers: { ...engines(kind, replicas), prefill: { pool: 'prompts', link: prefill.link } },
      prompts: engines(prefill.kind, prefill.replicas),
    },
  });
  const simulated = (name: string, { profile, tiers }: ReplicaKind) => {
    const { model, gpu, tensorParallel: tp } = profile;
    const engine = { ...{ model, gpu, tp }, replicas: 1, speed: 1, seed: 1 };
    return { ...config.pools[name]!, simulate: { ...engine, ...(tiers && { host_memory: tiers.settings }) } };
  };
  return { ...config, pools: { answers: simulated('answers', kind), prompts: simulated('prompts', prefill.kind) } };
}
