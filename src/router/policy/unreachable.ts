import type { SignalValue } from '#contract/signal.js';
import { evaluate, type Treat } from './evaluate.js';
import type { Condition, Leaf } from './expression.js';
import { leavesOf, signalsOf } from './references.js';

/** A decision as far as it matters for who is asked before it, in the order of asking. */
export interface Asked {
  readonly name: string;
  readonly condition: Condition;
  /** What an unknown condition comes to. */
  readonly treat: Treat;
}

/** A decision that no request can reach. */
export interface Unreachable {
  readonly name: string;
  /** Those that take all its requests; none when its condition never holds. */
  readonly takenBy: readonly string[];
}

/** Values of signals that are tried for one decision, at most; and for all together, so that no policy takes long to check. */
const MOST_WORLDS = 2048;
const MOST_IN_ALL = 200_000;
/** Decisions before one that are looked at. */
const MOST_BEFORE = 64;

/**
 * Decisions that can never be taken: whatever the signals they read say, one before them is taken, or their condition does not hold.
 * Tried are all values that conditions can tell apart (each state, scores on either side of every number, every label named and another),
 * taken as independent of each other: what is told is certain, but not everything is told, and nothing of policies with more such
 * values than {@link MOST_WORLDS}.
 */
export function unreachable(decisions: readonly Asked[]): readonly Unreachable[] {
  const found: Unreachable[] = [];
  let left = MOST_IN_ALL;
  decisions.forEach((decision, at) => {
    const { values, before } = surroundings(decision, decisions.slice(0, at));
    if (values === undefined) return;
    const takenBy = new Set<string>();
    for (const world of worlds(values)) {
      if (--left < 0) return;
      if (passes(decision, world)) continue;
      const taker = before.find(earlier => !passes(earlier, world));
      if (taker === undefined) return;
      takenBy.add(taker.name);
    }
    found.push({ name: decision.name, takenBy: [...takenBy] });
  });
  return found;
}

type World = ReadonlyMap<string, SignalValue>;

function passes({ condition, treat }: Asked, world: World): boolean {
  return evaluate(condition, name => world.get(name), treat, []) === 'false';
}

/** The signals of a decision, with the values to try, and those before it that can be judged by signals few enough. */
function surroundings(decision: Asked, earlier: readonly Asked[]) {
  const own = signalsOf(decision.condition);
  const near = earlier.filter(({ condition }) => signalsOf(condition).some(name => own.includes(name)));
  let before: Asked[] = [];
  let values = valuesOf([decision]);
  for (const one of near.slice(-MOST_BEFORE)) {
    const wider = valuesOf([decision, ...before, one]);
    if (count(wider) > MOST_WORLDS) continue;
    before = [...before, one];
    values = wider;
  }
  return { values: count(values) > MOST_WORLDS ? undefined : values, before };
}

function count(values: ReadonlyMap<string, readonly SignalValue[]>): number {
  return [...values.values()].reduce((product, { length }) => product * length, 1);
}

/** All values of each signal that the conditions can tell apart. */
function valuesOf(decisions: readonly Asked[]): ReadonlyMap<string, readonly SignalValue[]> {
  const leaves = new Map<string, Leaf[]>();
  for (const leaf of decisions.flatMap(({ condition }) => leavesOf(condition)))
    leaves.set(leaf.name, [...(leaves.get(leaf.name) ?? []), leaf]);
  return new Map([...leaves].map(([name, of]) => [name, distinct(of)]));
}

function distinct(leaves: readonly Leaf[]): readonly SignalValue[] {
  const compared = leaves.flatMap(leaf => (leaf.kind === 'compare' ? [leaf.value] : []));
  const labels = [...new Set(compared.filter(value => typeof value === 'string'))];
  const numbers = [...new Set(compared.filter(value => typeof value === 'number'))].sort((a, b) => a - b);
  const scores = numbers.flatMap((number, at) => [number, (number + (numbers[at + 1] ?? number + 2)) / 2]);
  const states = leaves.some(({ kind }) => kind === 'signal') ? (['true', 'false'] as const) : (['true'] as const);
  const values: SignalValue[] = [{ state: 'unknown', score: 0 }];
  for (const state of states)
    for (const score of numbers.length === 0 ? [0] : [numbers[0]! - 1, ...scores])
      for (const label of [undefined, ...labels])
        values.push(label === undefined ? { state, score } : { state, score, label });
  return values;
}

/** Every combination of values, one at a time. */
function* worlds(values: ReadonlyMap<string, readonly SignalValue[]>): Generator<World> {
  const names = [...values.keys()];
  const world = new Map<string, SignalValue>();
  function* from(at: number): Generator<World> {
    const name = names[at];
    if (name === undefined) {
      yield world;
      return;
    }
    for (const value of values.get(name) ?? []) {
      world.set(name, value);
      yield* from(at + 1);
    }
  }
  yield* from(0);
}
