import { z } from 'zod';
import { HEADS } from '#contract/learned.js';
import { adminRoute } from '#gateway/admin/route.js';

const figures = z.object({
  texts: z.number(),
  accuracy: z.number(),
  interval: z.array(z.number()),
  ece: z.number(),
  escalated: z.number().optional(),
});

const card = z
  .object({
    summary: z.string(),
    trained: z.string(),
    data: z.array(z.object({ name: z.string(), licence: z.string(), texts: z.number() })),
    duplicates: z.object({ above: z.number(), removed: z.number() }),
    results: z.record(z.string(), z.record(z.string(), figures)),
    labels: z.record(z.string(), z.object({ texts: z.number(), recall: z.number(), precision: z.number() })),
    failures: z.array(z.string()),
  })
  .meta({ id: 'ModelCard' });

/** What each trained head was made from, how good it is, and where it fails. */
export const headsRoute = adminRoute({
  method: 'GET',
  path: '/api/heads',
  role: 'viewer',
  summary:
    'The trained heads: what they were made from, how often they are right, where they fail; and the names of classifiers of your own',
  answer: z.object({
    heads: z.array(z.object({ kind: z.string(), card: card.optional(), trouble: z.string().optional() })),
    classifiers: z.array(z.string()).describe('The names under `router.learned.classifiers`.'),
  }),
  handle({ gateway: { runtime } }) {
    const { localModels, config } = runtime;
    if (localModels === undefined) return { heads: [], classifiers: [] };
    const { learned } = config.router;
    return {
      heads: HEADS.map(kind => ({ kind, ...localModels.card(kind, learned) })),
      classifiers: Object.keys(learned.classifiers),
    };
  },
});
