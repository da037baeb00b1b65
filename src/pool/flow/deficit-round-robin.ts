import type { Tokens } from '#contract/units.js';

/** One of those that are served in turn. */
export interface Flow {
  /** Share of service beside the others. */
  readonly weight: number;
  /** What serving it next costs. Only asked while it is in the round. */
  readonly cost: Tokens;
  /** Tokens it may still use in this round; kept by the round robin. */
  deficit: Tokens;
}

/** Tokens that a flow of weight 1 is given each time its turn comes. */
const QUANTUM: Tokens = 4096;

/**
 * Deficit round robin (Shreedhar and Varghese, 1995) in tokens: each turn adds a quantum to what a flow may use, and it is served
 * while that covers its next request. Over time every flow that has something to be served gets its share of tokens, however many or
 * long its requests are; nobody waits longer than it takes the others to use one quantum for each that its own request needs.
 */
export class DeficitRoundRobin<F extends Flow> {
  private readonly ring: F[] = [];
  private turn = 0;
  /** Whether the flow whose turn it is has had its quantum. */
  private given = false;

  get size(): number {
    return this.ring.length;
  }

  get flows(): readonly F[] {
    return this.ring;
  }

  /** A flow has something to be served: it joins behind those that are there. */
  add(flow: F): void {
    flow.deficit = 0;
    if (this.ring.length === 0) this.given = false;
    this.ring.splice(this.turn, 0, flow);
    this.turn = (this.turn + 1) % this.ring.length;
  }

  /** A flow has nothing more: what it had left is lost. */
  remove(flow: F): void {
    const at = this.ring.indexOf(flow);
    if (at < 0) return;
    this.ring.splice(at, 1);
    flow.deficit = 0;
    if (at < this.turn) this.turn--;
    else if (at === this.turn) this.given = false;
    if (this.turn >= this.ring.length) this.turn = 0;
  }

  /** Whose turn it is; `undefined` when there is nobody. Asking again gives the same until it has been charged. */
  next(): F | undefined {
    if (this.ring.length === 0) return undefined;
    for (;;) {
      const flow = this.ring[this.turn]!;
      if (!this.given) {
        flow.deficit += QUANTUM * flow.weight;
        this.given = true;
      }
      if (flow.deficit >= flow.cost) return flow;
      this.turn = (this.turn + 1) % this.ring.length;
      this.given = false;
    }
  }

  charge(flow: F, tokens: Tokens): void {
    flow.deficit -= tokens;
  }
}
