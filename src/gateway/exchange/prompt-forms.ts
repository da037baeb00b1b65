import type { WorkloadProfile } from '#contract/profile.js';
import type { PlacementConstraints, StageNote } from '#contract/route.js';
import type { Tokens } from '#contract/units.js';
import { fitWindow } from '#gateway/compression/fit-window.js';
import { type Sent, shorten } from '#gateway/compression/shorten.js';
import type { Runtime } from '#gateway/runtime.js';

/** What was left out of a prompt. */
export interface Compressed {
  readonly from: Tokens;
  readonly to: Tokens;
}

/** The forms in which the prompt of one request is sent: whole, or with sentences left out where that spares a longer window or time. */
export class PromptForms {
  /** What was left out of the form that was asked for last. */
  compressed: Compressed | undefined;
  /** With as much left out as the strategy may leave out; absent before that is asked, `null` where it cannot be. */
  private shorter: Sent | null | undefined;

  /** @param noted told what was done to the prompt. */
  constructor(
    private readonly runtime: Runtime,
    private readonly whole: Sent,
    private readonly noted: (stage: StageNote) => void,
  ) {}

  /** The profile of the request as it is. */
  get profile(): WorkloadProfile {
    return this.whole.profile;
  }

  /** The profile of the request with its prompt shorter by a factor; `undefined` where not as much can be left out. */
  shorterBy(gamma: number): WorkloadProfile | undefined {
    if (this.shorter === undefined) {
      const { runtime, whole } = this;
      const begun = runtime.clock.now();
      const shorter = shorten(runtime.profiler, whole.outbound, 1 / gamma);
      this.shorter = 'whole' in shorter ? null : shorter;
      const note = 'whole' in shorter ? `left whole: ${shorter.whole}` : 'tried, should time be short';
      this.noted({ stage: 'compress', ms: runtime.clock.now() - begun, note });
    }
    return this.shorter?.profile;
  }

  /** What a model is sent for whose time the prompt was made shorter; the prompt as it is where it was not. */
  short(model: string): Sent {
    const { whole, shorter } = this;
    if (!shorter) return whole;
    this.compressed = { from: whole.profile.promptTokens(model), to: shorter.profile.promptTokens(model) };
    this.runtime.metrics.compressed(model, true);
    const note = `${this.compressed.from} to ${this.compressed.to} tokens, for an answer in time`;
    this.noted({ stage: 'compress', ms: 0, note });
    return shorter;
  }

  /** What a model is sent else: all of it, unless leaving something out spares a longer window. */
  fitting(model: string, constraints: PlacementConstraints): Sent {
    const { runtime, whole } = this;
    this.compressed = undefined;
    const begun = runtime.clock.now();
    const fitted = fitWindow(runtime, model, whole, constraints);
    if (fitted === undefined) return whole;
    const done = !('whole' in fitted);
    if (done) this.compressed = { from: fitted.from, to: fitted.to };
    runtime.metrics.compressed(model, done);
    const note = done
      ? `${fitted.from} to ${fitted.to} tokens, for a window of ${fitted.window}`
      : `left whole: ${fitted.whole}`;
    this.noted({ stage: 'compress', ms: runtime.clock.now() - begun, note });
    return done ? fitted : whole;
  }
}
