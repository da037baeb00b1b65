import { WeirError } from '#contract/errors.js';
import type { Bytes, Usd, Watts } from '#contract/units.js';
import rows from './catalogue/gpus.json' with { type: 'json' };
import type { GpuRow, PriceQuote } from './catalogue/schema.js';

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
  /** Dense 4-bit floating-point operations a second; 0 when the hardware has none. */
  readonly flops4: number;
  /** Dense 8-bit integer operations a second; 0 when engines have no kernels for them. */
  readonly intOps8: number;
  /** Bytes a second and direction to the other GPUs of a tensor-parallel group. */
  readonly link: number;
  /** Share of peak operations that large matrix products reach. */
  readonly mfu: number;
  /** Share of peak bandwidth that reading weights and KV reaches. */
  readonly bandwidthEfficiency: number;
  readonly power: PowerCurve;
  readonly usdPerHour: Usd;
  /** All that is known of its price, each with its date and source. */
  readonly prices: readonly PriceQuote[];
  readonly source: string;
}

const TERA = 1e12;
const GIGA = 1e9;

/** The curve where none was measured: 43 % of board power idle, 86 % busy, half way where peak operations put it against H100. */
function scaledPower(boardWatts: Watts, flops16: number): PowerCurve {
  return {
    idle: 0.43 * boardWatts,
    nominal: 0.86 * boardWatts,
    steepness: 1,
    midpoint: 4.2 + Math.log2(flops16 / (989 * TERA)),
  };
}

/** A row of a catalogue in the units of the engine model. Its price is the first on demand, else the first. */
export function gpuOf(row: GpuRow): Gpu {
  const flops16 = row.tflops_16 * TERA;
  const price = row.prices.find(({ kind }) => kind === 'on_demand') ?? row.prices[0]!;
  return {
    name: row.name,
    memory: row.memory_bytes,
    bandwidth: row.bandwidth_tbps * TERA,
    flops16,
    flops8: row.tflops_8 * TERA,
    flops4: row.tflops_4 * TERA,
    intOps8: row.tops_8 * TERA,
    link: row.link_gbps * GIGA,
    mfu: row.mfu,
    bandwidthEfficiency: row.bandwidth_efficiency,
    power: row.power ?? scaledPower(row.board_watts, flops16),
    usdPerHour: price.usd_per_hour,
    prices: row.prices,
    source: row.source,
  };
}

/** Known GPUs: `catalogue/gpus.json`. Prices are USD an hour as published planners assume them: set your own where money matters. A test checks the rows, not every start. */
export const GPUS: readonly Gpu[] = (rows as readonly unknown[] as readonly GpuRow[]).map(gpuOf);

let known = GPUS;

/** What a name is looked up in: the built-in rows, and those of one's own before them. */
export function knownGpus(): readonly Gpu[] {
  return known;
}

/** Has names be looked up in other rows from now on, in this thread. */
export function knowGpus(gpus: readonly Gpu[]): void {
  known = gpus;
}

/**
 * The GPU of a name, written as people do: case, spaces, hyphens, `nvidia`, `sxm` and the size in GB make no difference.
 *
 * @param gpus the known ones; {@link knownGpus} unless said.
 * @throws WeirError `config.unknown_reference`, naming the known ones.
 */
export function findGpu(name: string, gpus: readonly Gpu[] = known): Gpu {
  const key = normalised(name);
  const found = gpus.find(one => one.name === key);
  if (found !== undefined) return found;
  throw new WeirError('config.unknown_reference', `No GPU is called "${name}".`, {
    hint: `one of ${gpus.map(one => one.name).join(', ')}`,
  });
}

function normalised(name: string): string {
  return name
    .slice(0, 64)
    .toLowerCase()
    .replace(/nvidia|geforce|intel|sxm\d?|\d+ ?gb|[\s_-]/g, '');
}
