import { z } from 'zod';
import { adminRoute } from '#gateway/admin/route.js';
import { workloadView } from '#gateway/workload-view.js';

const percentiles = z.object({ p50: z.number(), p90: z.number(), p99: z.number() });

const forecast = z.object({
  minutes: z.number().describe('Ahead: the requests of the window that ends then.'),
  requests: z.number(),
  low: z.number(),
  high: z.number().describe('Nine in ten forecasts on the series so far would have been within low and high.'),
});

const series = z
  .object({
    name: z.string(),
    share: z.number(),
    requests: z.array(z.number()).describe('By window.'),
    ...{ prompt_tokens: z.number(), output_tokens: z.number() },
    forecasts: z.array(forecast),
  })
  .meta({ id: 'WorkloadSeries', description: 'Requests of a kind, or for a model; tokens are means.' });

export const workloadRoute = adminRoute({
  method: 'GET',
  path: '/api/workload',
  role: 'viewer',
  summary:
    'What this gateway has learned of its requests in the last day: lengths, kinds, rates, and forecasts with their errors',
  answer: z.object({
    window_ms: z.number(),
    at: z.array(z.number()).describe('Begin of each window, oldest first; the window under way is left out.'),
    requests: z.number(),
    lengths: z.object({
      archetype: z.enum(['concentrated-below', 'dispersed', 'concentrated-above']).optional(),
      short_share: z.number().describe('Requests of at most 8,192 tokens in all.'),
      cv2: z.number().describe('Squared coefficient of variation of prompt and answer together.'),
      prompt: percentiles.optional(),
      output: percentiles.optional(),
    }),
    kinds: z.array(series),
    models: z.array(series),
    scores: z.array(
      z.object({
        minutes: z.number(),
        count: z.number(),
        forecast: z.number().describe('Mean absolute error, requests a window.'),
        last_value: z.number().describe('Of the control: it will be as it is now.'),
        aggregate: z.number().describe('Of the control: the forecast of all, by the share of each kind.'),
      }),
    ),
  }),
  async handle({ gateway }) {
    const { runtime, traffic } = gateway;
    const view = await workloadView(await traffic.window('24h-fine', runtime.clock.wall()));
    const { windowMs, lengths } = view;
    const minutes = (ahead: number) => (ahead * windowMs) / 60_000;
    const told = ({ promptTokens, outputTokens, forecasts, ...one }: (typeof view.kinds)[number]) => ({
      ...one,
      requests: [...one.requests],
      ...{ prompt_tokens: promptTokens, output_tokens: outputTokens },
      forecasts: forecasts.map(({ mean, interval: [low, high] }, i) => ({
        minutes: minutes(i + 1),
        requests: mean,
        low,
        high,
      })),
    });
    return {
      ...{ window_ms: windowMs, at: [...view.at], requests: view.requests },
      lengths: {
        ...{ archetype: lengths.archetype, short_share: lengths.shortShare, cv2: lengths.cv2 },
        ...{ prompt: lengths.prompt, output: lengths.output },
      },
      kinds: view.kinds.map(told),
      models: view.models.map(told),
      scores: view.scores.map(({ ahead, count, forecast: own, lastValue, aggregate }) => ({
        ...{ minutes: minutes(ahead), count, forecast: own, last_value: lastValue, aggregate },
      })),
    };
  },
});
