import { z } from 'zod';
import { size } from '#contract/schema.js';

const link = z.number().gt(0).max(100_000).describe('Gigabytes a second that each GPU of a replica reads from there.');

/** `host_memory:` where KV goes that the GPUs of a replica have to give up. */
export const hostMemorySchema = z.strictObject({
  size: size.describe("Memory of a replica's host that keeps KV which its GPUs have to give up."),
  link: link.default(25),
  disk: z
    .strictObject({
      size: size.describe('Storage that keeps KV which the memory of the host has to give up.'),
      link: link.default(3),
    })
    .optional()
    .describe('A tier behind that, local or over a network; none unless said.'),
});

export type HostMemorySettings = z.output<typeof hostMemorySchema>;
