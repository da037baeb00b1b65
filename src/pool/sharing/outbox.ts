import type { PlacementRequest } from '#contract/placement.js';
import type { SentPrompt } from './news.js';

/** Most prefix blocks that wait to be told of: half a megabyte. */
const MOST_BLOCKS = 65_536;
const MOST_FORGOTTEN = 1024;

/** What has yet to be told: prompts that were sent and caches that were lost. Bounded: of more than fits the oldest are never told. */
export class Outbox {
  private prompts: SentPrompt[] = [];
  private forgotten = new Set<string>();
  private blocks = 0;
  /** Nobody may ever ask: nothing is kept before somebody has. */
  private open = false;
  /** Prompts that were never told. */
  leftOut = 0;

  sent({ model, session, prefix }: PlacementRequest, replica: string): void {
    if (!this.open || prefix.hashes.length === 0) return;
    this.prompts.push({ replica, model, session, prefix });
    this.blocks += prefix.hashes.length;
    let oldest = 0;
    while (this.blocks > MOST_BLOCKS && oldest < this.prompts.length) {
      this.blocks -= this.prompts[oldest++]!.prefix.hashes.length;
    }
    if (oldest === 0) return;
    this.prompts.splice(0, oldest);
    this.leftOut += oldest;
  }

  forgot(replica: string): void {
    if (!this.open || this.forgotten.size >= MOST_FORGOTTEN) return;
    this.forgotten.add(replica);
    // What was sent before is lost with the rest.
    this.prompts = this.prompts.filter(prompt => prompt.replica !== replica);
    this.blocks = this.prompts.reduce((sum, { prefix }) => sum + prefix.hashes.length, 0);
  }

  take(): { readonly prompts: readonly SentPrompt[]; readonly forgotten: readonly string[] } {
    this.open = true;
    const { prompts, forgotten } = this;
    this.prompts = [];
    this.forgotten = new Set();
    this.blocks = 0;
    return { prompts, forgotten: [...forgotten] };
  }
}
