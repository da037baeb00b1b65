import { z } from 'zod';
import { type ReplicaEvents, replicaEventsSchema } from './kv-events-schema.js';

/** Base URL of an engine, as it is compared and called: without what is not part of it, and without `/v1`. */
export const baseUrlSchema = z
  .string()
  .max(2048)
  .transform((text, context) => {
    const right = 'expected a base URL such as http://10.0.0.1:8000 or https://api.example.com';
    if (!URL.canParse(text)) {
      context.issues.push({ code: 'custom', message: right, input: text });
      return z.NEVER;
    }
    const parsed = new URL(text);
    if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:') {
      context.issues.push({ code: 'custom', message: right, input: text });
      return z.NEVER;
    }
    if (parsed.username !== '' || parsed.password !== '' || parsed.search !== '' || parsed.hash !== '') {
      context.issues.push({
        code: 'custom',
        message: 'expected a base URL without credentials, query or fragment; use api_key for a credential',
        input: text,
      });
      return z.NEVER;
    }
    return `${parsed.origin}${parsed.pathname.replace(/\/+$/, '').replace(/\/v1$/, '')}`;
  })
  .meta({ title: 'URL', examples: ['http://10.0.0.1:8000', 'https://api.openai.com'] });

/** A GPU, as the catalogue or the file names it. */
export const gpuNameSchema = z.string().min(1).max(128);

/** Name that an engine knows a model by. */
export const servedAsSchema = z.string().min(1).max(256);

/** One replica, however it was written. */
export interface ReplicaEntry {
  readonly url: string;
  readonly weight: number;
  readonly id?: string | undefined;
  readonly served_as?: string | undefined;
  /** The pool that it is at home in, where it has moved: {@link arranged}. No file says this. */
  readonly home?: string | undefined;
  /** Its hardware, where that differs from its pool. */
  readonly gpu?: string | undefined;
  readonly tp?: number | undefined;
  readonly kv_events?: ReplicaEvents | undefined;
}

/** A base URL, or one with what is different about this replica. */
export const replicaSchema = z.union([
  baseUrlSchema.transform((base): ReplicaEntry => ({ url: base, weight: 1 })),
  z.strictObject({
    url: baseUrlSchema.describe('Base URL; a trailing `/v1` is dropped, because Weir adds the path of the API.'),
    id: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/, 'expected letters, digits and . _ : -')
      .optional()
      .describe('Name of this replica within its pool; host and port of its URL unless said.'),
    weight: z
      .number()
      .gt(0)
      .max(1000)
      .default(1)
      .describe('Size relative to its peers: multiplies the concurrency limit for this replica.'),
    served_as: servedAsSchema
      .optional()
      .describe('Name under which this replica serves the model, where it differs from its pool.'),
    gpu: gpuNameSchema.optional().describe('GPU of this replica, where the pool has several kinds.'),
    tp: z
      .int()
      .min(1)
      .max(1024)
      .optional()
      .describe('GPUs that share each layer of this replica, where it differs from its pool.'),
    kv_events: replicaEventsSchema
      .optional()
      .describe("Where this replica's KV events are, where that differs from its pool's `kv_events`."),
  }),
]);
