import { z } from 'zod';
import { share, size, tokens } from '#contract/schema.js';
import { span } from '#pool/resilience-schema.js';

export const queueSchema = z.strictObject({
  length: z.int().min(0).max(100_000).default(128).describe('Requests that may wait for a place; 0 for no queue.'),
  timeout: span.prefault('10s').describe('Longest wait; a request whose predicted wait is longer is refused at once.'),
  tokens: tokens.prefault('16M').describe('Prompt and expected answer tokens that may wait.'),
  bytes: size.prefault('256MiB').describe('Bytes of prompts that may wait.'),
  tenant_share: share
    .refine(value => value > 0, { message: 'expected more than 0' })
    .default(0.75)
    .describe(
      'Largest share of the places that one tenant may have while others have asked for some within 10 s; 1 to keep none free.',
    ),
  shed: z
    .union([
      z.literal(false),
      z
        .strictObject({
          from: z.number().min(0).max(100).default(0.8).describe('Saturation up to which nothing is shed.'),
          full: z.number().gt(0).max(100).default(1.2).describe('Saturation from which all that may be shed is.'),
        })
        .refine(({ from, full }) => full > from, { message: 'full is not above from', path: ['full'] }),
    ])
    .prefault({})
    .describe(
      'Shedding of requests with `x-weir-priority: low`, more likely the higher saturation (requests on replicas and waiting, over places) is.',
    ),
});

export const spillSchema = z
  .strictObject({
    above: share
      .refine(value => value > 0, { message: 'expected more than 0' })
      .default(1)
      .describe('Saturation from which it begins: requests on replicas and waiting, over places.'),
    below: share.default(1).describe('Saturation under which it ends.'),
  })
  .refine(({ above, below }) => below <= above, { message: 'below is above `above`', path: ['below'] });

export type QueueSettings = z.output<typeof queueSchema>;
