import { WeirError } from '#contract/errors.js';
import type { Random } from '#contract/random.js';
import type { Milliseconds, Tokens } from '#contract/units.js';
import { NO_PREFIX, type Trace, type TraceRequest } from '#workload/traces/trace.js';
import type { Archetype } from './archetypes.js';
import { type ArrivalSpec, arrivalProcess } from './arrivals.js';
import { geometric, logNormal } from './draws.js';

export interface GenerateOptions {
  readonly requests: number;
  /** Requests a second, later turns of sessions included. */
  readonly rate: number;
  readonly arrivals: ArrivalSpec;
  /** Kinds of workload, each with its share of the requests; shares need not sum to 1. */
  readonly mix: readonly { readonly archetype: Archetype; readonly share: number }[];
  /** Tokens in a block of the prompts' hashes. 256 unless said. */
  readonly blockTokens?: Tokens;
  readonly random: Random;
}

/** How long an output token takes in a generated session, before the pause: what a person or tool waits for. */
const TOKEN_MS: Milliseconds = 30;
/** Sessions begin this many mean sessions before the trace does, so that it begins in the middle of things. */
const WARM_UP = 5;
const BLOCK_TOKENS: Tokens = 256;
const LONGEST_TURNS = 1000;
const MOST_CONTEXT: Tokens = 131_072;

/**
 * Generates a trace. Each archetype's sessions begin by the arrival process at the rate that gives it its share of all requests; a
 * session's prompt grows by the answer before and by what is new, and begins with all of the one before. The same seed gives the
 * same trace, and an archetype's requests do not depend on what else is in the mixture, but for their rate.
 *
 * @throws WeirError `config.range` for shares or rates that make no trace.
 */
export function generateTrace(options: GenerateOptions): Trace {
  const mix = options.mix.filter(({ share }) => share > 0);
  const shares = mix.reduce((sum, { share }) => sum + share, 0);
  if (!(shares > 0) || !Number.isFinite(shares)) {
    throw new WeirError('config.range', 'The mixture has no shares above 0.', { path: 'mix' });
  }
  const streams = mix.map(({ archetype, share }, index) => {
    const rate = (options.rate * share) / shares;
    return new Sessions(archetype, index, rate, options, options.random.fork(`${index}:${archetype.name}`));
  });
  // Each stream gives all requests up to a time, so one horizon, far enough for all, keeps them from depending on one another.
  let horizonMs = (1000 * options.requests) / options.rate;
  let all: Drawn[];
  do {
    for (const stream of streams) stream.runTo(horizonMs);
    all = streams.flatMap(stream => stream.before(horizonMs));
    horizonMs *= 1.25;
  } while (all.length < options.requests);
  all.sort((a, b) => a.arrivalMs - b.arrivalMs);
  const kept = all.slice(0, options.requests);
  const first = kept[0]?.arrivalMs ?? 0;
  return {
    format: 'generated',
    requests: kept.map(drawn => requestOf(drawn, first, options.blockTokens ?? BLOCK_TOKENS)),
    timed: true,
    ...{ estimated: 0, refused: 0, refusals: [], problems: [] },
  };
}

/** A request as it was drawn. Most are drawn and not kept, and the blocks of a session are one list for all its turns. */
interface Drawn {
  readonly arrivalMs: Milliseconds;
  readonly promptTokens: Tokens;
  readonly outputTokens: Tokens;
  readonly session?: string;
  readonly blocks?: readonly number[];
}

function requestOf({ blocks, ...drawn }: Drawn, first: Milliseconds, blockTokens: Tokens): TraceRequest {
  const arrivalMs = drawn.arrivalMs - first;
  if (blocks === undefined) return { ...drawn, arrivalMs, prefix: NO_PREFIX };
  const hashes = blocks.slice(0, Math.floor(drawn.promptTokens / blockTokens));
  return { ...drawn, arrivalMs, prefix: { hashes, blockTokens } };
}

/** The sessions of one archetype, as far as they have been drawn. */
class Sessions {
  private readonly requests: Drawn[] = [];
  private readonly process;
  private readonly blockTokens: Tokens;
  private readonly system: readonly number[];
  /** Block ids: those of one stream are of one residue, so that no two streams share one. */
  private nextBlock = 0;
  private sessions = 0;
  private beginMs: Milliseconds;

  constructor(
    private readonly archetype: Archetype,
    private readonly index: number,
    rate: number,
    private readonly options: GenerateOptions,
    private readonly random: Random,
  ) {
    const { turns, pauseMs } = archetype;
    this.blockTokens = options.blockTokens ?? BLOCK_TOKENS;
    this.process = arrivalProcess(options.arrivals, rate / turns, random.fork('arrivals'));
    this.system = Array.from({ length: Math.floor(archetype.systemTokens / this.blockTokens) }, () => this.block());
    const meanPause = pauseMs.median * Math.exp(pauseMs.sigma ** 2 / 2);
    this.beginMs = turns > 1 ? -WARM_UP * turns * (meanPause + 500 * TOKEN_MS) : 0;
  }

  runTo(horizonMs: Milliseconds): void {
    while (this.beginMs < horizonMs) {
      this.beginMs += this.process.nextGap();
      this.session(this.beginMs);
    }
  }

  before(horizonMs: Milliseconds): readonly Drawn[] {
    return this.requests.filter(({ arrivalMs }) => arrivalMs < horizonMs);
  }

  private session(beginMs: Milliseconds): void {
    const { archetype, random, blockTokens } = this;
    const turns = archetype.turns > 1 ? Math.min(LONGEST_TURNS, geometric(random, archetype.turns)) : 1;
    const first = archetype.lengths(random);
    const session = `${archetype.name}-${this.sessions++}`;
    let blocks = [...this.system];
    let promptTokens = Math.min(MOST_CONTEXT, first.promptTokens + archetype.systemTokens);
    let outputTokens = Math.min(MOST_CONTEXT / 2, first.outputTokens);
    let arrivalMs = beginMs;
    for (let turn = 0; turn < turns; turn++) {
      if (turn > 0) {
        arrivalMs += outputTokens * TOKEN_MS + logNormal(random, archetype.pauseMs.median, archetype.pauseMs.sigma);
        const fresh = Math.max(1, Math.round(logNormal(random, archetype.growth.median, archetype.growth.sigma)));
        promptTokens += outputTokens + fresh;
        outputTokens = archetype.lengths(random).outputTokens;
      }
      if (promptTokens + outputTokens > MOST_CONTEXT) {
        // What agents do when their context is full: they go on from a summary, which no cache has seen.
        promptTokens = Math.min(MOST_CONTEXT - outputTokens, first.promptTokens + archetype.systemTokens);
        blocks = [...this.system];
      }
      const request = { arrivalMs, promptTokens, outputTokens };
      if (archetype.turns <= 1 && archetype.systemTokens === 0) {
        if (arrivalMs >= 0) this.requests.push(request);
        continue;
      }
      while (blocks.length < Math.floor(promptTokens / blockTokens)) blocks.push(this.block());
      if (arrivalMs >= 0) this.requests.push({ ...request, session, blocks });
    }
  }

  private block(): number {
    return this.nextBlock++ * this.options.mix.length + this.index;
  }
}
