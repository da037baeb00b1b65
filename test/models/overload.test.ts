import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Deadline } from '#contract/deadline.js';
import { seededRandom } from '#contract/random.js';
import { type EmbedJob, EmbedQueue } from '#models/runtime/embed-queue.js';
import { LocalEmbedder } from '#models/runtime/local-embedder.js';
import type { ModelThread } from '#models/runtime/model-worker.js';
import { VirtualClock } from '../support/virtual-clock.js';

interface Fake {
  /** Milliseconds of a batch, whatever is in it, and of each text. */
  readonly perBatch: number;
  readonly perText: number;
  /** Batches take up to this share more or less than they should. */
  readonly noise: number;
  /** Share of the batches that take five times as long, as where others want the processor. */
  readonly stalls?: number;
  readonly threads: number;
}

interface Run {
  /** Texts a second that were done by their deadline. */
  readonly goodput: number;
  /** Share of the texts taken in that were done by their deadline. */
  readonly kept: number;
  /** Texts that were begun when nobody waited for them any more. */
  readonly wasted: number;
  readonly refused: number;
}

const SECONDS = 20;
const BATCH = 8;

/** A fake model behind the queue, under texts that come at random (Poisson) and wait for `deadlineMs`. */
function run(fake: Fake, perSecond: number, deadlineMs: number, seed: number): Run {
  const clock = new VirtualClock();
  const random = seededRandom(seed);
  const queue = new EmbedQueue(clock, { batch: BATCH, capacity: 256, padded: true });
  queue.servers = fake.threads;
  const counts = { taken: 0, refused: 0, done: 0, wasted: 0 };
  let free = fake.threads;
  const pump = (): void => {
    while (free > 0 && queue.length > 0) {
      const { batch } = queue.take();
      if (batch.length === 0) return;
      free--;
      for (const job of batch) if (job.leftMs() <= 0) counts.wasted++;
      const stalled = random.next() < (fake.stalls ?? 0) ? 5 : 1;
      const ms = stalled * (fake.perBatch + fake.perText * batch.length) * (1 + fake.noise * (2 * random.next() - 1));
      clock.after(ms, () => {
        free++;
        queue.ended(batch);
        for (const job of batch) job.settle(new Float32Array(0));
        pump();
      });
    }
  };
  const arrive = (): void => {
    const at = clock.now() + deadlineMs;
    const job: EmbedJob = {
      text: 'a'.repeat(60),
      until: Number.POSITIVE_INFINITY,
      leftMs: () => Math.max(0, at - clock.now()),
      settle: () => {
        if (clock.now() <= at) counts.done++;
      },
      fail: () => {},
    };
    if (queue.offer(job)) counts.taken++;
    else counts.refused++;
    pump();
    const gap = 1000 * random.exponential(perSecond);
    if (clock.now() + gap < SECONDS * 1000) clock.after(gap, arrive);
  };
  arrive();
  clock.advance(SECONDS * 1000 + 5000);
  return {
    goodput: counts.done / SECONDS,
    kept: counts.done / counts.taken,
    wasted: counts.wasted,
    refused: counts.refused,
  };
}

/** There are no turns of an event loop here. */
const NOW = (task: () => void): void => task();

/** Texts a second with full batches and never a pause. */
function capacityOf({ perBatch, perText, threads, stalls = 0 }: Fake): number {
  return (1000 * BATCH * threads) / ((perBatch + perText * BATCH) * (1 + 4 * stalls));
}

describe('a model that is asked for four times what it can', () => {
  test('does in time nine tenths of what it could do, and nearly all that it takes in', () => {
    fc.assert(
      fc.property(
        fc.record({
          perBatch: fc.integer({ min: 0, max: 6 }),
          perText: fc.integer({ min: 2, max: 6 }),
          noise: fc.double({ min: 0, max: 0.4, noNaN: true }),
          threads: fc.integer({ min: 1, max: 3 }),
        }),
        fc.integer({ min: 200, max: 1000 }),
        fc.integer(),
        (fake, deadlineMs, seed) => {
          const capacity = capacityOf(fake);
          const { goodput, kept, wasted } = run(fake, 4 * capacity, deadlineMs, seed);
          expect(goodput).toBeGreaterThanOrEqual(0.9 * capacity);
          expect(kept).toBeGreaterThanOrEqual(0.9);
          expect(wasted).toBe(0);
        },
      ),
      // One seed: near the bounds chance would decide.
      { numRuns: 25, seed: 4 },
    );
  });

  test('on a machine that others use as well, most of that', () => {
    const fake = { perBatch: 10, perText: 4, noise: 0.3, threads: 1, stalls: 0.1 };
    const capacity = capacityOf(fake);
    const { goodput, kept, wasted } = run(fake, 4 * capacity, 200, 7);
    expect(goodput).toBeGreaterThanOrEqual(0.8 * capacity);
    expect(kept).toBeGreaterThanOrEqual(0.7);
    expect(wasted).toBe(0);
  });

  test('with time to spare nothing is refused', () => {
    const fake = { perBatch: 2, perText: 4, noise: 0.3, threads: 1 };
    const { refused, kept } = run(fake, 0.5 * capacityOf(fake), 200, 1);
    expect(refused).toBe(0);
    expect(kept).toBe(1);
  });

  test('one that became too slow for any deadline is tried again, and used again once it is fast', () => {
    const clock = new VirtualClock();
    const queue = new EmbedQueue(clock, { batch: BATCH, capacity: 256, padded: true });
    const job = (): EmbedJob => ({ text: 'a', until: 1e9, leftMs: () => 200, settle: () => {}, fail: () => {} });
    const go = (ms: number): number => {
      queue.offer(job());
      queue.offer(job());
      const { batch } = queue.take();
      clock.advance(ms);
      queue.ended(batch);
      for (const one of queue.take().batch) expect(one.leftMs()).toBeGreaterThan(0);
      return batch.length;
    };
    expect(go(60_000)).toBeGreaterThan(0);
    for (let i = 0; i < 100; i++) expect(go(5)).toBeGreaterThan(0);
    expect(queue.expectedWaitMs).toBeLessThan(200);
  });

  test('what nobody waits for any more is not computed, however long it had waited', () => {
    const clock = new VirtualClock();
    const queue = new EmbedQueue(clock, { batch: BATCH, capacity: 256, padded: true });
    let gone = false;
    const waiting = (deadline: Deadline): EmbedJob => ({
      text: 'a',
      until: Number.POSITIVE_INFINITY,
      ...deadline,
      settle: () => {},
      fail: () => {},
    });
    const leaves = waiting({ leftMs: () => (gone ? 0 : Number.POSITIVE_INFINITY) });
    const stays = waiting({ leftMs: () => Number.POSITIVE_INFINITY });
    queue.offer(leaves);
    queue.offer(stays);
    gone = true;
    expect(queue.offer(waiting({ leftMs: () => 0 }))).toBe(false);
    expect(queue.take()).toEqual({ batch: [stays], late: [leaves] });
  });
});

describe('an embedder whose thread is at work', () => {
  const NOBODY: Deadline = { leftMs: () => 0 };

  function embedder() {
    const asked: string[] = [];
    let release = (): void => {};
    const thread: ModelThread = {
      dead: false,
      load: () => Promise.resolve({ dimension: 1, precision: 'none', bytes: 0, loadMs: 0 }),
      embed: async (_, texts) => {
        asked.push(...texts);
        if (texts.includes('first')) {
          await new Promise<void>(resolve => {
            release = resolve;
          });
        }
        return { vectors: Float32Array.from(texts, () => 1), ms: 1 };
      },
      unload: () => {},
    };
    const threads = { all: () => [thread] };
    const spec = { kind: 'default', cache: '' } as const;
    const opened = new LocalEmbedder('fake', spec, threads, new VirtualClock(), { batch: BATCH, capacity: 256 }, NOW);
    return { opened, asked, release: () => release() };
  }

  test('does not begin a text whose asker has gone meanwhile, unless another waits for the same', async () => {
    const { opened, asked, release } = embedder();
    await opened.prepare();
    const first = opened.embed(['first']);
    let gone = false;
    const deadline: Deadline = { leftMs: () => (gone ? 0 : 1000) };
    const left = opened.embed(['left'], { deadline });
    const shared = opened.embed(['shared'], { deadline });
    const staying = opened.embed(['shared']);
    const refused = expect(left).rejects.toMatchObject({ code: 'model.busy' });
    gone = true;
    release();
    await Promise.all([first, shared, staying, refused]);
    expect(asked).toContain('shared');
    expect(asked).not.toContain('left');
    expect(opened.status).toMatchObject({ refused: 1, queued: 0 });
  });

  test('takes no text that nobody waits for', async () => {
    const { opened, asked } = embedder();
    await opened.prepare();
    await expect(opened.embed(['late'], { deadline: NOBODY })).rejects.toMatchObject({ code: 'model.busy' });
    expect(asked).not.toContain('late');
  });
});

test('a text waits for a model to be loaded no longer than it is patient, and is told so', async () => {
  const clock = new VirtualClock();
  let loaded = (): void => {};
  const thread: ModelThread = {
    dead: false,
    load: async () => {
      await new Promise<void>(resolve => {
        loaded = resolve;
      });
      return { dimension: 1, precision: 'none', bytes: 0, loadMs: 0 };
    },
    embed: (_, texts) => Promise.resolve({ vectors: Float32Array.from(texts, () => 1), ms: 1 }),
    unload: () => {},
  };
  const spec = { kind: 'default', cache: '' } as const;
  const opened = new LocalEmbedder('fake', spec, { all: () => [thread] }, clock, { batch: BATCH, capacity: 256 }, NOW);
  const patient = opened.embed(['patient']);
  const hasty = expect(opened.embed(['hasty'], { patienceMs: 50 })).rejects.toMatchObject({ code: 'model.loading' });
  const late = expect(opened.embed(['late'], { deadline: { leftMs: () => 80 } })).rejects.toMatchObject({
    code: 'model.loading',
  });
  clock.advance(80);
  await Promise.all([hasty, late]);
  expect(opened.status).toMatchObject({ state: 'loading', queued: 1, refused: 2 });
  loaded();
  await patient;
  expect(opened.status).toMatchObject({ state: 'ready', queued: 0, texts: 1 });
});

describe('an embedder on two threads', () => {
  function threadOf(name: string, asked: string[], load: () => Promise<void>): ModelThread {
    return {
      dead: false,
      load: async () => {
        await load();
        return { dimension: 1, precision: 'none', bytes: 10, loadMs: 0 };
      },
      embed: async (_, texts) => {
        asked.push(...texts.map(text => `${name}: ${text}`));
        await new Promise(resolve => setImmediate(resolve));
        return { vectors: Float32Array.from(texts, () => 1), ms: 1 };
      },
      unload: () => {},
    };
  }

  function onTwo(second: () => Promise<void>) {
    const asked: string[] = [];
    const pair = [threadOf('a', asked, () => Promise.resolve()), threadOf('b', asked, second)];
    const spec = { kind: 'default', cache: '' } as const;
    const limits = { batch: 1, capacity: 256 };
    return { asked, opened: new LocalEmbedder('fake', spec, { all: () => pair }, new VirtualClock(), limits, NOW) };
  }

  test('answers once the first has the model, and uses the second when that has it too', async () => {
    let loaded = (): void => {};
    const { asked, opened } = onTwo(
      () =>
        new Promise(resolve => {
          loaded = resolve;
        }),
    );
    await opened.embed(['one', 'two']);
    expect(asked.filter(line => line.startsWith('b'))).toEqual([]);
    expect(opened.status).toMatchObject({ state: 'ready', bytes: 10 });
    loaded();
    for (let turn = 0; opened.status.bytes < 20; turn++) {
      expect(turn).toBeLessThan(1000);
      await new Promise(resolve => setImmediate(resolve));
    }
    await opened.embed(['three', 'four']);
    expect(asked).toContain('a: three');
    expect(asked).toContain('b: four');
  });

  test('goes on with the first when the second cannot load it', async () => {
    const { asked, opened } = onTwo(() => Promise.reject(new Error('no memory')));
    await opened.embed(['one']);
    await opened.embed(['two', 'three']);
    expect(asked.filter(line => line.startsWith('b'))).toEqual([]);
    expect(opened.status).toMatchObject({ state: 'ready', bytes: 10 });
  });
});

describe('an embedder and the turns of the event loop', () => {
  function onThreads(count: number) {
    const batches: string[][] = [];
    const ends: Array<() => void> = [];
    const threads = Array.from(
      { length: count },
      (): ModelThread => ({
        dead: false,
        load: () => Promise.resolve({ dimension: 1, precision: 'none', bytes: 0, loadMs: 0 }),
        embed: async (_, texts) => {
          if (texts[0]!.startsWith('text')) {
            batches.push([...texts]);
            await new Promise<void>(resolve => ends.push(resolve));
          }
          return { vectors: Float32Array.from(texts, (_text, at) => at), ms: 1 };
        },
        unload: () => {},
      }),
    );
    const tasks: Array<() => void> = [];
    const turn = async (): Promise<void> => {
      for (const task of tasks.splice(0)) task();
      await settled();
    };
    const opened = new LocalEmbedder(
      'fake',
      { kind: 'default', cache: '' },
      { all: () => threads },
      new VirtualClock(),
      { batch: BATCH, capacity: 256 },
      task => tasks.push(task),
    );
    return { batches, opened, turn, end: () => ends.shift()!() };
  }
  const settled = (): Promise<void> => new Promise(resolve => setImmediate(resolve));

  test('what comes while others still come goes with them', async () => {
    const { batches, opened, turn } = onThreads(1);
    await opened.prepare();
    void opened.embed(['text 1']);
    await turn();
    void opened.embed(['text 2']);
    await turn();
    expect(batches).toEqual([]);
    await turn();
    expect(batches).toEqual([['text 1', 'text 2']]);
  });

  test('two free threads share what came', async () => {
    const { batches, opened, turn } = onThreads(2);
    await opened.prepare();
    await settled();
    void opened.embed(['text 1', 'text 2', 'text 3', 'text 4']);
    await turn();
    await turn();
    expect(batches.map(batch => batch.length)).toEqual([2, 2]);
  });

  test('those of a batch go on one a turn', async () => {
    const { opened, turn, end } = onThreads(1);
    await opened.prepare();
    const done: string[] = [];
    for (const text of ['text 1', 'text 2', 'text 3']) void opened.embed([text]).then(() => done.push(text));
    await turn();
    await turn();
    end();
    await settled();
    expect(done).toEqual(['text 1']);
    await turn();
    expect(done).toEqual(['text 1', 'text 2']);
    await turn();
    expect(done).toEqual(['text 1', 'text 2', 'text 3']);
  });
});
