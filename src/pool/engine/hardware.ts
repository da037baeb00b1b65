import { WeirError } from '#contract/errors.js';
import type { Bytes, Usd, Watts } from '#contract/units.js';

/** Power of one GPU by batch size: {@link powerAt}. */
export interface PowerCurve {
  readonly idle: Watts;
  readonly nominal: Watts;
  /** Steepness over log2 of the batch. */
  readonly steepness: number;
  /** log2 of the batch at which power is half way from idle to nominal. */
  readonly midpoint: number;
}

/** One GPU as its data sheet has it, with what measurements say of how much of that is reached. */
export interface Gpu {
  readonly name: string;
  readonly memory: Bytes;
  /** Bytes a second. */
  readonly bandwidth: number;
  /** Dense 16-bit tensor operations a second, accumulating in 32 bits. */
  readonly flops16: number;
  /** Dense 8-bit floating-point operations a second; 0 when the hardware has none. */
  readonly flops8: number;
  /** Bytes a second and direction to the other GPUs of a tensor-parallel group. */
  readonly link: number;
  /** Share of peak operations that large matrix products reach. */
  readonly mfu: number;
  /** Share of peak bandwidth that reading weights and KV reaches. */
  readonly bandwidthEfficiency: number;
  readonly power: PowerCurve;
  readonly usdPerHour: Usd;
  readonly source: string;
}

const GIB = 1024 ** 3;
const TERA = 1e12;
const GIGA = 1e9;

const SHEET = 'NVIDIA data sheet';
const ASSUMED = `${SHEET}; mfu and bandwidth efficiency assumed as on A100 and H100`;
const VIDUR = 'mfu and bandwidth efficiency from Vidur kernel measurements of Llama-3-70B';

/** The curve where none was measured: 43 % of board power idle, 86 % busy, half way where peak operations put it against H100. */
function scaledPower(boardWatts: Watts, flops16: number): PowerCurve {
  return {
    idle: 0.43 * boardWatts,
    nominal: 0.86 * boardWatts,
    steepness: 1,
    midpoint: 4.2 + Math.log2(flops16 / (989 * TERA)),
  };
}

interface Sheet {
  readonly gib?: number;
  readonly memory?: Bytes;
  readonly tbps: number;
  readonly tf16: number;
  readonly tf8?: number;
  readonly linkGbps: number;
  readonly watts: Watts;
  readonly usd: Usd;
  readonly mfu?: number;
  readonly efficiency?: number;
  readonly power?: PowerCurve;
  readonly source: string;
}

function gpu(name: string, sheet: Sheet): Gpu {
  const flops16 = sheet.tf16 * TERA;
  return {
    name,
    memory: sheet.memory ?? (sheet.gib ?? 0) * GIB,
    bandwidth: sheet.tbps * TERA,
    flops16,
    flops8: (sheet.tf8 ?? 0) * TERA,
    link: sheet.linkGbps * GIGA,
    mfu: sheet.mfu ?? 0.6,
    bandwidthEfficiency: sheet.efficiency ?? 0.8,
    power: sheet.power ?? scaledPower(sheet.watts, flops16),
    usdPerHour: sheet.usd,
    source: sheet.source,
  };
}

/** Known GPUs. Prices are USD an hour as published planners assume them: set your own where money matters. */
export const GPUS: readonly Gpu[] = [
  gpu('a100', {
    ...{ gib: 80, tbps: 2.039, tf16: 312, linkGbps: 300, watts: 400, usd: 2.21, mfu: 0.62 },
    power: { idle: 175, nominal: 385, steepness: 1, midpoint: 2.5 },
    source: `${SHEET} (SXM 80 GB); ${VIDUR}; power 373 W at batch 32`,
  }),
  gpu('h100', {
    ...{ gib: 80, tbps: 3.35, tf16: 989, tf8: 1978, linkGbps: 450, watts: 700, usd: 4.02, mfu: 0.6 },
    power: { idle: 300, nominal: 600, steepness: 1, midpoint: 4.2 },
    source: `${SHEET} (SXM 80 GB); ${VIDUR}; power fitted to GPU-to-Grid fig. 2 and ML.ENERGY v3`,
  }),
  gpu('h200', { gib: 141, tbps: 4.8, tf16: 989, tf8: 1978, linkGbps: 450, watts: 700, usd: 6, source: ASSUMED }),
  gpu('b200', { gib: 180, tbps: 8, tf16: 2250, tf8: 4500, linkGbps: 900, watts: 1000, usd: 8, source: ASSUMED }),
  gpu('gb200', { gib: 200, tbps: 8, tf16: 2500, tf8: 5000, linkGbps: 900, watts: 1200, usd: 10, source: ASSUMED }),
  gpu('gb300', { gib: 299, tbps: 8, tf16: 2500, tf8: 5000, linkGbps: 900, watts: 1400, usd: 12, source: ASSUMED }),
  gpu('l40s', { gib: 48, tbps: 0.864, tf16: 362, tf8: 733, linkGbps: 32, watts: 350, usd: 1.8, source: ASSUMED }),
  gpu('a10g', {
    ...{ gib: 24, tbps: 0.6, tf16: 70, linkGbps: 32, watts: 150, usd: 1.01 },
    power: { idle: 75, nominal: 120, steepness: 0.7, midpoint: 3 },
    source: `${ASSUMED}; power projected`,
  }),
  gpu('rtx4090', {
    ...{ memory: 25_250_627_584, tbps: 1.008, tf16: 165.2, tf8: 330.3, linkGbps: 32, watts: 450, usd: 0.5 },
    source: `${ASSUMED}; memory as the driver reports it`,
  }),
  gpu('rtxpro6000', {
    ...{ gib: 95, tbps: 1.792, tf16: 503.8, tf8: 1007.6, linkGbps: 64, watts: 600, usd: 1.8 },
    source: `${ASSUMED} (Blackwell, workstation)`,
  }),
  gpu('b60', {
    ...{ gib: 24, tbps: 0.456, tf16: 98, linkGbps: 32, watts: 200, usd: 1 },
    source: 'Intel data sheet (Arc Pro B60); mfu and bandwidth efficiency assumed as on A100 and H100',
  }),
];

/**
 * The GPU of a name, written as people do: case, spaces, hyphens, `nvidia`, `sxm` and the size in GB make no difference.
 *
 * @throws WeirError `config.unknown_reference`, naming the known ones.
 */
export function findGpu(name: string): Gpu {
  const key = normalised(name);
  const found = GPUS.find(one => one.name === key);
  if (found !== undefined) return found;
  throw new WeirError('config.unknown_reference', `No GPU is called "${name}".`, {
    hint: `one of ${GPUS.map(one => one.name).join(', ')}`,
  });
}

function normalised(name: string): string {
  return name
    .slice(0, 64)
    .toLowerCase()
    .replace(/nvidia|geforce|intel|sxm\d?|\d+ ?gb|[\s_-]/g, '');
}
