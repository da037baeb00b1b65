import type { NearestExample } from '#contract/learned.js';
import { dot, normalise } from '#models/runtime/pooling.js';

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
  readonly direction: Float32Array;
}

/**
 * The routes of a configuration as points in the embedder's space: examples that say the same are merged, so that a sentence that was
 * given five times over does not count five times.
 */
export class Prototypes {
  private readonly prototypes: readonly Prototype[];

  /** @param examples at least one. */
  constructor(
    readonly examples: readonly RouteExample[],
    private readonly routes: number,
  ) {
    this.prototypes = merged(examples);
  }

  /** `¾ · best + ¼ · mean of the best two` cosines, of each route. @param without an example that is not to count. */
  score(vector: Float32Array, without?: RouteExample): RouteScores {
    const { examples, routes } = this;
    const prototypes =
      without === undefined ? this.prototypes : merged(examples.filter(example => example !== without));
    const best = new Float32Array(routes).fill(-1);
    const second = new Float32Array(routes).fill(-1);
    for (const { route, direction } of prototypes) {
      const likeness = dot(direction, vector);
      if (likeness > best[route]!) {
        second[route] = best[route]!;
        best[route] = likeness;
      } else if (likeness > second[route]!) second[route] = likeness;
    }
    const scores = best.map((first, route) => {
      const other = second[route]! > -1 ? second[route]! : first;
      return BEST * first + (1 - BEST) * ((first + other) / 2);
    });
    let nearest = examples[0]!;
    let likeness = Number.NEGATIVE_INFINITY;
    for (const example of examples) {
      const cosine = example === without ? Number.NEGATIVE_INFINITY : dot(example.vector, vector);
      if (cosine > likeness) {
        likeness = cosine;
        nearest = example;
      }
    }
    return { scores, nearest, likeness };
  }
}

/** Greedy: an example joins the first prototype of its route that it is close to. */
function merged(examples: readonly RouteExample[]): Prototype[] {
  const prototypes: { route: number; direction: Float32Array; sum: Float32Array }[] = [];
  for (const { route, vector } of examples) {
    const known = prototypes.find(one => one.route === route && dot(one.direction, vector) >= SAME);
    if (known === undefined) {
      prototypes.push({ route, direction: vector, sum: Float32Array.from(vector) });
      continue;
    }
    for (let i = 0; i < vector.length; i++) known.sum[i]! += vector[i]!;
    known.direction = Float32Array.from(known.sum);
    normalise(known.direction);
  }
  return prototypes;
}

export function nearestExample({ nearest, likeness }: RouteScores, names: readonly string[]): NearestExample {
  return { text: nearest.text, label: names[nearest.route] ?? '', likeness };
}
