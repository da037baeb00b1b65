import { z } from 'zod';

const watts = z.number().min(0).max(100_000);

/** Power of one GPU by batch: a logistic over log2 of the batch, between two powers. */
export const powerSchema = z
  .strictObject({
    idle: watts.describe('Watts without requests.'),
    nominal: watts.describe('Watts under full load.'),
    steepness: z.number().gt(0).max(100).default(1).describe('Steepness of the logistic over log2 of the batch.'),
    midpoint: z
      .number()
      .min(0)
      .max(20)
      .describe('log2 of the batch at which power is half way between idle and nominal.'),
  })
  .refine(({ idle, nominal }) => nominal >= idle, { message: 'nominal is below idle', path: ['nominal'] });
