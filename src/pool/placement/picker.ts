import type { Random } from '#contract/random.js';
import type { ReplicaView } from './placer.js';

/** Takes one of the candidates, whose scores are in. */
export interface Picker {
  readonly name: string;
  /** The index of the one it takes, of `replicas.length` ≥ 1. Changes nothing but the random source. */
  pick(replicas: readonly ReplicaView[], scores: Float64Array, random: Random): number;
  /** A request has been sent to a replica. */
  committed?(replica: string): void;
  forget?(replica: string): void;
}
