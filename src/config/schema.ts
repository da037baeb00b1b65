import { z } from 'zod';
import { fleetSchema } from '#fleet/schema.js';
import { gatewaySchema } from '#gateway/schema.js';
import { poolSchema } from '#pool/schema.js';
import { routerSchema } from '#router/schema.js';
import { workloadSchema } from '#workload/schema.js';

/** All of `weir.yaml`, composed of the parts' own fragments. */
export const configSchema = z.strictObject({
  workload: workloadSchema.prefault({}).describe('Workload: what is expected of requests.'),
  router: routerSchema.prefault({}).describe('Router: what should answer a request.'),
  pool: poolSchema.describe('Pool: the models there are, and where each runs.'),
  fleet: fleetSchema
    .prefault({})
    .describe(
      'Fleet: what `weir simulate` and `weir what-if` assume of it beyond what serves. `weir serve` reads none of it.',
    ),
  gateway: gatewaySchema.prefault({}).describe('The server: where it listens, its limits, its record.'),
});

/** Everything the file says, with units and defaults applied. */
export type Settings = z.output<typeof configSchema>;
