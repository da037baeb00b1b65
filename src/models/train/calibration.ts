import { largestOf, softmax } from '#models/heads/linear-layer.js';

/** Scores before the softmax of some texts, and the place of each one's label. */
export interface Scored {
  readonly logits: readonly Float32Array[];
  readonly labels: ArrayLike<number>;
}

/**
 * The temperature that makes the probabilities fit best: least mean `−log p(y)`, by golden section over 0.05…20 (Guo et al., 2017). Of `n`
 * texts a share of `1 / (n + 2)` is taken to have another label, as Platt (1999) does, so that few that are all right prove no certainty.
 */
export function fitTemperature({ logits, labels }: Scored): number {
  const doubt = 1 / (logits.length + 2);
  const loss = (logTemperature: number): number => {
    const temperature = Math.exp(logTemperature);
    let sum = 0;
    for (let i = 0; i < logits.length; i++) {
      const p = softmax(Float32Array.from(logits[i]!), temperature)[labels[i]!]!;
      sum -= (1 - doubt) * Math.log(Math.max(p, 1e-12)) + doubt * Math.log(Math.max(1 - p, 1e-12));
    }
    return sum;
  };
  const ratio = (Math.sqrt(5) - 1) / 2;
  let low = Math.log(0.05);
  let high = Math.log(20);
  while (high - low > 1e-3) {
    const left = high - ratio * (high - low);
    const right = low + ratio * (high - low);
    if (loss(left) < loss(right)) high = right;
    else low = left;
  }
  return Math.exp((low + high) / 2);
}

/** What a classifier said of one text. */
export interface Said {
  readonly label: number;
  readonly probability: number;
}

export function said(probabilities: Float32Array): Said {
  const label = largestOf(probabilities);
  return { label, probability: probabilities[label] ?? 0 };
}

/** Expected calibration error: mean distance of probability and accuracy over bins of equal width (Guo et al., 2017, equation 3). */
export function calibrationError(answers: readonly Said[], labels: ArrayLike<number>, bins = 15): number {
  const sums = Array.from({ length: bins }, () => ({ texts: 0, right: 0, probability: 0 }));
  for (const [i, { label, probability }] of answers.entries()) {
    const bin = sums[Math.min(bins - 1, Math.floor(probability * bins))]!;
    bin.texts++;
    bin.probability += probability;
    if (label === labels[i]) bin.right++;
  }
  return (
    sums.reduce((sum, { right, probability }) => sum + Math.abs(right - probability), 0) / Math.max(1, answers.length)
  );
}

export function accuracy(answers: readonly Said[], labels: ArrayLike<number>): number {
  return answers.filter(({ label }, i) => label === labels[i]).length / Math.max(1, answers.length);
}

/** Wilson's score interval of a share, 95 %. */
export function wilson(share: number, count: number): readonly [number, number] {
  if (count === 0) return [0, 1];
  const z = 1.959964;
  const middle = share + (z * z) / (2 * count);
  const spread = z * Math.sqrt((share * (1 - share)) / count + (z * z) / (4 * count * count));
  const scale = 1 + (z * z) / count;
  return [(middle - spread) / scale, (middle + spread) / scale];
}

/** The most that a cascade may be worse than asking the model always. */
const MOST_LOSS = 0.005;
/** Standard errors above the loss on the texts at hand that its upper bound stands: 95 %, one-sided. */
const BOUND = 1.645;

/**
 * The least probability at which the fast tier's answer may stand: the cascade is then no more than half a point less accurate than the
 * model alone, by the upper bound of the mean of paired differences (95 %, one-sided, normal) on texts that neither was trained on. The
 * loss itself would not do: the lowest probability at which it is half a point was chosen for being lucky here. Above 1 when there is none.
 */
export function decisiveAt(fast: readonly Said[], model: readonly Said[], labels: ArrayLike<number>): number {
  const order = fast.map((_, i) => i).sort((a, b) => fast[b]!.probability - fast[a]!.probability);
  const most = MOST_LOSS * fast.length;
  let [lost, differing] = [0, 0];
  let decisive = 2;
  for (const [rank, i] of order.entries()) {
    const right = labels[i];
    const difference = Number(model[i]!.label === right) - Number(fast[i]!.label === right);
    lost += difference;
    differing += Math.abs(difference);
    const next = order[rank + 1];
    const { probability } = fast[i]!;
    if (next !== undefined && fast[next]!.probability === probability) continue;
    if (lost + BOUND * Math.sqrt(differing) <= most) decisive = probability;
  }
  return decisive;
}
