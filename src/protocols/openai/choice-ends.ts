import type { Buffer } from 'node:buffer';
import { objectsIn, parsedObject } from '#protocols/json.js';
import { finishWord } from '#protocols/neutral/answer.js';
import { SseReader } from '#protocols/sse.js';

/** Which of the answers of one stream have begun, and which of those have a finish reason. They end far apart: every event is read. */
export class ChoiceEnds {
  private readonly ended = new Map<number, boolean>();

  /** @param answers how many were asked for; what an engine numbers beyond them is not remembered. */
  constructor(private readonly answers: number) {}

  /** @param events whole ones. */
  see(events: Buffer): void {
    for (const { data } of new SseReader().push(events)) {
      for (const { index, finish_reason: finish } of objectsIn(parsedObject(data)?.choices)) {
        const at = typeof index === 'number' ? index : 0;
        if (at < 0 || at >= this.answers) continue;
        this.ended.set(at, this.ended.get(at) === true || finishWord(finish) !== undefined);
      }
    }
  }

  /** At least one answer has begun, and none of those that began is without its end. */
  get all(): boolean {
    return this.ended.size > 0 && [...this.ended.values()].every(Boolean);
  }
}
