import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { Random } from '#contract/random.js';

interface Case {
  readonly pieces: readonly string[];
  readonly mutated: boolean;
}

interface Target {
  readonly name: string;
  generate(random: Random): string[];
  check(pieces: readonly string[], item: Case): void | Promise<void>;
}

interface Failure extends Case {
  readonly target: string;
  readonly reason: string;
}

interface Result {
  readonly cases: number;
  readonly kept: number;
  readonly functions: number;
  readonly failures: readonly Failure[];
}

const path = './run.mjs';
const { TARGETS, fuzz, replay } = (await import(path)) as {
  TARGETS: readonly Target[];
  fuzz(target: Target, options: { cases: number; seed: number }): Promise<Result>;
  replay(folder: string): Promise<{ cases: number; failures: readonly Failure[] }>;
};

describe('fuzzing', () => {
  test('cases that failed once hold', async () => {
    const { cases, failures } = await replay(fileURLToPath(new URL('./regressions', import.meta.url)));
    expect(cases).toBeGreaterThan(5);
    expect(failures).toEqual([]);
  });

  test.each(TARGETS.map(target => [target.name, target] as const))('%s holds for some cases', async (name, target) => {
    const { cases, functions, failures } = await fuzz(target, { cases: name === 'config' ? 32 : 96, seed: 20 });
    expect(cases).toBeGreaterThanOrEqual(32);
    expect(functions).toBeGreaterThan(0);
    expect(failures).toEqual([]);
  });

  test('finds a planted defect, makes it as small as it gets, and finds it again by its seed', async () => {
    const planted: Target = {
      name: 'planted',
      generate: random => [`abc${random.below(100)}`, 'x-and-more'],
      check: pieces => {
        if (pieces.join('').includes('7x')) throw new Error('seven before x');
      },
    };
    const { failures } = await fuzz(planted, { cases: 2000, seed: 1 });
    expect(failures).toHaveLength(1);
    const [found] = failures;
    expect(found?.reason).toBe('Error: seven before x');
    expect(found?.pieces.join('')).toBe('7x');
    expect((await fuzz(planted, { cases: 2000, seed: 1 })).failures).toEqual(failures);
  });
});
