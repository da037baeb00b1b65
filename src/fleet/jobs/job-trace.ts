import { WeirError } from '#contract/errors.js';
import { seededRandom } from '#contract/random.js';
import type { Milliseconds } from '#contract/units.js';
import { errorWithin, within } from '#contract/within.js';
import { cdfRequests } from '#fleet/plan/cdf-requests.js';
import { poissonRequests } from '#fleet/simulate/arrivals.js';
import { findArchetype } from '#workload/generate/archetypes.js';
import { generateTrace } from '#workload/generate/generate.js';
import { readCdf } from '#workload/generate/length-cdf.js';
import { readTrace } from '#workload/traces/read.js';
import type { Refusal, Trace, TraceRequest } from '#workload/traces/trace.js';
import type { TraceSource } from './job.js';

/** Requests of a job at most: what one thread plays within minutes. */
export const MOST_REQUESTS = 200_000;

export interface JobTrace {
  /** In order of arrival. */
  readonly requests: readonly TraceRequest[];
  /** Wall time of arrival 0 in ms since the Unix epoch, where that is known. */
  readonly startedAt?: Milliseconds | undefined;
  /** Rows that are left out, by reason. */
  readonly refusals: readonly Refusal[];
}

/**
 * The requests of a job.
 *
 * @param rate requests a second, where a trace does not say when its requests came.
 * @throws WeirError `trace.unreadable` for a text that is no trace or has no times and no rate; its path is a field of the body.
 */
export async function jobTrace(source: TraceSource, rate: number | undefined, seed: number): Promise<JobTrace> {
  const trace = await traceOf(source, rate, seed);
  const { length } = trace.requests;
  const few = length < 2;
  if (!few && length <= MOST_REQUESTS) return trace;
  throw new WeirError(
    'trace.unreadable',
    few
      ? `There are ${length} requests: too few to say anything of.`
      : `The trace has ${length} requests; here at most ${MOST_REQUESTS} are played.`,
    {
      path: source.from === 'requests' ? 'trace.hours' : 'trace',
      hint: few ? 'at least two, with tokens reported' : 'the command line takes longer ones',
    },
  );
}

async function traceOf(source: TraceSource, rate: number | undefined, seed: number): Promise<JobTrace> {
  if (source.from === 'requests') return { ...source, refusals: [] };
  const random = seededRandom(seed);
  if (source.from === 'cdf') {
    const { cdf, requests, rate: drawn } = source;
    const lengths = within('trace.cdf', () => readCdf(cdf, 'This'));
    return { requests: cdfRequests(lengths, requests, drawn, random), refusals: [] };
  }
  if (source.from === 'generated') {
    const { kind, requests, rate: drawn } = source;
    const mix = [{ archetype: findArchetype(kind), share: 1 }];
    const options = { requests, rate: drawn, mix, random: random.fork('trace') };
    return { requests: generateTrace({ ...options, arrivals: { kind: 'poisson' } }).requests, refusals: [] };
  }
  const trace = await readTrace(pieces(source.text)).catch(error => {
    throw errorWithin('trace.text', error);
  });
  return { requests: timed(trace, rate, seed), startedAt: trace.startedAt, refusals: trace.refusals };
}

function timed(trace: Trace, rate: number | undefined, seed: number): readonly TraceRequest[] {
  if (trace.timed) return trace.requests;
  if (rate === undefined) {
    throw new WeirError('trace.unreadable', 'The trace does not say when its requests came.', {
      path: 'rate',
      hint: 'requests a second, at which they are drawn',
    });
  }
  return poissonRequests(trace.requests, rate, seededRandom(seed));
}

const PIECE = 65_536;

async function* pieces(text: string): AsyncGenerator<string> {
  for (let at = 0; at < text.length; at += PIECE) yield text.slice(at, at + PIECE);
}
