import { largestOf, softmax } from '#models/heads/linear-layer.js';
import { probabilities } from '#models/heads/two-tiers.js';
import { fitSigmoid, type Sigmoid } from '#models/routes/platt.js';
import { decisiveAt, fitTemperature, type Said, said } from './calibration.js';

/** Scores of both tiers for one text that neither was trained on. */
export interface TunedText {
  readonly model: Float32Array;
  readonly fast: Float32Array | undefined;
  /** What the examples near it say, where they are asked. */
  readonly near?: Float32Array | undefined;
  /** Place of its label; −1 where it has none of them. */
  readonly truth: number;
  /** Which source it is from: the fast tier must do no harm on any of them. */
  readonly set?: number;
}

/** What is chosen on held-out texts once the weights stand. */
export interface Tuning {
  readonly mix: number;
  /** How much the nearest examples count beside the model's linear scores. */
  readonly near: number;
  readonly temperature: number;
  readonly scope: Sigmoid | undefined;
  /** The model without the fast tier. */
  readonly alone: { readonly temperature: number; readonly scope: Sigmoid | undefined };
  readonly fastTemperature: number;
  readonly fastScope: Sigmoid | undefined;
  readonly threshold: number;
  readonly decisive: number;
}

/** How much the fast tier's scores may count beside the model's. */
const MIXES = [0, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1] as const;
/** How much the nearest examples' scores may count beside the model's linear ones. */
const NEAR_WEIGHTS = [0, 0.2, 0.4, 0.6, 0.8, 1] as const;
/** The most of the texts that are labelled right that the threshold may turn away. */
const TURNED_AWAY = 0.015;
/** Held-out texts with a label below which nothing is tuned. */
const LEAST = 8;

/**
 * Chooses how the tiers are weighed, their temperatures, what is out of scope and from where the fast tier's word stands.
 *
 * @param threshold what the likeliest label must reach; fitted to the texts without a label when there is none.
 */
export function tuned(texts: readonly TunedText[], threshold: number | undefined): Tuning {
  if (texts.filter(({ truth }) => truth >= 0).length < LEAST) return { ...UNTUNED, threshold: threshold ?? 0 };
  const weights = texts.some(({ near }) => near !== undefined) ? NEAR_WEIGHTS : [0];
  const [best, ...rest] = weights.map(near => ({ near, ...weighed(texts.map(text => nearer(text, near))) }));
  const { near, mix, temperature } = rest.reduce((least, one) => (one.loss < least.loss ? one : least), best!);
  return {
    ...decided(
      texts.map(text => nearer(text, near)),
      mix,
      temperature,
      threshold,
    ),
    near,
  };
}

/** How many of the texts with a label the model tells right, as it is weighed. */
export function rightOf(texts: readonly TunedText[], { near, mix }: Pick<Tuning, 'near' | 'mix'>): number {
  return texts.filter(text => text.truth >= 0 && largestOf(jointOf(nearer(text, near), mix)) === text.truth).length;
}

/** How the fast tier is best weighed beside the model, by the likelihood of the labels. */
function weighed(texts: readonly TunedText[]): { mix: number; temperature: number; loss: number } {
  const inside = texts.filter(({ truth }) => truth >= 0);
  const fits = MIXES.map(mix => {
    const logits = inside.map(text => jointOf(text, mix));
    const temperature = fitTemperature({ logits, labels: inside.map(({ truth }) => truth) });
    return { mix, temperature, loss: lossOf(logits, inside, temperature) };
  });
  return fits.reduce((best, one) => (one.loss < best.loss ? one : best));
}

/** Everything else, once the weights of the parts stand. */
function decided(
  texts: readonly TunedText[],
  mix: number,
  temperature: number,
  threshold: number | undefined,
): Omit<Tuning, 'near'> {
  const inside = texts.filter(({ truth }) => truth >= 0);
  const joint = (mix: number) => (text: TunedText) => jointOf(text, mix);
  const byItself = fitTemperature({ logits: inside.map(joint(0)), labels: inside.map(({ truth }) => truth) });
  const alone = { temperature: byItself, scope: scopeOf(texts, joint(0), byItself) };
  const scope = scopeOf(texts, joint(mix), temperature);
  const quick = inside.filter(({ fast }) => fast !== undefined);
  const fastTemperature =
    quick.length < LEAST
      ? 1
      : fitTemperature({ logits: quick.map(({ fast }) => fast!), labels: quick.map(({ truth }) => truth) });
  const fastScope = scopeOf(
    texts.filter(({ fast }) => fast !== undefined),
    ({ fast }) => fast!,
    fastTemperature,
  );
  const byModel = texts.map(text => said(probabilities(joint(mix)(text), temperature, scope)));
  const chosen = threshold ?? thresholdOf(byModel, texts);
  const byFast = texts.map(({ fast }) =>
    fast === undefined ? { label: -1, probability: 0 } : said(probabilities(fast, fastTemperature, fastScope)),
  );
  const cut = ({ label, probability }: Said): Said => ({ label: probability < chosen ? -1 : label, probability });
  const judge = threshold === undefined ? cut : (one: Said) => one;
  const decisive = [...new Set(texts.map(({ set }) => set))].map(set => {
    const own = <T>(all: readonly T[]): T[] => all.filter((_, at) => texts[at]!.set === set);
    return decisiveAt(
      own(byFast).map(judge),
      own(byModel).map(judge),
      own(texts).map(({ truth }) => truth),
    );
  });
  return {
    mix,
    temperature,
    scope,
    alone,
    fastTemperature,
    fastScope,
    threshold: chosen,
    decisive: Math.max(chosen, ...decisive),
  };
}

/** What holds where there is nothing to tune on. */
export const UNTUNED: Omit<Tuning, 'threshold'> = {
  mix: 0,
  near: 0,
  temperature: 1,
  scope: undefined,
  alone: { temperature: 1, scope: undefined },
  fastTemperature: 1,
  fastScope: undefined,
  decisive: 2,
};

/** The text as it is where the nearest examples count so much. */
function nearer(text: TunedText, weight: number): TunedText {
  const { near, model } = text;
  return near === undefined || weight === 0
    ? text
    : { ...text, model: model.map((logit, i) => logit + weight * near[i]!) };
}

function jointOf({ model, fast }: TunedText, mix: number): Float32Array {
  return fast === undefined || mix === 0 ? model : model.map((logit, i) => logit + mix * fast[i]!);
}

function lossOf(logits: readonly Float32Array[], texts: readonly TunedText[], temperature: number): number {
  return logits.reduce((sum, scores, i) => {
    const p = softmax(Float32Array.from(scores), temperature)[texts[i]!.truth]!;
    return sum - Math.log(Math.max(p, 1e-12));
  }, 0);
}

function scopeOf(
  texts: readonly TunedText[],
  logitsOf: (text: TunedText) => Float32Array,
  temperature: number,
): Sigmoid | undefined {
  const judged = texts.map(text => ({
    score: logitsOf(text).reduce((most, logit) => Math.max(most, logit), Number.NEGATIVE_INFINITY) / temperature,
    belongs: text.truth >= 0,
  }));
  return judged.every(({ belongs }) => belongs) ? undefined : fitSigmoid(judged);
}

/**
 * The probability at which least of both goes wrong, texts of a route turned away and texts of none let in, as long as it turns away no
 * more than {@link TURNED_AWAY} of the texts that would be right.
 */
function thresholdOf(answers: readonly Said[], texts: readonly TunedText[]): number {
  const inside = answers.filter((_, i) => texts[i]!.truth >= 0).map(({ probability }) => probability);
  const outside = answers.filter((_, i) => texts[i]!.truth < 0).map(({ probability }) => probability);
  const right = answers
    .filter(({ label }, i) => label === texts[i]!.truth)
    .map(({ probability }) => probability)
    .sort((a, b) => a - b);
  const most = right[Math.floor(TURNED_AWAY * right.length)] ?? 0;
  let best = most;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of outside.length === 0 ? [] : [...inside, ...outside]) {
    if (candidate > most) continue;
    const turned = inside.filter(p => p < candidate).length / inside.length;
    const letIn = outside.filter(p => p >= candidate).length / outside.length;
    if (turned + letIn < least) {
      least = turned + letIn;
      best = candidate;
    }
  }
  return best;
}
