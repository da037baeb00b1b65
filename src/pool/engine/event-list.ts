import type { EngineEvent } from './engine.js';
import type { Sequence } from './sequence.js';

/** The events of one iteration, in an array and objects that the next one uses again: a token costs no allocation. */
export class EventList {
  readonly list: EngineEvent[] = [];
  private readonly spare: { -readonly [Key in keyof EngineEvent]: EngineEvent[Key] }[] = [];

  get length(): number {
    return this.list.length;
  }

  clear(): void {
    if (this.list.length > 0) this.list.length = 0;
  }

  add(kind: EngineEvent['kind'], sequence: Sequence, produced: number): void {
    const at = this.list.length;
    const event = this.spare[at];
    if (event === undefined) {
      const fresh = { kind, id: sequence.id, produced, cachedTokens: Math.max(0, sequence.cachedTokens) };
      this.spare.push(fresh);
      this.list.push(fresh);
      return;
    }
    event.kind = kind;
    event.id = sequence.id;
    event.produced = produced;
    event.cachedTokens = Math.max(0, sequence.cachedTokens);
    this.list.push(event);
  }
}
