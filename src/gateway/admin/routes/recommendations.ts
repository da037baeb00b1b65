import { z } from 'zod';
import { NO_ADVICE, type NoAdvice } from '#fleet/scale/recommendation.js';
import { adminRoute } from '#gateway/admin/route.js';
import type { PoolRecommendation } from '#gateway/scaling/replica-adviser.js';
import { standingOfAll } from '#gateway/standing.js';

const recommendation = z
  .object({
    pool: z.string(),
    available: z.number().describe('Replicas that take requests now.'),
    replicas: z.number().optional().describe('Recommended: absent where nothing can be said, and `none` says why.'),
    none: z.enum(Object.keys(NO_ADVICE) as [NoAdvice, ...NoAdvice[]]).optional(),
    why: z.string().describe('In words.'),
    needed: z
      .number()
      .optional()
      .describe('Replicas that the load takes, not rounded, without hold and bounds; may be summed over gateways.'),
    decides: z
      .enum(['forecast', 'load now', 'places'])
      .optional()
      .describe(
        'What takes the most replicas; `places`: requests in flight and waiting, over those a replica may have.',
      ),
    bound: z
      .enum(['hold', 'min', 'max'])
      .optional()
      .describe('Why it is not just what is needed: fewer have not been enough for long yet, or `scale` of the pool.'),
    loadPerSecond: z.number().optional().describe('Requests a second of the last minute.'),
    forecast: z
      .object({
        perSecond: z.number().describe('Upper end of the 90 % interval.'),
        minutes: z.number().describe('Ahead; looked at is until a replica serves that is ordered now, `scale.start`.'),
      })
      .optional()
      .describe('Absent during the first hour of a pool.'),
    capacity: z
      .object({
        requestsPerSecond: z.number(),
        from: z.enum(['engine model', 'measured rates']),
        bound: z.enum(['latency', 'utilisation', 'prefill', 'places']),
      })
      .optional()
      .describe(
        'What each of the recommended replicas carries of such requests within `workload.slo`, among so many, and what gives way first.',
      ),
    headroom: z
      .number()
      .optional()
      .describe('Share of what the recommended replicas carry that the load of now leaves.'),
  })
  .meta({ id: 'Recommendation' });

function told({ pool, available, advice, none }: PoolRecommendation): z.input<typeof recommendation> {
  if (advice === undefined) return { pool, available, none, why: NO_ADVICE[none] };
  const { replicas, needed, decides, bound, loadPerSecond, forecast, capacity, headroom } = advice;
  return {
    ...{ pool, available, replicas, why: inWords(advice), needed, decides, loadPerSecond, capacity, headroom },
    ...(bound === undefined ? undefined : { bound }),
    ...(forecast === undefined
      ? undefined
      : { forecast: { perSecond: forecast.perSecond, minutes: forecast.aheadMs / 60_000 } }),
  };
}

type Advice = NonNullable<PoolRecommendation['advice']>;

function inWords({ replicas, needed, decides, bound, loadPerSecond, forecast, capacity }: Advice): string {
  const rate = (perSecond: number) => `${Number(perSecond.toPrecision(3))} requests/s`;
  const load =
    decides === 'forecast' && forecast !== undefined
      ? `${rate(forecast.perSecond)} forecast within ${forecast.aheadMs / 60_000} min`
      : decides === 'places'
        ? 'requests in flight and waiting, over the places of a replica,'
        : `${rate(loadPerSecond)} now`;
  const carried =
    decides === 'places' ? '' : ` at ${rate(capacity.requestsPerSecond)} a replica of ${replicas} (${capacity.from})`;
  return `${load}${carried} take ${Number(needed.toFixed(2))} replicas${bound === undefined ? '' : `; ${BOUNDS[bound]}`}`;
}

const BOUNDS = {
  hold: 'more were wanted within scale.hold',
  min: 'scale.min is more',
  max: 'scale.max is fewer',
} as const;

export const recommendationsRoute = adminRoute({
  method: 'GET',
  path: '/api/pools/recommendations',
  role: 'viewer',
  summary: 'How many replicas each pool should have, and why; looked at once a minute, acted on by nobody here',
  answer: z.object({ pools: z.array(recommendation) }),
  async handle({ gateway }) {
    const { recommendations, pools } = await standingOfAll(gateway);
    // A recommendation is a minute old at most; replicas come and go meanwhile.
    const now = new Map(pools.map(({ name, available }) => [name, available]));
    return { pools: recommendations.map(one => told({ ...one, available: now.get(one.pool) ?? 0 })) };
  },
});
