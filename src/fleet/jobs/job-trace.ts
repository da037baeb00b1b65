import { WeirError } from '#contract/errors.js';
import { seededRandom } from '#contract/random.js';
import { findArchetype } from '#workload/generate/archetypes.js';
import { generateTrace } from '#workload/generate/generate.js';
import { readTrace } from '#workload/traces/read.js';
import type { Trace, TraceRequest } from '#workload/traces/trace.js';
import type { TraceSource } from './job.js';

/** Requests of a job at most: what one thread plays within minutes. */
export const MOST_REQUESTS = 200_000;

/**
 * The requests of a job, in order of arrival.
 *
 * @throws WeirError `trace.unreadable` for a text that is no trace or has no times and no rate.
 */
export async function jobRequests(
  source: TraceSource,
  rate: number | undefined,
  seed: number,
): Promise<readonly TraceRequest[]> {
  const requests = await requestsOf(source, rate, seed);
  if (requests.length < 2) {
    throw new WeirError('trace.unreadable', `There are ${requests.length} requests: too few to say anything of.`, {
      hint: 'at least two, with tokens reported',
    });
  }
  if (requests.length > MOST_REQUESTS) {
    throw new WeirError(
      'trace.unreadable',
      `The trace has ${requests.length} requests; here at most ${MOST_REQUESTS} are played.`,
      {
        hint: 'weir plan and weir simulate take longer ones',
      },
    );
  }
  return requests;
}

async function requestsOf(
  source: TraceSource,
  rate: number | undefined,
  seed: number,
): Promise<readonly TraceRequest[]> {
  if (source.from === 'requests') return source.requests;
  const random = seededRandom(seed);
  if (source.from === 'generated') {
    const { kind, requests, rate: drawn } = source;
    const mix = [{ archetype: findArchetype(kind), share: 1 }];
    return generateTrace({ requests, rate: drawn, arrivals: { kind: 'poisson' }, mix, random: random.fork('trace') })
      .requests;
  }
  const { text } = source;
  const trace = await readTrace(pieces(text));
  return timed(trace, rate, seed);
}

function timed(trace: Trace, rate: number | undefined, seed: number): readonly TraceRequest[] {
  if (trace.timed) return trace.requests;
  if (rate === undefined) {
    throw new WeirError('trace.unreadable', 'The trace does not say when its requests came.', { hint: 'give a rate' });
  }
  const draws = seededRandom(seed).fork('arrivals');
  let arrivalMs = 0;
  return trace.requests.map(request => {
    arrivalMs += draws.exponential(rate / 1000);
    return { ...request, arrivalMs };
  });
}

const PIECE = 65_536;

async function* pieces(text: string): AsyncGenerator<string> {
  for (let at = 0; at < text.length; at += PIECE) yield text.slice(at, at + PIECE);
}
