import type { FlowFacts } from '#contract/flow.js';
import type { PlacementRequest } from '#contract/placement.js';
import type { PromptPrefix, WorkloadProfile } from '#contract/profile.js';
import type { InferenceRequest } from '#contract/request.js';
import type { PlacementConstraints } from '#contract/route.js';
import type { Tokens } from '#contract/units.js';

/** Replicas of one model that a request tries before the next model has its turn. */
const MAX_REPLICAS_TRIED = 3;

/** What one candidate model's placement is asked with. The prefix is hashed only if a placer looks at it. */
export class Asked implements PlacementRequest {
  readonly promptTokens: Tokens;
  readonly outputTokens: Tokens;
  readonly session: string;
  readonly streamed: boolean;
  readonly exclude: string[] = [];
  /** Of the prompt, once an engine has said. */
  tokens: ArrayLike<number> | undefined;

  constructor(
    readonly model: string,
    request: InferenceRequest,
    private readonly profile: WorkloadProfile,
    readonly constraints: PlacementConstraints,
    readonly flow: FlowFacts | undefined,
  ) {
    this.promptTokens = profile.promptTokens(model);
    this.outputTokens = profile.outputTokens.p75 * request.sampling.n;
    this.session = profile.session;
    this.streamed = request.stream;
  }

  get prefix(): PromptPrefix {
    return this.profile.prefix();
  }

  /** Application, archetype and how far the conversation has come, in steps that double. */
  get kind(): string {
    const { application, archetype, turn } = this.profile;
    return `${application} ${archetype} ${32 - Math.clz32(Math.min(turn, 64))}`;
  }

  /** Rules out a replica that failed. @returns whether another may be tried. */
  mayTryAnother(failed: string): boolean {
    this.exclude.push(failed);
    return this.exclude.length < MAX_REPLICAS_TRIED;
  }
}
