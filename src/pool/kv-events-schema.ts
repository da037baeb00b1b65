import { z } from 'zod';
import { duration, tokens } from '#contract/schema.js';

const endpoint = z
  .string()
  .max(512)
  .regex(/^tcp:\/\/(?:\{host\}|[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\]):\d{1,5}$/, 'expected tcp://host:port');

const endpoints = {
  url: endpoint
    .optional()
    .describe("Where the engine publishes (vLLM: `endpoint`); `{host}` stands for the host of the replica's URL."),
  replay: endpoint
    .optional()
    .describe(
      'Where missed events are asked for (vLLM: `replay_endpoint`); without it a gap costs all that was known.',
    ),
};

/** `kv_events:` of a replica, where it differs from its pool. */
export const replicaEventsSchema = z.strictObject(endpoints);

/** `kv_events:` of a pool. */
export const kvEventsSchema = z.strictObject({
  url: endpoints.url.default('tcp://{host}:5557'),
  replay: endpoints.replay,
  topic: z.string().max(256).default('').describe('Topic the engines publish under (vLLM: `topic`); all unless said.'),
  tokenize: z
    .strictObject({
      from: tokens.prefault('1k').describe('Shortest prompt whose tokens are asked for.'),
      timeout: duration
        .refine(ms => ms >= 1 && ms <= 10_000, { message: 'expected at least 1ms and at most 10s' })
        .prefault('50ms')
        .describe('Longest wait for them; after it the estimate places the request.'),
    })
    .prefault({})
    .describe("When an engine's `/tokenize` is asked for a prompt's tokens before the prompt is placed."),
});

export type KvEventsSettings = z.output<typeof kvEventsSchema>;
export type ReplicaEvents = z.output<typeof replicaEventsSchema>;
