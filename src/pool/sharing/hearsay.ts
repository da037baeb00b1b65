import type { Milliseconds } from '#contract/units.js';
import type { Replica } from '#pool/topology/replica.js';
import type { PoolNews, ReplicaNews } from './news.js';

/** What a gateway told counts for so long: one that says nothing more has ended, or cannot be heard. */
export const HEARD_FOR: Milliseconds = 3000;
const MOST_GATEWAYS = 256;

interface Gateway {
  readonly at: Milliseconds;
  readonly replicas: ReadonlyMap<string, ReplicaNews>;
}

/**
 * What other gateways have on the replicas, as they last told. Their load is added to what placement sees of a replica; how many
 * requests this gateway may have there is not their business.
 */
export class Hearsay {
  private readonly gateways = new Map<string, Gateway>();

  /** Gateways that are heard now. */
  get heard(): number {
    return this.gateways.size;
  }

  /**
   * A gateway has told. A circuit that it opened is opened here too, once, unless requests of our own say that the replica answers: a
   * gateway whose own network is broken must not take all replicas from the others. A circuit that it closed may be tried here at once.
   */
  hear(from: string, { replicas }: PoolNews, all: ReadonlyMap<string, Replica>, now: Milliseconds): void {
    const before = this.gateways.get(from);
    if (before === undefined && this.gateways.size >= MOST_GATEWAYS) return;
    const told = new Map(replicas.map(news => [news.replica, news]));
    this.gateways.set(from, { at: now, replicas: told });
    this.addUp(all);
    for (const [id, replica] of all) {
      const open = told.get(id)?.open === true;
      if (open === (before?.replicas.get(id)?.open === true)) continue;
      if (open) replica.breaker.toldOpen(now);
      else replica.breaker.toldClosed(now);
    }
  }

  /** Forgets who has not been heard for too long. */
  expire(all: ReadonlyMap<string, Replica>, now: Milliseconds): void {
    let gone = false;
    for (const [name, { at }] of this.gateways) {
      if (now - at <= HEARD_FOR) continue;
      this.gateways.delete(name);
      gone = true;
    }
    if (gone) this.addUp(all);
  }

  private addUp(all: ReadonlyMap<string, Replica>): void {
    for (const [id, replica] of all) {
      let [inFlight, waiting, inFlightTokens, pendingPrefillTokens] = [0, 0, 0, 0];
      for (const { replicas } of this.gateways.values()) {
        const load = replicas.get(id);
        if (load === undefined) continue;
        inFlight += load.inFlight;
        waiting += load.waiting;
        inFlightTokens += load.inFlightTokens;
        pendingPrefillTokens += load.pendingPrefillTokens;
      }
      replica.others = { inFlight, waiting, inFlightTokens, pendingPrefillTokens };
    }
  }
}
