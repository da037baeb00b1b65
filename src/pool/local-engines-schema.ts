import { z } from 'zod';
import { hostMemorySchema } from './host-memory-schema.js';

/** Replicas that one pool may have: what the state kept for them is bounded by. */
export const MOST_REPLICAS = 1024;

export const simulateSchema = z.strictObject({
  replicas: z.int().min(1).max(MOST_REPLICAS).default(1).describe('How many simulated engines to run.'),
  model: z.string().min(1).max(128).describe('Model of the engine catalogue whose timing is simulated.'),
  gpu: z.string().min(1).max(128).describe('GPU of the engine catalogue that the timing is computed for.'),
  tp: z.int().min(1).max(64).default(1).describe('GPUs a replica spans (tensor parallelism).'),
  speed: z.number().gt(0).max(10_000).default(1).describe('How many times faster than the real thing it runs.'),
  seed: z.int().min(0).max(4_294_967_295).default(1).describe('Seed of everything random in the simulation.'),
  blocks: z
    .int()
    .min(1)
    .max(10_000_000)
    .optional()
    .describe('KV-cache blocks of a replica; computed from GPU and model unless said.'),
  host_memory: hostMemorySchema.optional().describe('A tier of KV behind the GPUs; none unless said.'),
});

export const ggufSchema = z.strictObject({
  file: z
    .string()
    .min(1)
    .max(4096)
    .regex(/^[^\0]+$/, 'expected a path')
    .describe('Model file in the GGUF format; relative to the folder that Weir is started in.'),
  sequences: z
    .int()
    .min(1)
    .max(64)
    .default(4)
    .describe('Requests answered side by side; each has a context window of its own in memory.'),
  threads: z.int().min(1).max(1024).optional().describe('CPU threads; as many as the machine has unless said.'),
  cpu: z.boolean().default(false).describe('Compute on the CPU even where there is a GPU.'),
});

export type SimulateEntry = z.output<typeof simulateSchema>;
export type GgufEntry = z.output<typeof ggufSchema>;
