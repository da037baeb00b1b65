import { z } from 'zod';
import { duration } from '#contract/schema.js';

const count = z.int().min(1).max(1024);

/** `scale:` of a pool: what bounds the number of replicas that is recommended for it. */
export const scaleSchema = z
  .strictObject({
    min: count.default(1).describe('Replicas that are recommended at least.'),
    max: count.optional().describe('Replicas that are recommended at most; no bound unless said.'),
    hold: duration
      .refine(ms => ms >= 60_000 && ms <= 86_400_000, { message: 'expected at least 1m and at most 1d' })
      .prefault('10m')
      .describe('Fewer replicas are recommended only after fewer have been enough for so long.'),
    start: duration
      .refine(ms => ms <= 3_600_000, { message: 'expected at most 1h' })
      .prefault('10m')
      .describe('Time from the order of a replica until it serves: the load is forecast as far ahead.'),
  })
  .superRefine(({ min, max }, context) => {
    if (max === undefined || max >= min) return;
    context.addIssue({
      ...{ code: 'custom', path: ['max'], message: 'max is below min' },
      params: { code: 'config.range' },
    });
  });

export type ScaleSettings = z.output<typeof scaleSchema>;
