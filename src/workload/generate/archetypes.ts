import { WeirError } from '#contract/errors.js';
import type { Random } from '#contract/random.js';
import type { Milliseconds, Tokens } from '#contract/units.js';
import type { TraceRequest } from '#workload/traces/trace.js';
import { drawLengths, findCdf, type Lengths } from './length-cdf.js';

/** A kind of workload to generate: how long its requests are and how its sessions go. */
export interface Archetype {
  readonly name: string;
  readonly summary: string;
  /** Lengths of a session's first request. */
  lengths(random: Random): Lengths;
  /** Mean number of requests a session; their number is geometric. */
  readonly turns: number;
  /** Between an answer and the next request: log-normal. */
  readonly pauseMs: { readonly median: Milliseconds; readonly sigma: number };
  /** Tokens that come new with each later turn, beside the answer before: log-normal. */
  readonly growth: { readonly median: Tokens; readonly sigma: number };
  /** Tokens that all its prompts begin with. */
  readonly systemTokens: Tokens;
}

const fromCdf = (name: string) => {
  const cdf = findCdf(name);
  return (random: Random) => drawLengths(cdf, random);
};

/**
 * Kinds of workload. Lengths of first requests are those of the distribution of the same name. Agents make 3 to 10 times as many calls and their
 * prompts grow with the turn (`wrp.md` §1.1); the median tool pause of 5 s makes about half of their sessions' time.
 */
export const ARCHETYPES: readonly Archetype[] = [
  {
    name: 'azure',
    summary: 'single requests with the lengths of Azure 2023',
    lengths: fromCdf('azure'),
    turns: 1,
    pauseMs: { median: 0, sigma: 0 },
    growth: { median: 0, sigma: 0 },
    systemTokens: 0,
  },
  {
    name: 'lmsys',
    summary: 'chats of two turns on average, half a minute between them',
    lengths: fromCdf('lmsys'),
    turns: 2,
    pauseMs: { median: 30_000, sigma: 1 },
    growth: { median: 60, sigma: 1 },
    systemTokens: 0,
  },
  {
    name: 'agent',
    summary: 'agents of ten turns on average that wait for tools and whose prompts grow',
    lengths: fromCdf('agent'),
    turns: 10,
    pauseMs: { median: 5000, sigma: 1 },
    growth: { median: 600, sigma: 1 },
    systemTokens: 1024,
  },
];

/** @throws WeirError `config.unknown_reference`, naming the known ones. */
export function findArchetype(name: string): Archetype {
  const found = ARCHETYPES.find(archetype => archetype.name === name);
  if (found !== undefined) return found;
  throw new WeirError('config.unknown_reference', `No archetype is called "${name}".`, {
    hint: `one of ${ARCHETYPES.map(archetype => archetype.name).join(', ')}`,
  });
}

/** Single requests whose lengths are drawn from a trace's, prompt and answer together. */
export function likeTrace(requests: readonly TraceRequest[]): Archetype {
  return {
    name: 'like',
    summary: 'single requests with the lengths of a trace',
    lengths: random => {
      const { promptTokens, outputTokens } = requests[random.below(requests.length)]!;
      return { promptTokens, outputTokens: Math.max(1, outputTokens) };
    },
    turns: 1,
    pauseMs: { median: 0, sigma: 0 },
    growth: { median: 0, sigma: 0 },
    systemTokens: 0,
  };
}
