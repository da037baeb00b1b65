import { afterEach, describe, expect, test } from 'vitest';
import type { Broadcast } from '#contract/broadcast.js';

/** What every way keeps by which processes tell one another. */
export function broadcastContract(name: string, open: (count: number) => Promise<readonly Broadcast[]>): void {
  describe(`${name} keeps the contract of a broadcast`, () => {
    let all: readonly Broadcast[] = [];
    afterEach(async () => {
      await Promise.all(all.map(one => one.close()));
    });

    async function listening(count: number) {
      all = await open(count);
      const heard: string[][] = all.map(() => []);
      for (const [at, one] of all.entries()) one.listen(text => heard[at]!.push(text));
      await until(() => all.every(one => one.connected));
      return heard;
    }

    test('all others hear what one tells, once and in order', async () => {
      const heard = await listening(3);
      const said = ['first', 'ü second', 'third'];
      for (const text of said) all[0]!.tell(text);
      await until(() => heard[1]!.length >= 3 && heard[2]!.length >= 3);
      expect(heard[1]).toEqual(said);
      expect(heard[2]).toEqual(said);
    });

    test('one that is closed hears nothing more, and telling it is no error', async () => {
      const heard = await listening(3);
      await all[1]!.close();
      all[0]!.tell('later');
      await until(() => heard[2]!.includes('later'));
      expect(heard[1]).toEqual([]);
    });
  });
}

export async function until(holds: () => boolean, limit = 50_000): Promise<void> {
  for (const end = performance.now() + limit; !holds(); await new Promise(resolve => setTimeout(resolve, 10))) {
    if (performance.now() > end) throw new Error('it did not happen');
  }
}
