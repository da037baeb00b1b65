import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseHubId } from '#models/hub/hub-id.js';
import { LockLost, type LockOwner, PullLock } from '#models/hub/pull-lock.js';
import { VirtualClock } from '../../support/virtual-clock.js';
import { sha256 } from './loopback-hub.js';
import { fault, ID, MODEL, MODEL_FILE, PLAN, PullRun } from './pull-run.js';

let run: PullRun;
let clock: VirtualClock;

beforeEach(async () => {
  run = await PullRun.start();
  clock = new VirtualClock();
});

afterEach(() => run.close());

const lockFile = () => run.cache.lockFile(parseHubId(ID)!);
const ELSEWHERE: LockOwner = { host: `not-${hostname()}`, pid: 7, token: 'theirs' };

/** Another's lock, as of a time of the file system. */
function lockedBy(owner: LockOwner, touched = 1000): void {
  mkdirSync(dirname(lockFile()), { recursive: true });
  writeFileSync(lockFile(), JSON.stringify(owner));
  utimesSync(lockFile(), touched, touched);
}

/** Lets promises settle that wait for nothing but each other. */
const settled = () => new Promise<void>(resolve => setImmediate(resolve));

/** The clock goes on until a promise has come to its end. */
async function withTime<T>(promise: Promise<T>, most: number): Promise<T | 'waits'> {
  let over = false;
  const ended = promise.finally(() => {
    over = true;
  });
  await settled();
  for (let passed = 0; passed < most && !over; passed += 250) {
    clock.advance(250);
    await settled();
  }
  return over ? ended : 'waits';
}

/** A process that has ended. */
async function endedPid(): Promise<number> {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await once(child, 'exit');
  return child.pid!;
}

describe('several that pull one model at once', () => {
  test('fetch it once, and all have it', async () => {
    const waited: (LockOwner | undefined)[] = [];
    const pulls = [1, 2, 3].map(() => run.pull({ waiting: owner => waited.push(owner) }));
    const [first, ...others] = await Promise.all(pulls);
    for (const other of others) expect(other).toEqual(first);
    expect(run.hub.seen.filter(({ server }) => server === 'store')).toHaveLength(1);
    expect(run.asked('tokenizer.json')).toHaveLength(1);
    expect(waited.length).toBeGreaterThanOrEqual(2);
    for (const owner of waited) expect(owner).toMatchObject({ host: hostname(), pid: process.pid });
    expect(run.contentOf(MODEL_FILE)).toBe(sha256(MODEL));
    expect(existsSync(lockFile())).toBe(false);
  });

  test('go on where one has stopped that failed, and leave no lock', async () => {
    run.hub.plan = fault({ cutAfter: 20_000, times: 5 });
    await expect(run.pull()).rejects.toMatchObject({ code: 'hub.unreachable' });
    expect(existsSync(lockFile())).toBe(false);
    run.hub.plan = PLAN;
    await run.pull();
    expect(run.contentOf(MODEL_FILE)).toBe(sha256(MODEL));
  });

  test('who loses the lock writes no more, waits, and finds what the other has brought', async () => {
    const file = join(run.folder, MODEL_FILE);
    const waited: unknown[] = [];
    const manifest = await run.pull({
      progress(path) {
        if (path === MODEL_FILE) lockedBy(ELSEWHERE);
      },
      waiting(owner) {
        waited.push(owner);
        expect(readFileSync(`${file}.part`).length).toBeLessThan(MODEL.length);
        writeFileSync(file, MODEL);
        rmSync(lockFile());
      },
    });
    expect(waited).toEqual([ELSEWHERE]);
    expect(manifest.files.map(({ path }) => path)).toContain(MODEL_FILE);
    expect(run.hub.seen.filter(({ server }) => server === 'store')).toHaveLength(1);
    expect(sha256(readFileSync(file))).toBe(sha256(MODEL));
    expect(existsSync(lockFile())).toBe(false);
  });
});

describe('the lock of a pull', () => {
  const take = (waiting: (owner: LockOwner | undefined) => void = () => {}) =>
    PullLock.take(lockFile(), clock, waiting);

  test('is had by one at a time, and by the next once it is given back', async () => {
    const first = await take();
    const waited: (LockOwner | undefined)[] = [];
    const second = take(owner => waited.push(owner));
    expect(await withTime(second, 60_000)).toBe('waits');
    expect(waited).toHaveLength(1);
    first.check();
    first.release();
    const lock = await withTime(second, 1000);
    expect(lock).toBeInstanceOf(PullLock);
    (lock as PullLock).check();
    expect(() => first.check()).toThrow(LockLost);
    (lock as PullLock).release();
    expect(existsSync(lockFile())).toBe(false);
    expect(clock.pending).toBe(0);
  });

  test('is taken over at once from a process of this machine that has ended, and from an earlier life of this one', async () => {
    for (const pid of [await endedPid(), process.pid]) {
      lockedBy({ host: hostname(), pid, token: 'before' });
      const lock = await take();
      lock.check();
      lock.release();
    }
  });

  test.each([
    ['of another machine', ELSEWHERE],
    ['of a process that stands still', { ...ELSEWHERE, host: hostname(), pid: process.ppid }],
  ])('%s is taken over once it has not been touched for 20 s', async (_, owner) => {
    lockedBy(owner);
    const waiting = take();
    expect(await withTime(waiting, 15_000)).toBe('waits');
    utimesSync(lockFile(), 1001, 1001);
    expect(await withTime(waiting, 15_000)).toBe('waits');
    expect(await withTime(waiting, 10_000)).toBeInstanceOf(PullLock);
    ((await waiting) as PullLock).release();
  });

  test('that is only half written counts as one', async () => {
    mkdirSync(dirname(lockFile()), { recursive: true });
    writeFileSync(lockFile(), '');
    const waiting = take();
    expect(await withTime(waiting, 15_000)).toBe('waits');
    expect(await withTime(waiting, 10_000)).toBeInstanceOf(PullLock);
    (await waiting).release();
  });

  test('that was taken over is not given back by who had it', async () => {
    const first = await take();
    lockedBy(ELSEWHERE);
    expect(() => first.check()).toThrow(LockLost);
    clock.advance(10_000);
    first.release();
    expect(JSON.parse(readFileSync(lockFile(), 'utf8'))).toEqual(ELSEWHERE);
  });

  test('does not go with a revision that is removed', async () => {
    await run.pull();
    run.hub.plan = { ...PLAN, revisions: ['main', 'v2'] };
    await run.pull({ id: `${ID}@v2` });
    const lock = await take();
    expect(run.cache.removeRevision(parseHubId(`${ID}@v2`)!)).toBe(true);
    lock.check();
    lock.release();
  });
});
