import { z } from 'zod';
import { WEIGHT_PRECISIONS } from '#pool/engine/precision.js';

const positive = z.number().gt(0);
const count = z.int().min(0).max(1e9);
const source = z.string().min(8).max(500).describe('Where the numbers are from.');
const rowName = z.string().regex(/^[a-z0-9][a-z0-9.]{0,63}$/, 'expected lower-case letters, digits and dots');

/** How a GPU can be paid for. */
export const PRICE_KINDS = ['on_demand', 'reserved', 'spot'] as const;
export type PriceKind = (typeof PRICE_KINDS)[number];

const quote = z.strictObject({
  kind: z.enum(PRICE_KINDS),
  usd_per_hour: positive.max(10_000).describe('USD an hour for one GPU.'),
  provider: z.string().min(1).max(64),
  date: z.string().regex(/^\d{4}-\d\d(-\d\d)?$/, 'expected a date: 2026-08-26'),
  source,
});

/** One row of a catalogue of GPUs. */
export const gpuRow = z.strictObject({
  name: rowName,
  memory_bytes: positive,
  bandwidth_tbps: positive.describe('Memory bandwidth, TB a second.'),
  tflops_16: positive.describe('Dense 16-bit tensor operations, 10^12 a second, accumulating in 32 bits.'),
  tflops_8: z
    .number()
    .min(0)
    .default(0)
    .describe('Dense 8-bit floating point, 10^12 a second; 0 where the hardware has none.'),
  tflops_4: z
    .number()
    .min(0)
    .default(0)
    .describe('Dense 4-bit floating point (NVFP4), 10^12 a second; 0 where the hardware has none.'),
  tops_8: z
    .number()
    .min(0)
    .default(0)
    .describe(
      'Dense 8-bit integers, 10^12 a second; 0 where engines have no kernels for them (vLLM has them from Turing to Hopper).',
    ),
  link_gbps: positive.describe('GB a second and direction to the others of a tensor-parallel group.'),
  mfu: z.number().gt(0).max(1).default(0.6).describe('Share of peak operations that large matrix products reach.'),
  bandwidth_efficiency: z
    .number()
    .gt(0)
    .max(1)
    .default(0.8)
    .describe('Share of peak bandwidth that reading weights and KV reaches.'),
  board_watts: positive.max(100_000),
  power: z
    .strictObject({ idle: positive, nominal: positive, steepness: positive, midpoint: z.number().min(0).max(20) })
    .optional()
    .describe('Power by batch; scaled from the board’s watts unless said.'),
  prices: z.array(quote).min(1).max(64).describe('The first of a kind is what is counted unless a provider is named.'),
  source,
});

const grouped = z.strictObject({ kind: z.literal('grouped'), heads: count, kv_heads: count, head_dim: count });
const latent = z.strictObject({
  ...{ kind: z.literal('latent'), heads: count, query_rank: count, kv_rank: count, rope_dim: count, head_dim: count },
});

/** One row of a catalogue of models: what its `config.json` says. */
export const modelRow = z.strictObject({
  hub: z
    .string()
    .min(1)
    .max(128)
    .describe('Name on the Hugging Face hub; its short name is the last part, without -Instruct.'),
  layers: count.min(1),
  hidden: count.min(1),
  intermediate: count.describe('Width of the dense feed-forward block; 0 where all layers have experts.'),
  vocabulary: count.min(1),
  tied: z.boolean().describe('Whether input embedding and output head are one matrix.'),
  attention: z.discriminatedUnion('kind', [grouped, latent]),
  experts: z
    .strictObject({
      experts: count.min(1),
      top_k: count.min(1),
      intermediate: count.min(1),
      shared: count,
      dense_layers: count,
    })
    .optional(),
  weights: z.enum(WEIGHT_PRECISIONS).default('bf16').describe('Precision that its weights are published in.'),
  context: count.min(1).describe('Longest context it was trained or extended for.'),
  source,
});

/** A catalogue of one's own, which goes before the built-in one. */
export const catalogueFile = z.strictObject({
  gpus: z.array(gpuRow).max(1000).default([]),
  models: z.array(modelRow).max(1000).default([]),
});

export type GpuRow = z.output<typeof gpuRow>;
export type ModelRow = z.output<typeof modelRow>;
export type PriceQuote = z.output<typeof quote>;
