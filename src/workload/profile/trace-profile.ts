import type { Archetype, Heaviness, PromptPrefix, WorkloadProfile } from '#contract/profile.js';
import type { Tokens } from '#contract/units.js';
import type { TraceRequest } from '#workload/traces/trace.js';
import { OutputLengths, type OutputQuantiles } from './output-lengths.js';
import { archetypeOf, heavinessOf } from './request-profile.js';

/** Sessions whose turns are counted; the one longest silent is forgotten first. */
const MOST_SESSIONS = 65_536;

/** Makes profiles of requests of which only a trace's facts are known, and learns answer lengths as the live profiler does. */
export interface TraceProfiler {
  /** To be called once for each request, in order of arrival: turns are counted. */
  profile(request: TraceRequest): WorkloadProfile;
  observeOutput(profile: WorkloadProfile, completionTokens: Tokens): void;
}

/**
 * The profile of a request without its text: tokens as counted, the turn by counting its session's requests, an agent where the
 * conversation is as deep as an agent's. Application and modality are not in a trace: none, and text.
 */
export function createTraceProfiler(): TraceProfiler {
  const lengths = new OutputLengths();
  const turns = new Map<string, number>();
  return {
    profile(request) {
      const { session } = request;
      if (session === undefined) return new TraceProfile(request, 1, lengths);
      const turn = (turns.get(session) ?? 0) + 1;
      turns.delete(session);
      if (turns.size >= MOST_SESSIONS) turns.delete(turns.keys().next().value!);
      turns.set(session, turn);
      return new TraceProfile(request, turn, lengths);
    },
    observeOutput(profile, completionTokens) {
      const { application, archetype } = profile;
      const facts = { caller: '', promptTokens: profile.promptTokens() };
      lengths.observe(application, archetype, completionTokens, facts);
    },
  };
}

/** The profile that a request has with some of its prompt left out: answers are expected as for the whole. */
export function profileOfShorter(whole: WorkloadProfile, { promptTokens, prefix }: TraceRequest): WorkloadProfile {
  const { outputTokens, archetype, warmth, modality, application, turn, session } = whole;
  return {
    ...{ outputTokens, archetype, warmth, modality, application, turn, session },
    heaviness: heavinessOf(promptTokens, outputTokens.p50),
    promptTokens: () => promptTokens,
    prefix: () => prefix,
  };
}

class TraceProfile implements WorkloadProfile {
  readonly archetype: Archetype;
  readonly warmth: 'warm' | 'cold';
  readonly modality = 'text';
  readonly application = '';
  private known: OutputQuantiles | undefined;

  constructor(
    private readonly request: TraceRequest,
    readonly turn: number,
    private readonly lengths: OutputLengths,
  ) {
    // Each turn is a message of the user's and one of the assistant's, the last not yet written.
    this.archetype = archetypeOf(2 * turn - 1, false);
    this.warmth = turn > 1 ? 'warm' : 'cold';
  }

  get session(): string {
    return this.request.session ?? '';
  }

  get outputTokens(): OutputQuantiles {
    const facts = { caller: '', promptTokens: this.request.promptTokens };
    this.known ??= this.lengths.expected(this.application, this.archetype, facts);
    return this.known;
  }

  get heaviness(): Heaviness {
    return heavinessOf(this.request.promptTokens, this.outputTokens.p50);
  }

  promptTokens(): Tokens {
    return this.request.promptTokens;
  }

  prefix(): PromptPrefix {
    return this.request.prefix;
  }
}
