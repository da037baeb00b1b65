import type { Picker } from '#pool/placement/picker.js';

/** Replicas whose last turn is remembered. */
const MOST_REMEMBERED = 4096;

/** The candidate whose last turn is longest ago. A turn counts when the request has been sent: who only asks takes none. */
export function inTurn(): Picker {
  const turns = new Map<string, number>();
  let turn = 0;
  return {
    name: 'in turn',
    pick(replicas) {
      let chosen = 0;
      let earliest = Number.POSITIVE_INFINITY;
      for (let i = 0; i < replicas.length; i++) {
        const last = turns.get(replicas[i]!.id) ?? 0;
        if (last < earliest) {
          earliest = last;
          chosen = i;
        }
      }
      return chosen;
    },
    committed(replica) {
      turns.delete(replica);
      if (turns.size >= MOST_REMEMBERED) turns.delete(turns.keys().next().value!);
      turns.set(replica, ++turn);
    },
    forget(replica) {
      turns.delete(replica);
    },
  };
}
