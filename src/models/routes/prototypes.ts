import type { NearestExample } from '#contract/learned.js';
import { dot, normalise } from '#models/runtime/pooling.js';
import type { Turns } from '#models/turns.js';

/** Examples closer than this say the same and become one prototype. */
const SAME = 0.9;
/** A route is scored by its best prototype and, less, by its best two. */
const BEST = 0.75;

/** A text with its vector and the place of its route. */
export interface RouteExample {
  readonly text: string;
  readonly route: number;
  readonly vector: Float32Array;
}

/** What a text scores with each route. */
export interface RouteScores {
  readonly scores: Float32Array;
  readonly nearest: RouteExample;
  readonly likeness: number;
}

interface Prototype {
  readonly route: number;
  direction: Float32Array;
  readonly sum: Float32Array;
  members: number;
}

/**
 * The routes of a configuration as points in the embedder's space: examples that say the same are merged, so that a sentence that was
 * given five times over does not count five times.
 */
export class Prototypes {
  private constructor(
    readonly examples: readonly RouteExample[],
    private readonly routes: number,
    private readonly prototypes: readonly Prototype[],
    /** The prototype that each example is part of. */
    private readonly homes: ReadonlyMap<RouteExample, Prototype>,
  ) {}

  /**
   * Greedy: an example joins the first prototype of its route that it is close to.
   *
   * @param examples at least one.
   */
  static async of(examples: readonly RouteExample[], routes: number, turns: Turns): Promise<Prototypes> {
    const byRoute = Array.from({ length: routes }, (): Prototype[] => []);
    const homes = new Map<RouteExample, Prototype>();
    for (const example of examples) {
      const { route, vector } = example;
      const own = byRoute[route]!;
      const known = own.find(one => dot(one.direction, vector) >= SAME);
      if (known === undefined) {
        const fresh = { route, direction: vector, sum: Float32Array.from(vector), members: 1 };
        own.push(fresh);
        homes.set(example, fresh);
      } else {
        for (let i = 0; i < vector.length; i++) known.sum[i]! += vector[i]!;
        known.direction = directionOf(known.sum);
        known.members++;
        homes.set(example, known);
      }
      await turns.spent(own.length);
    }
    return new Prototypes(examples, routes, byRoute.flat(), homes);
  }

  /** `¾ · best + ¼ · mean of the best two` cosines, of each route. */
  score(vector: Float32Array): RouteScores {
    const { examples } = this;
    let nearest = examples[0]!;
    let likeness = Number.NEGATIVE_INFINITY;
    for (const example of examples) {
      const cosine = dot(example.vector, vector);
      if (cosine > likeness) {
        likeness = cosine;
        nearest = example;
      }
    }
    return { scores: this.scores(vector), nearest, likeness };
  }

  /** What an example would score if it were not there: its prototype is then what the others make of it. */
  scoresWithout(example: RouteExample): Float32Array {
    const home = this.homes.get(example);
    if (home === undefined || home.members === 1) return this.scores(example.vector, home);
    const rest = directionOf(home.sum.map((value, i) => value - example.vector[i]!));
    return this.scores(example.vector, home, rest);
  }

  /** @param changed a prototype that is not there, or has another direction. */
  private scores(vector: Float32Array, changed?: Prototype, direction?: Float32Array): Float32Array {
    const best = new Float32Array(this.routes).fill(-1);
    const second = new Float32Array(this.routes).fill(-1);
    for (const prototype of this.prototypes) {
      const { route } = prototype;
      const own = prototype === changed ? direction : prototype.direction;
      if (own === undefined) continue;
      const likeness = dot(own, vector);
      if (likeness > best[route]!) {
        second[route] = best[route]!;
        best[route] = likeness;
      } else if (likeness > second[route]!) second[route] = likeness;
    }
    return best.map((first, route) => {
      const other = second[route]! > -1 ? second[route]! : first;
      return BEST * first + (1 - BEST) * ((first + other) / 2);
    });
  }
}

function directionOf(sum: Float32Array): Float32Array {
  const direction = Float32Array.from(sum);
  normalise(direction);
  return direction;
}

export function nearestExample({ nearest, likeness }: RouteScores, names: readonly string[]): NearestExample {
  return { text: nearest.text, label: names[nearest.route] ?? '', likeness };
}
