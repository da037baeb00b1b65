import { z } from 'zod';
import { compression, name, tokens } from '#contract/schema.js';
import { adaptersSchema } from './adapters-schema.js';
import { prefillSchema } from './disaggregation/schema.js';
import { queueSchema, spillSchema } from './flow/schema.js';
import { headersSchema } from './headers-schema.js';
import { hostMemorySchema } from './host-memory-schema.js';
import { kvEventsSchema } from './kv-events-schema.js';
import { ggufSchema, MOST_REPLICAS, simulateSchema } from './local-engines-schema.js';
import { placementSchema } from './placement/schema.js';
import { powerSchema } from './power-schema.js';
import { precisionSchema } from './precision-schema.js';
import { baseUrlSchema, gpuNameSchema, replicaSchema, servedAsSchema } from './replica-schema.js';
import { circuitSchema, ejectionSchema, healthSchema, timeoutsSchema } from './resilience-schema.js';
import { retentionSchema } from './retention/schema.js';
import { scaleSchema } from './scale-schema.js';

const parallel = z.int().min(1).max(1024).default(1);

/** What may be said of a pool, each by itself; what must agree is in `pool-agreement.ts`. */
export const poolFields = z.strictObject({
  model: name.describe('Model that this pool serves, as named under `pool.models`.'),
  context: tokens
    .refine(count => count >= 1, { message: 'expected at least 1 token' })
    .optional()
    .describe('Context window of this pool, where it differs from the model.'),
  cloud: baseUrlSchema
    .optional()
    .describe(
      "Base URL of a provider's API instead of replicas: one place with limits and prices, whose hardware, health and cache are the provider's business.",
    ),
  gpu: gpuNameSchema
    .optional()
    .describe('GPU the replicas run on: what energy and predictions of latency are computed from.'),
  tp: parallel.describe('GPUs that share each layer of a replica (tensor parallelism).'),
  weights: precisionSchema.weights.describe('What the weights are in this pool, where that differs from the model.'),
  kv_cache: precisionSchema.kv_cache.describe('What the KV cache is in this pool, where that differs from the model.'),
  pp: parallel.describe("Stages that a replica's layers are spread over (pipeline parallelism)."),
  ep: parallel.describe(
    "Groups that a replica's experts are spread over (expert parallelism). A replica is tp × pp × ep GPUs.",
  ),
  gpu_price: z
    .number()
    .min(0)
    .max(10_000)
    .optional()
    .describe('USD an hour for one GPU; what the catalogue assumes unless said.'),
  power: powerSchema.optional().describe('Power of one GPU by batch; what the catalogue has unless said.'),
  host_memory: hostMemorySchema
    .optional()
    .describe(
      'Where the engines keep KV that their GPUs have to give up: for how much a replica remembers, and what reading it takes. None unless said.',
    ),
  adapters: adaptersSchema
    .optional()
    .describe('LoRA adapters that the replicas serve beside their model, each a model of its own under `pool.models`.'),
  prefill: prefillSchema
    .optional()
    .describe('Disaggregated serving: another pool computes long prompts for this one, which then answers.'),
  kv_events: kvEventsSchema
    .optional()
    .describe(
      'Follows what vLLM publishes of its prefix cache over ZeroMQ, so that placement knows and does not estimate; needs the packages `zeromq` and `@msgpack/msgpack`. Off unless said.',
    ),
  spill: spillSchema
    .prefault({})
    .describe(
      'When requests that fit this pool go to one with a longer window: from the one mark, until it is back under the other.',
    ),
  compress: compression.describe(
    'Requests that need up to so many times the window (FleetOpt’s γ) are made to fit it by leaving whole sentences of their prompts out; 1 for none.',
  ),
  retention: retentionSchema
    .optional()
    .describe('Has engines keep the KV of conversations that are likely to go on. Off unless said.'),
  scale: scaleSchema
    .prefault({})
    .describe(
      'Bounds of the number of replicas that Weir recommends for this pool; what adds and ends them is an autoscaler.',
    ),
  served_as: servedAsSchema
    .optional()
    .describe('Name under which the replicas serve the model; the name of the model unless said.'),
  api: z
    .enum(['openai', 'anthropic', 'responses'])
    .default('openai')
    .describe(
      'API that the replicas speak: OpenAI Chat Completions (vLLM, SGLang, llama.cpp, Ollama and most others), Anthropic Messages, or OpenAI Responses.',
    ),
  api_key: z
    .string()
    .min(1)
    .max(8192)
    .regex(/^[^\r\n\0]+$/, 'expected a key without line breaks')
    .optional()
    .describe(
      'Credential for the replicas, sent as `Authorization: Bearer`, or as `x-api-key` where `api` is anthropic. Take it from the environment or a file.',
    ),
  headers: headersSchema.prefault({}).describe('Headers sent to the replicas with every request.'),
  stream_usage: z
    .boolean()
    .default(true)
    .describe(
      'Whether the engine understands `stream_options.include_usage`; without it, streams report no token counts.',
    ),
  max_tokens: z
    .int()
    .min(1)
    .max(10_000_000)
    .default(4096)
    .describe('Longest answer asked of an Anthropic engine when the client, speaking another API, named no limit.'),
  concurrency: z.int().min(1).max(100_000).default(64).describe('Requests that a replica may have at once.'),
  queue: queueSchema.prefault({}).describe('Where requests wait when every replica is at its limit.'),
  timeouts: timeoutsSchema.prefault({}).describe('How long to wait for a replica.'),
  health: z
    .union([z.literal(false), healthSchema])
    .optional()
    .describe('Active health probes. Unless said: on for loopback and private addresses, off for all others.'),
  circuit: circuitSchema.prefault({}).describe('Circuit breaker: stops sending to a replica that fails.'),
  ejection: z
    .union([z.literal(false), ejectionSchema])
    .prefault({})
    .describe('Outlier ejection: rests a replica that is much worse than its peers.'),
  placement: placementSchema,
  cache_blocks: z
    .int()
    .min(1)
    .max(10_000_000)
    .optional()
    .describe(
      'Prefix blocks that the cache of one replica holds, in all tiers. Unless said: as its engine tells, else as the memory of its GPUs and model leave, with `host_memory`; 32,768 where none of that is known.',
    ),
  replicas: z.array(replicaSchema).min(1).max(MOST_REPLICAS).optional().describe('Base URLs of the replicas.'),
  simulate: simulateSchema.optional().describe('Simulated engines instead of real replicas.'),
  gguf: ggufSchema
    .optional()
    .describe('A real engine that Weir runs itself: a GGUF file, by way of the optional package node-llama-cpp.'),
});

export type PoolFields = z.output<typeof poolFields>;
