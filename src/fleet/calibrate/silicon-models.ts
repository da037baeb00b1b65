import { WeirError } from '#contract/errors.js';
import { findGpu, type Gpu } from '#pool/engine/hardware.js';
import { findModel, MODELS, type ModelShape } from '#pool/engine/models.js';

const K = 1024;
const DEEPSEEK = findModel('deepseek-v3');

/**
 * Models of the measured rows that the catalogue does not have, from each one's `config.json`. Qwen3.5's linear attention layers keep no
 * KV: one in four of its 60 layers attends, and two KV heads of 256 in all of them overstate KV by four. At the lengths that were measured
 * that is under 2 % of what an iteration reads.
 */
const FURTHER: readonly ModelShape[] = [
  { ...DEEPSEEK, name: 'deepseek-r1', hub: 'deepseek-ai/DeepSeek-R1' },
  {
    name: 'minimax-m2.5',
    hub: 'MiniMaxAI/MiniMax-M2.5',
    ...{ layers: 62, hidden: 3072, intermediate: 0, vocabulary: 200_064, tied: false, contextTokens: 192 * K },
    attention: { kind: 'grouped', heads: 48, kvHeads: 8, headDim: 128 },
    experts: { experts: 256, topK: 8, intermediate: 1536, shared: 0, denseLayers: 0 },
  },
  {
    name: 'kimi-k2.5',
    hub: 'moonshotai/Kimi-K2.5',
    ...{ layers: 61, hidden: 7168, intermediate: 18_432, vocabulary: 163_840, tied: false, contextTokens: 256 * K },
    attention: { kind: 'latent', heads: 64, queryRank: 1536, kvRank: 512, ropeDim: 64, headDim: 128 },
    experts: { experts: 384, topK: 8, intermediate: 2048, shared: 1, denseLayers: 1 },
  },
  {
    name: 'qwen3.5-397b-a17b',
    hub: 'Qwen/Qwen3.5-397B-A17B',
    ...{ layers: 60, hidden: 4096, intermediate: 0, vocabulary: 248_320, tied: false, contextTokens: 256 * K },
    attention: { kind: 'grouped', heads: 32, kvHeads: 2, headDim: 256 },
    experts: { experts: 512, topK: 10, intermediate: 1024, shared: 1, denseLayers: 0 },
  },
];

/** @throws WeirError `config.unknown_reference`, naming the known ones. */
export function siliconModel(hub: string): ModelShape {
  const name = hub.toLowerCase().replace(/^.*\//, '').replace(/-fp8$/, '');
  const found = [...MODELS, ...FURTHER].find(model => model.name === name);
  if (found !== undefined) return found;
  throw new WeirError('config.unknown_reference', `No model is called "${hub}".`, {
    hint: `one of ${[...MODELS, ...FURTHER].map(model => model.name).join(', ')}`,
  });
}

/** B300 as NVIDIA's data sheet has it: B200's bandwidth and 16-bit operations, 288 GB. */
const B300: Gpu = {
  ...findGpu('b200'),
  name: 'b300',
  memory: 288e9,
  source: 'NVIDIA data sheet; shares of peak assumed',
};

export function siliconGpu(system: string): Gpu {
  const name = system.replace(/_sxm$/, '');
  return name === 'b300' ? B300 : findGpu(name);
}
