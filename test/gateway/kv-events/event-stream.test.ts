import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Batch, EventStream } from '#gateway/kv-events/event-stream.js';
import type { Knowledge } from '#pool/placement/blocks/replica-blocks.js';

/** Named by its number among all that were ever made, which is its time as well. */
const event = (block: number): Batch => ({ at: block, events: [{ kind: 'removed', blocks: [block], tier: 'device' }] });

/** An engine that numbers its batches and keeps the last few, and what a subscriber makes of them. */
class Wire {
  batches: number[] = [];
  private made = 0;
  told: number[] = [];
  knowledge: Knowledge = 'none';
  asked: number | undefined;
  readonly stream: EventStream;

  constructor(
    private readonly keeps: number,
    replays: boolean,
  ) {
    const ask = (from: number) => {
      this.asked = from;
    };
    const wire = this;
    this.stream = new EventStream(
      {
        get knowledge() {
          return wire.knowledge;
        },
        began: knowledge => {
          this.knowledge = knowledge;
          this.told = [];
        },
        told: events => this.told.push(...events.flatMap(one => (one.kind === 'removed' ? one.blocks : []))),
      },
      replays ? ask : undefined,
    );
  }

  /** One more batch, which is lost on its way or not. */
  publish(lost: boolean): void {
    const block = ++this.made;
    this.batches.push(block);
    if (!lost) this.stream.live(this.batches.length - 1, event(block));
  }

  /** Breaks the connection, and another life begins at the same address. */
  restart(): void {
    this.batches = [];
    this.stream.connected();
  }

  /** Answers what was asked, if anything was. */
  answer(fails = false): void {
    while (this.asked !== undefined) {
      const from = this.asked;
      this.asked = undefined;
      if (fails) this.stream.replayFailed();
      else {
        const oldest = this.batches.length - this.keeps;
        for (const [sequence, block] of [...this.batches].entries()) {
          if (sequence >= from && sequence >= oldest) this.stream.replayed(sequence, event(block));
        }
        this.stream.replayEnded();
      }
    }
  }
}

describe('a stream of KV events', () => {
  test('whatever is lost, restarted or replayed: what it calls exact is all that the engine told since it began', () => {
    const step = fc.constantFrom(
      'publish',
      'publish',
      'publish',
      'lose',
      'restart',
      'answer',
      'fail',
      'connect',
      'forget',
    );
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 60 }),
        fc.integer({ min: 1, max: 8 }),
        fc.boolean(),
        (steps, keeps, replays) => {
          const wire = new Wire(keeps, replays);
          for (const next of steps) {
            if (next === 'publish' || next === 'lose') wire.publish(next === 'lose');
            else if (next === 'restart') wire.restart();
            else if (next === 'connect') wire.stream.connected();
            else if (next === 'forget') wire.knowledge = 'none';
            else wire.answer(next === 'fail');
          }
          // A batch that arrives shows whether the one before it did.
          wire.answer();
          wire.publish(false);
          wire.answer();
          if (wire.knowledge === 'exact') expect(wire.told).toEqual(wire.batches);
          else expect(wire.batches.slice(wire.batches.length - wire.told.length)).toEqual(wire.told);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('a gap is filled from what the engine keeps', () => {
    const wire = new Wire(10, true);
    for (const lost of [false, true, true, false]) wire.publish(lost);
    expect(wire.told).toEqual([1]);
    wire.answer();
    expect(wire).toMatchObject({ told: [1, 2, 3, 4], knowledge: 'exact' });
    expect(wire.stream).toMatchObject({ gaps: 1, replays: 1, restarts: 0 });
  });

  test('what the engine no longer keeps is given up', () => {
    const wire = new Wire(2, true);
    for (const lost of [false, true, true, true, false]) wire.publish(lost);
    wire.answer();
    expect(wire).toMatchObject({ told: [4, 5], knowledge: 'partial' });
  });

  test('whose last batch is no longer kept may be another, even where the next one is', () => {
    const wire = new Wire(1, true);
    wire.publish(false);
    wire.publish(false);
    wire.restart();
    for (const lost of [true, true, false]) wire.publish(lost);
    wire.answer();
    expect(wire).toMatchObject({ told: [5], knowledge: 'partial' });
  });

  test('without replay a gap costs all that was known', () => {
    const wire = new Wire(10, false);
    for (const lost of [false, true, false]) wire.publish(lost);
    expect(wire).toMatchObject({ told: [3], knowledge: 'partial' });
  });

  test('an engine that has told nothing yet is known to hold nothing', () => {
    const wire = new Wire(10, true);
    wire.stream.connected();
    wire.answer();
    expect(wire).toMatchObject({ told: [], knowledge: 'exact' });
    wire.publish(false);
    expect(wire).toMatchObject({ told: [1], knowledge: 'exact' });
  });

  test('an engine that began anew while nobody listened is found when it can be reached again', () => {
    const wire = new Wire(10, true);
    for (let i = 0; i < 5; i++) wire.publish(false);
    wire.restart();
    wire.publish(true);
    wire.answer();
    expect(wire).toMatchObject({ told: [6], knowledge: 'exact' });
    expect(wire.stream.restarts).toBe(1);
  });
});
