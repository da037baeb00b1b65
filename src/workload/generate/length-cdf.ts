import { WeirError } from '#contract/errors.js';
import type { Random } from '#contract/random.js';
import type { Tokens } from '#contract/units.js';

/** A distribution of total tokens: at each knot the share of requests that are no longer. */
export interface LengthCdf {
  readonly name: string;
  readonly knots: readonly (readonly [tokens: Tokens, share: number])[];
  /** Share of a request's tokens that are output. */
  readonly outputShare: number;
  readonly source: string;
}

const KNOTS: readonly Tokens[] = [
  ...[64, 128, 256, 512, 768, 1024, 1536, 2048, 3072, 4096, 6144, 8192, 12_288, 16_384],
  ...[24_576, 32_768, 49_152, 65_536],
];

function knots(shares: readonly number[]): LengthCdf['knots'] {
  return KNOTS.map((tokens, i) => [tokens, shares[i] ?? 1] as const).filter(([, share]) => share > 0);
}

/** Length distributions that published planners use, with their 80:20 split of prompt and answer. */
export const LENGTH_CDFS: readonly LengthCdf[] = [
  {
    name: 'azure',
    outputShare: 0.2,
    source: 'Azure LLM inference trace 2023, code and conversations (vLLM Semantic Router fleet-sim, azure_cdf)',
    knots: knots([
      ...[0.00837324818165691, 0.02817101295015079, 0.06758914316125599, 0.2886287032109278, 0.36427177576725206],
      ...[0.40447046301224054, 0.6568742238779492, 0.779847436579741, 0.8686535391165514, 0.8982082668085861],
      ...[0.9758027319496186, 0.9999645201348235, 0.9999645201348235],
    ]),
  },
  {
    name: 'lmsys',
    outputShare: 0.2,
    source: 'LMSYS-Chat-1M (vLLM Semantic Router fleet-sim, lmsys_cdf)',
    knots: knots([
      ...[0.13143902904110133, 0.2359468756113688, 0.3824772725584252, 0.6383272206772047, 0.7579833930565839],
      ...[0.8306616774845409, 0.9088599256575542, 0.9482847003642829, 0.9728657502222596, 0.9837422332946185],
      ...[0.9928852149665558, 0.996530520768585, 0.998633010324239, 0.9992645001201069, 0.9996557761504877],
      ...[0.9997944562625215, 0.999839032012818],
    ]),
  },
  {
    name: 'agent',
    outputShare: 0.2,
    source: 'synthetic: 35 % RAG, 40 % SWE-bench, 25 % BFCL (vLLM Semantic Router fleet-sim, agent_heavy_cdf)',
    knots: knots([
      ...[0, 0, 0.00007, 0.00407, 0.02237, 0.05757, 0.15871, 0.26459, 0.43163, 0.53802, 0.65987, 0.74042],
      ...[0.85213, 0.91717, 0.97282, 0.99046, 0.99849],
    ]),
  },
];

/** @throws WeirError `config.unknown_reference`, naming the known ones. */
export function findCdf(name: string): LengthCdf {
  const found = LENGTH_CDFS.find(cdf => cdf.name === name.toLowerCase());
  if (found !== undefined) return found;
  throw new WeirError('config.unknown_reference', `No length distribution is called "${name}".`, {
    hint: `one of ${LENGTH_CDFS.map(cdf => cdf.name).join(', ')}`,
  });
}

/**
 * Checks knots that somebody wrote: tokens and shares that rise, the last share 1.
 *
 * @throws WeirError `trace.unreadable`, naming the knot.
 */
export function readCdf(value: unknown, name: string, outputShare = 0.2): LengthCdf {
  const wrong = (path: string, hint: string) =>
    new WeirError('trace.unreadable', `${name} is no length distribution.`, { path, hint });
  if (!Array.isArray(value) || value.length === 0 || value.length > 100_000) {
    throw wrong('', 'a JSON list of [tokens, share of requests no longer]');
  }
  const list: [Tokens, number][] = [];
  for (const [i, knot] of value.entries()) {
    const [tokens, share] = Array.isArray(knot) ? (knot as readonly unknown[]) : [];
    const [before, below] = list.at(-1) ?? [1, 0];
    if (typeof tokens !== 'number' || !Number.isInteger(tokens) || tokens <= before) {
      throw wrong(`[${i}]`, `whole tokens above ${before}`);
    }
    if (typeof share !== 'number' || !(share >= below && share <= 1))
      throw wrong(`[${i}]`, `a share from ${below} to 1`);
    list.push([tokens, share]);
  }
  if (list.at(-1)![1] !== 1) throw wrong(`[${list.length - 1}]`, 'the last share is 1');
  return { name, knots: list, outputShare, source: name };
}

export interface Lengths {
  readonly promptTokens: Tokens;
  readonly outputTokens: Tokens;
}

/** Splits total tokens into prompt and answer, each at least 1. */
export function splitTotal(total: Tokens, outputShare: number): Lengths {
  const promptTokens = Math.max(1, Math.floor(total * (1 - outputShare)));
  return { promptTokens, outputTokens: Math.max(1, total - promptTokens) };
}

/** Draws a request's lengths: the first knot whose share a uniform draw does not exceed, then uniform between it and the one before. */
export function drawLengths(cdf: LengthCdf, random: Random): Lengths {
  const u = random.next();
  const { knots } = cdf;
  let low = 0;
  let high = knots.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (knots[middle]![1] < u) low = middle + 1;
    else high = middle;
  }
  const from = low > 0 ? knots[low - 1]![0] : 0;
  return splitTotal(from + 1 + random.below(knots[low]![0] - from), cdf.outputShare);
}
