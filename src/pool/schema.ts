import { z } from 'zod';
import { compression, name, price, share, tokens } from '#contract/schema.js';
import { prefillSchema } from './disaggregation/schema.js';
import { queueSchema, spillSchema } from './flow/schema.js';
import { hostMemorySchema } from './host-memory-schema.js';
import { kvEventsSchema, type ReplicaEvents, replicaEventsSchema } from './kv-events-schema.js';
import { ggufSchema, MOST_REPLICAS, simulateSchema } from './local-engines-schema.js';
import { placementSchema, readsPrefix } from './placement/schema.js';
import { precisionSchema, withPrecisions } from './precision-schema.js';
import { rebalanceSchema } from './rebalance/schema.js';
import { circuitSchema, ejectionSchema, healthSchema, timeoutsSchema } from './resilience-schema.js';
import { retentionSchema } from './retention/schema.js';
import { scaleSchema } from './scale-schema.js';

/** Pools and models that one file may have: what the state kept for them is bounded by. */
const MOST_POOLS = 1024;

/** Headers that belong to a connection or a body, not to a configuration. */
const FRAMING = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'upgrade',
  'te',
  'trailer',
  'expect',
]);

const headers = z
  .record(
    z
      .string()
      .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/, 'expected the name of an HTTP header')
      .refine(header => !FRAMING.has(header.toLowerCase()), { message: 'this header is set by the connection itself' }),
    z
      .string()
      .max(8192)
      .regex(/^[^\r\n\0]*$/, 'expected a header value without line breaks'),
  )
  .refine(given => Object.keys(given).length <= 64, { message: 'expected at most 64 headers' });

const url = z
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

const gpuName = z.string().min(1).max(128);

const servedAs = z.string().min(1).max(256);

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

const replica = z.union([
  url.transform((base): ReplicaEntry => ({ url: base, weight: 1 })),
  z.strictObject({
    url: url.describe('Base URL; a trailing `/v1` is dropped, because Weir adds the path of the API.'),
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
    served_as: servedAs
      .optional()
      .describe('Name under which this replica serves the model, where it differs from its pool.'),
    gpu: gpuName.optional().describe('GPU of this replica, where the pool has several kinds.'),
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

const modelEntry = z.strictObject({
  price: z
    .strictObject({
      prompt: price.prefault(0).describe('USD per 1M prompt tokens.'),
      completion: price.prefault(0).describe('USD per 1M completion tokens.'),
      cached: price
        .optional()
        .describe('USD per 1M prompt tokens found in the prefix cache; the prompt price unless said.'),
    })
    .prefault({})
    .describe('What tokens of this model cost.'),
  context: tokens
    .refine(count => count >= 1, { message: 'expected at least 1 token' })
    .prefault('128k')
    .describe('Context window: longest prompt and answer together. A pool may state its own.'),
  ...precisionSchema,
  kind: z
    .enum(['chat', 'embedding'])
    .default('chat')
    .describe('What the model is for: `embedding` models answer /v1/embeddings and nothing else.'),
  quality: share.optional().describe('How good its answers are, 0 to 1, where selection weighs quality.'),
  description: z
    .string()
    .max(2000)
    .optional()
    .describe('What the model is good at, for people and for lists of models.'),
});

const parallel = z.int().min(1).max(1024).default(1);

const watts = z.number().min(0).max(100_000);

const power = z
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

const adapters = z.strictObject({
  models: z.array(name).min(1).max(256).describe('Models that are adapters; the replicas know them by these names.'),
  slots: z
    .int()
    .min(1)
    .max(256)
    .default(1)
    .describe('Adapters that a replica holds at once (vLLM: `max_loras`); the one longest unused makes room.'),
});

const poolEntry = z
  .strictObject({
    model: name.describe('Model that this pool serves, as named under `pool.models`.'),
    context: tokens
      .refine(count => count >= 1, { message: 'expected at least 1 token' })
      .optional()
      .describe('Context window of this pool, where it differs from the model.'),
    cloud: url
      .optional()
      .describe(
        "Base URL of a provider's API instead of replicas: one place with limits and prices, whose hardware, health and cache are the provider's business.",
      ),
    gpu: gpuName
      .optional()
      .describe('GPU the replicas run on: what energy and predictions of latency are computed from.'),
    tp: parallel.describe('GPUs that share each layer of a replica (tensor parallelism).'),
    weights: precisionSchema.weights.describe('What the weights are in this pool, where that differs from the model.'),
    kv_cache: precisionSchema.kv_cache.describe(
      'What the KV cache is in this pool, where that differs from the model.',
    ),
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
    power: power.optional().describe('Power of one GPU by batch; what the catalogue has unless said.'),
    host_memory: hostMemorySchema
      .optional()
      .describe(
        'Where the engines keep KV that their GPUs have to give up: for how much a replica remembers, and what reading it takes. None unless said.',
      ),
    adapters: adapters
      .optional()
      .describe(
        'LoRA adapters that the replicas serve beside their model, each a model of its own under `pool.models`.',
      ),
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
    served_as: servedAs
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
    headers: headers.prefault({}).describe('Headers sent to the replicas with every request.'),
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
    replicas: z.array(replica).min(1).max(MOST_REPLICAS).optional().describe('Base URLs of the replicas.'),
    simulate: simulateSchema.optional().describe('Simulated engines instead of real replicas.'),
    gguf: ggufSchema
      .optional()
      .describe('A real engine that Weir runs itself: a GGUF file, by way of the optional package node-llama-cpp.'),
  })
  .superRefine((entry, context) => {
    const sources = (['replicas', 'cloud', 'simulate', 'gguf'] as const).filter(source => entry[source] !== undefined);
    if (sources.length !== 1) {
      context.addIssue({
        code: 'custom',
        path: sources.slice(1, 2),
        message: 'expected exactly one of replicas, cloud, simulate and gguf',
        params: {
          hint: 'list base URLs under replicas, give that of a provider under cloud, describe simulated engines under simulate, or name a model file under gguf',
        },
      });
    }
    const events = entry.kv_events;
    if (events !== undefined && entry.replicas === undefined) {
      context.addIssue({
        code: 'custom',
        path: ['kv_events'],
        message: 'only replicas that are listed tell of their cache',
      });
    } else if (events !== undefined && !readsPrefix(entry.placement)) {
      context.addIssue({ code: 'custom', path: ['kv_events'], message: 'this placement does not look at prefixes' });
    }
    for (const [at, { kv_events: own }] of (entry.replicas ?? []).entries()) {
      if (own === undefined || events !== undefined) continue;
      context.addIssue({
        ...{ code: 'custom', path: ['replicas', at, 'kv_events'], message: 'the pool does not follow KV events' },
        params: { hint: 'write kv_events: {} in the pool as well' },
      });
    }
    if (entry.host_memory !== undefined && entry.replicas === undefined) {
      context.addIssue({
        ...{ code: 'custom', path: ['host_memory'], message: 'only replicas that are listed have memory of their own' },
        params: entry.simulate === undefined ? {} : { hint: 'write it under simulate' },
      });
    }
    for (const precision of ['weights', 'kv_cache'] as const) {
      if (entry[precision] === undefined || (entry.cloud ?? entry.gguf) === undefined) continue;
      const message =
        entry.cloud === undefined ? 'the GGUF file says what its weights are' : 'a cloud API runs engines of its own';
      context.addIssue({ code: 'custom', path: [precision], message });
    }
    if (entry.cloud !== undefined && entry.gpu !== undefined) {
      context.addIssue({ code: 'custom', path: ['gpu'], message: 'a cloud API runs on hardware of its own' });
    }
    if (entry.circuit.open_at_most < entry.circuit.open_for) {
      context.addIssue({
        code: 'custom',
        path: ['circuit', 'open_at_most'],
        message: 'open_at_most is shorter than open_for',
        params: { code: 'config.range' },
      });
    }
    if (entry.ejection !== false && entry.ejection.at_most < entry.ejection.for) {
      context.addIssue({
        code: 'custom',
        path: ['ejection', 'at_most'],
        message: 'at_most is shorter than for',
        params: { code: 'config.range' },
      });
    }
  });

/** The `pool:` block: which models there are, where each runs and within which limits. */
export const poolSchema = z
  .strictObject({
    models: z
      .record(name, modelEntry)
      .refine(given => Object.keys(given).length <= MOST_POOLS, { message: `expected at most ${MOST_POOLS} models` })
      .describe('Models by name: what they cost and how much they take.'),
    pools: z
      .record(name, poolEntry)
      .refine(given => Object.keys(given).length <= MOST_POOLS, { message: `expected at most ${MOST_POOLS} pools` })
      .describe('Pools by name: replicas that serve one model alike.'),
    rebalance: rebalanceSchema
      .optional()
      .describe('Pairs of pools whose boundary and replicas follow the lengths of requests. Off unless said.'),
  })
  .transform(withPrecisions);

export type PoolConfig = z.output<typeof poolSchema>;
export type ModelConfig = z.output<typeof modelEntry>;
export type PoolEntry = z.output<typeof poolEntry>;
export type AdapterSettings = z.output<typeof adapters>;
