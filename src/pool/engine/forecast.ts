import type { Joules, Milliseconds, Tokens, Watts } from '#contract/units.js';
import type { HostMemory } from './engine.js';
import { readMs } from './host-cache.js';
import { type IterationWork, iterationMs } from './iteration-cost.js';
import { powerAt } from './power.js';
import type { EngineProfile } from './profile.js';

/** The load of a replica, as far as a forecast goes by it. */
export interface Load {
  readonly inFlight: number;
  readonly inFlightTokens: Tokens;
  readonly pendingPrefillTokens: Tokens;
}

/**
 * What the engine model says of a replica in closed form: cheap enough to be asked for every candidate of every request. Allocates
 * nothing.
 */
export class EngineForecast {
  private readonly work: IterationWork = { tokens: 0, sampled: 0, attentionPairs: 0, kvTokens: 0 };

  /** @param host where its KV goes that the GPUs give up; nowhere unless said. */
  constructor(
    readonly profile: EngineProfile,
    readonly host?: HostMemory | undefined,
  ) {}

  /** GPUs of the replica. */
  get gpus(): number {
    return this.profile.tensorParallel;
  }

  /** Tokens that the KV cache holds. */
  get kvTokens(): Tokens {
    return this.profile.totalBlocks * this.profile.blockTokens;
  }

  /** Tokens that the host's memory and storage hold behind that; those of an engine without are none. */
  get lowerTokens(): Tokens {
    const { host } = this;
    return host === undefined ? 0 : (host.blocks + (host.disk?.blocks ?? 0)) * this.profile.blockTokens;
  }

  /** Time to read the KV of so many tokens from the host's memory, and then of so many from storage; `undefined` for an engine without that tier. */
  readMs(hostTokens: Tokens, diskTokens: Tokens): Milliseconds | undefined {
    return readMs(this.profile, this.host, hostTokens, diskTokens);
  }

  /** Time of an iteration in which `sequences` decode one token each, `kvTokens` being their contexts together. */
  iterationMs(sequences: number, kvTokens: Tokens): Milliseconds {
    const batch = Math.min(sequences, this.profile.maxSequences);
    const kept = sequences > batch ? (kvTokens * batch) / sequences : kvTokens;
    return this.cost(batch, batch, kept, kept);
  }

  /**
   * Time to first token of a prompt of which `cached` tokens are in the prefix cache: the prefill tokens in front of it and its own,
   * in iterations of the whole token budget that the running sequences decode along in. Prompts ahead are taken to attend to as much
   * as this one does on average.
   */
  ttftMs(load: Load, promptTokens: Tokens, cached: Tokens): Milliseconds {
    const { maxBatchedTokens, maxSequences } = this.profile;
    const work = load.pendingPrefillTokens + Math.max(1, promptTokens - cached);
    const decodes = Math.min(load.inFlight, maxSequences - 1);
    const iterations = Math.ceil(work / Math.max(1, maxBatchedTokens - decodes));
    const chunk = work / iterations;
    const pairs = chunk * (cached + (promptTokens - cached) / 2) + load.inFlightTokens;
    return iterations * this.cost(chunk + decodes, decodes + 1, pairs, load.inFlightTokens + promptTokens);
  }

  /** Power of all GPUs of the replica while it runs so many sequences. */
  watts(sequences: number): Watts {
    return this.gpus * powerAt(this.profile.power, sequences);
  }

  /** Output tokens for each joule while `sequences` decode: sequences / (GPUs · P · τ) (`wrp.md` §5.12, arXiv 2603.17280). */
  tokensPerJoule(sequences: number, kvTokens: Tokens): number {
    const batch = Math.min(sequences, this.profile.maxSequences);
    return (batch * 1000) / (this.watts(batch) * this.iterationMs(sequences, kvTokens));
  }

  /**
   * Energy that a request adds to what is charged on the replica, in joules, with the requests there and itself in one batch of b:
   *
   *     W(b) · (prefill time of its prompt + output tokens · τ(b) / b)        W watts of all GPUs, τ the iteration time
   *
   * The more share the batch the less it is, down to the batch at which iterations become longer as fast as it grows.
   */
  requestJoules(load: Pick<Load, 'inFlight' | 'inFlightTokens'>, promptTokens: Tokens, outputTokens: Tokens): Joules {
    const batch = Math.min(load.inFlight + 1, this.profile.maxSequences);
    const fresh = Math.max(1, promptTokens);
    const prefillMs = this.cost(fresh, 1, (fresh * fresh) / 2, fresh) - this.profile.cost.overheadMs;
    const decodeMs = this.iterationMs(load.inFlight + 1, load.inFlightTokens + promptTokens + outputTokens / 2);
    return (this.watts(batch) * (prefillMs + (outputTokens * decodeMs) / batch)) / 1000;
  }

  private cost(tokens: Tokens, sampled: number, attentionPairs: number, kvTokens: Tokens): Milliseconds {
    const { work } = this;
    work.tokens = tokens;
    work.sampled = sampled;
    work.attentionPairs = attentionPairs;
    work.kvTokens = kvTokens;
    return iterationMs(this.profile.cost, work);
  }
}
