import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { z } from 'zod';
import type { Cancel, Clock } from '#contract/clock.js';
import type { Milliseconds } from '#contract/units.js';

/** How often who has a lock says that it still works. */
const TOUCHED_EVERY: Milliseconds = 2000;
/** How long that is believed after the last time. */
const BELIEVED: Milliseconds = 20_000;
/** How often who waits for a lock looks at it. */
const LOOKED_AT_EVERY: Milliseconds = 250;

const ownerSchema = z.object({ host: z.string().max(256), pid: z.int().min(1), token: z.string().max(64) });

/** Who has a lock. */
export type LockOwner = z.output<typeof ownerSchema>;

/** Thrown by {@link PullLock.check}: another has the lock, or it was removed with all that was pulled. */
export class LockLost extends Error {}

/** Tokens of locks that this process has. */
const HERE = new Set<string>();

/**
 * A lock file of who pulls a model, so that of several at once one does and the others find what it has brought. One whose process has ended is taken over at
 * once; one of another machine, or of a process that stands still, when it has not been touched for a while. Who stood still notices before it writes anything more.
 */
export class PullLock {
  private next: Cancel | undefined;

  private constructor(
    private readonly file: string,
    private readonly token: string,
    private readonly clock: Clock,
  ) {
    HERE.add(token);
    this.touchLater();
  }

  /**
   * Takes the lock, and waits for it as long as another has it.
   *
   * @param waiting told who that is, once for each that it is.
   */
  static async take(file: string, clock: Clock, waiting: (owner: LockOwner | undefined) => void): Promise<PullLock> {
    let watched: (Seen & { readonly since: Milliseconds }) | undefined;
    for (;;) {
      const token = randomUUID();
      if (created(file, token)) return new PullLock(file, token, clock);
      const seen = look(file);
      if (seen === undefined) continue;
      const { owner, touched } = seen;
      const same = watched !== undefined && watched.touched === touched && watched.owner?.token === owner?.token;
      if (watched === undefined || watched.owner?.token !== owner?.token) waiting(owner);
      // By this machine's own clock: that of the one which touches it may be wrong.
      if (!same) watched = { ...seen, since: clock.now() };
      const over = hasEnded(owner) || clock.now() - watched!.since >= BELIEVED;
      // Another that waits may have taken it meanwhile; should it be lost to that one all the same, it notices.
      if (over && look(file)?.owner?.token === owner?.token) rmSync(file, { force: true });
      else await new Promise<void>(resolve => clock.after(LOOKED_AT_EVERY, resolve));
    }
  }

  /** @throws LockLost where it is another's by now. */
  check(): void {
    if (look(this.file)?.owner?.token !== this.token) throw new LockLost('another pulls the model by now');
  }

  release(): void {
    this.next?.();
    HERE.delete(this.token);
    if (look(this.file)?.owner?.token === this.token) rmSync(this.file, { force: true });
  }

  private touchLater(): void {
    this.next = this.clock.after(TOUCHED_EVERY, () => {
      if (look(this.file)?.owner?.token !== this.token) return;
      const now = new Date(this.clock.wall());
      utimesSync(this.file, now, now);
      this.touchLater();
    });
  }
}

interface Seen {
  /** `undefined` of one that is only just being written. */
  readonly owner: LockOwner | undefined;
  readonly touched: Milliseconds;
}

function created(file: string, token: string): boolean {
  mkdirSync(dirname(file), { recursive: true });
  const owner: LockOwner = { host: hostname(), pid: process.pid, token };
  try {
    writeFileSync(file, JSON.stringify(owner), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** What a lock file says; `undefined` where there is none. */
function look(file: string): Seen | undefined {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined) return undefined;
  try {
    return { owner: ownerSchema.safeParse(JSON.parse(readFileSync(file, 'utf8'))).data, touched: found.mtimeMs };
  } catch {
    return { owner: undefined, touched: found.mtimeMs };
  }
}

/** Whether the owner was a process of this machine that is no more. */
function hasEnded(owner: LockOwner | undefined): boolean {
  if (owner === undefined || owner.host !== hostname()) return false;
  // The number of an earlier life of this process, in a container.
  if (owner.pid === process.pid) return !HERE.has(owner.token);
  try {
    process.kill(owner.pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
