/** A score, and whether it belongs to what is looked for. */
export interface Judged {
  readonly score: number;
  readonly belongs: boolean;
}

/** `p = 1 / (1 + exp(−(slope · score + offset)))`. */
export interface Sigmoid {
  readonly slope: number;
  readonly offset: number;
}

const ROUNDS = 50;
/** Keeps the slope finite where the two kinds are apart. */
const RIDGE = 1e-3;
/** Scores are cosines: a unit of them is more than the whole range, so they are stretched before they are fitted. */
const STRETCH = 10;

/** A score about the middle of all, what it should come to, and its weight. */
interface Target {
  readonly x: number;
  readonly goal: number;
  readonly weight: number;
}

/**
 * Platt scaling (1999, with his targets drawn in from 0 and 1 by how few examples there are): turns scores into probabilities, each kind
 * weighing as much as the other. Newton's method, halving steps that go too far (Lin, Lin and Weng, 2007).
 */
export function fitSigmoid(judged: readonly Judged[]): Sigmoid {
  const yes = judged.filter(({ belongs }) => belongs).length;
  const no = judged.length - yes;
  const middle = judged.reduce((sum, { score }) => sum + score, 0) / Math.max(1, judged.length);
  const targets = judged.map(
    ({ score, belongs }): Target => ({
      x: (score - middle) * STRETCH,
      goal: belongs ? (yes + 1) / (yes + 2) : 1 / (no + 2),
      weight: 1 / (belongs ? yes : no),
    }),
  );
  let at = { slope: 0, offset: 0 };
  let loss = lossAt(at, targets);
  for (let round = 0; round < ROUNDS; round++) {
    const step = newtonStep(at, targets);
    let share = 1;
    let next = at;
    let nextLoss = Number.POSITIVE_INFINITY;
    while (share > 1e-6 && !(nextLoss <= loss)) {
      next = { slope: at.slope - share * step.slope, offset: at.offset - share * step.offset };
      nextLoss = lossAt(next, targets);
      share /= 2;
    }
    if (!(nextLoss < loss - 1e-9)) break;
    at = next;
    loss = nextLoss;
  }
  return { slope: at.slope * STRETCH, offset: at.offset - at.slope * STRETCH * middle };
}

function lossAt({ slope, offset }: Sigmoid, targets: readonly Target[]): number {
  return targets.reduce(
    (sum, { x, goal, weight }) => {
      const z = slope * x + offset;
      // log(1 + exp(z)) without overflow.
      return sum + weight * (Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))) - goal * z);
    },
    0.5 * RIDGE * (slope * slope + offset * offset),
  );
}

function newtonStep({ slope, offset }: Sigmoid, targets: readonly Target[]): Sigmoid {
  let [gs, go, hss, hso, hoo] = [RIDGE * slope, RIDGE * offset, RIDGE, 0, RIDGE];
  for (const { x, goal, weight } of targets) {
    const p = 1 / (1 + Math.exp(-(slope * x + offset)));
    const error = weight * (p - goal);
    const bend = weight * p * (1 - p);
    gs += error * x;
    go += error;
    hss += bend * x * x;
    hso += bend * x;
    hoo += bend;
  }
  const determinant = hss * hoo - hso * hso;
  return { slope: (hoo * gs - hso * go) / determinant, offset: (hss * go - hso * gs) / determinant };
}

export function sigmoid({ slope, offset }: Sigmoid, score: number): number {
  return 1 / (1 + Math.exp(-(slope * score + offset)));
}
