import { mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LoadResult } from '#config/load.js';
import { ConfigWatch } from '#config/watch.js';
import type { Cancel, Clock } from '#contract/clock.js';
import { VALID } from './parse.js';

const POLL = 5000;

/** Time that passes when told to. */
class HandClock implements Clock {
  private readonly tasks = new Set<() => void>();
  now = () => 0;
  wall = () => 0;

  /** Polls that were put off so far: each one that is over puts off the next. */
  polls = 0;

  after(ms: number, task: () => void): Cancel {
    if (ms === POLL) this.polls++;
    this.tasks.add(task);
    return () => this.tasks.delete(task);
  }

  /** Runs everything that was to happen later. */
  pass(): void {
    const due = [...this.tasks];
    this.tasks.clear();
    for (const task of due) task();
  }

  get pending(): number {
    return this.tasks.size;
  }
}

/** The outcomes of reloads, as they come. */
class Outcomes {
  readonly seen: LoadResult[] = [];
  private waiting: ((result: LoadResult) => void) | undefined;

  push = (result: LoadResult): void => {
    this.seen.push(result);
    this.waiting?.(result);
  };

  next(): Promise<LoadResult> {
    return new Promise(resolve => {
      this.waiting = resolve;
    });
  }
}

const portOf = (result: LoadResult | undefined) => (result?.ok ? result.config.gateway.listen.port : undefined);
const withPort = (port: number | string) => `${VALID}gateway: { listen: { port: ${port} } }\n`;

let folder: string;
let file: string;
let clock: HandClock;
let outcomes: Outcomes;
let watch: ConfigWatch;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-watch-'));
  file = join(folder, 'weir.yaml');
  await writeFile(file, withPort(1));
  clock = new HandClock();
  outcomes = new Outcomes();
  watch = new ConfigWatch({ file, clock, poll: POLL, onReload: outcomes.push });
});

afterEach(async () => {
  await watch.close();
  await rm(folder, { recursive: true });
});

const turn = () => new Promise(resolve => setImmediate(resolve));

/** Has time pass until what is in the file has been loaded. */
async function settled(): Promise<void> {
  const { length } = outcomes.seen;
  while (outcomes.seen.length === length) {
    clock.pass();
    await turn();
  }
}

/** Waits until the file system has told of a change: the watch then has something to do once things are quiet. */
async function noticed(clock: HandClock): Promise<void> {
  while (clock.pending < 2) await new Promise(resolve => setImmediate(resolve));
}

describe('a watched file', () => {
  test('is loaded again when it is written', async () => {
    await watch.start();
    const next = outcomes.next();
    await writeFile(file, withPort(2));
    await noticed(clock);
    clock.pass();
    expect(portOf(await next)).toBe(2);
  });

  test('is loaded again when it is replaced, as editors do', async () => {
    await watch.start();
    const next = outcomes.next();
    await writeFile(join(folder, 'new'), withPort(3));
    await rename(join(folder, 'new'), file);
    await noticed(clock);
    clock.pass();
    expect(portOf(await next)).toBe(3);
  });

  test('that was changed between being read and being watched is loaded at once, and no other', async () => {
    const changed = new ConfigWatch({ file, clock, loaded: withPort(1), onReload: outcomes.push });
    await writeFile(file, withPort(8));
    await changed.start();
    await changed.close();
    expect(outcomes.seen.map(portOf)).toEqual([8]);
    const same = new ConfigWatch({ file, clock, loaded: withPort(8), onReload: outcomes.push });
    await same.start();
    await same.close();
    expect(outcomes.seen).toHaveLength(1);
  });

  test('that is broken reports what is wrong, and the next good one is taken', async () => {
    await watch.start();
    await writeFile(file, withPort('many'));
    await watch.reload();
    await writeFile(file, withPort(4));
    await watch.reload();
    expect(outcomes.seen.map(result => result.ok)).toEqual([false, true]);
    expect(outcomes.seen[0]).toMatchObject({
      problems: [{ code: 'config.invalid', path: 'gateway.listen.port', line: 7 }],
    });
    expect(portOf(outcomes.seen[1])).toBe(4);
  });

  test('that is gone is reported on request', async () => {
    await watch.start();
    await rm(file);
    await watch.reload();
    expect(outcomes.seen).toMatchObject([{ ok: false, problems: [{ code: 'config.unreadable' }] }]);
  });

  test('that stays away is reported once, and taken up when it is back', async () => {
    const polled = async (): Promise<void> => {
      const { polls } = clock;
      clock.pass();
      while (clock.polls === polls) await new Promise(resolve => setImmediate(resolve));
    };
    await watch.start();
    await rm(file);
    await polled();
    // It may be about to be replaced.
    expect(outcomes.seen).toEqual([]);
    await polled();
    expect(outcomes.seen).toMatchObject([{ ok: false, problems: [{ code: 'config.unreadable' }] }]);
    await polled();
    await polled();
    expect(outcomes.seen).toHaveLength(1);
    await writeFile(file, withPort(7));
    await settled();
    expect(portOf(outcomes.seen.at(-1))).toBe(7);
  });

  test('is polled for changes that nothing told of', async () => {
    const elsewhere = await mkdtemp(join(tmpdir(), 'weir-target-'));
    const target = join(elsewhere, 'weir.yaml');
    await writeFile(target, withPort(5));
    await rm(file);
    await symlink(target, file);
    await watch.start();
    const next = outcomes.next();
    await writeFile(target, withPort(66));
    await settled();
    expect(portOf(await next)).toBe(66);
    await rm(elsewhere, { recursive: true });
  });

  test('is not loaded while it is being written, though a poll finds it so', async () => {
    const elsewhere = await mkdtemp(join(tmpdir(), 'weir-target-'));
    const target = join(elsewhere, 'weir.yaml');
    await writeFile(target, withPort(5));
    await rm(file);
    await symlink(target, file);
    await watch.start();
    const next = outcomes.next();
    // A configuration as good as the whole one, but for what is yet to come.
    await writeFile(target, VALID);
    const { polls } = clock;
    clock.pass();
    while (clock.polls === polls) await turn();
    await writeFile(target, withPort(66));
    await settled();
    expect(portOf(await next)).toBe(66);
    expect(outcomes.seen.map(portOf)).toEqual([66]);
    await rm(elsewhere, { recursive: true });
  });
});

describe('reloads', () => {
  test('that come together are one load at a time, and the last one sees the last file', async () => {
    await watch.start();
    const first = watch.reload();
    await writeFile(file, withPort(6));
    const others = [watch.reload(), watch.reload(), watch.reload()];
    await Promise.all([first, ...others]);
    // Four were asked for. Beside the one that ran and the one for all the rest, what the watch itself saw of the writing may make one more.
    expect(outcomes.seen.length).toBeLessThan(4);
    expect(portOf(outcomes.seen.at(-1))).toBe(6);
  });

  test('end with the watch: nothing is reported after it was closed', async () => {
    await watch.start();
    const running = watch.reload();
    await watch.close();
    await running;
    await watch.reload();
    expect(outcomes.seen).toEqual([]);
    expect(clock.pending).toBe(0);
  });
});
