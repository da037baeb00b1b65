import { WeirError } from '#contract/errors.js';
import type { Random } from '#contract/random.js';
import type { Head } from '#models/heads/head-file.js';
import { NeighbourLayer, type NeighbourWeights } from '#models/heads/neighbour-layer.js';
import { QuickFeatures } from '#models/heads/quick-features.js';
import { TwoTiers } from '#models/heads/two-tiers.js';
import type { StaticEmbedding } from '#models/static/static-embedding.js';
import { nearDuplicates } from './duplicates.js';
import { HeadFigures, type Seen } from './figures.js';
import { fitNeighbours } from './fit-neighbours.js';
import { fitByLandmarks, fitTiers, type TierWeights } from './fit-tiers.js';
import { rightOf, type TunedText, type Tuning, tuned, UNTUNED } from './tuning.js';

export interface LabelledText {
  readonly text: string;
  readonly label: string;
  /** How much it counts in training; 1 unless said. */
  readonly weight?: number;
  /** Texts of one group are held out together: they are alike without being nearly the same. */
  readonly group?: string;
}

/** Texts from one source. */
export interface DataSet {
  readonly name: string;
  readonly licence: string;
  readonly texts: readonly LabelledText[];
  /** Of what a share is held out: to tune and to test on, to tune on only, or nothing. */
  readonly heldOut: 'tune and test' | 'tune' | 'nothing';
}

export interface TrainHeadOptions {
  readonly kind: string;
  readonly summary: string;
  readonly data: readonly DataSet[];
  /** Texts that are only ever tested on. */
  readonly tests: readonly DataSet[];
  /** Texts that have none of the labels: tuned on, never trained on. */
  readonly outside?: readonly string[];
  readonly embedder: string;
  readonly embed: (texts: readonly string[]) => Promise<readonly Float32Array[]>;
  readonly fast?: StaticEmbedding | undefined;
  readonly random: Random;
  readonly strength?: number;
  /** What the likeliest label must reach; 0.4 unless said, and fitted where there are texts outside. */
  readonly threshold?: number;
  /** Whether scores of nearness to landmarks are tried in place of the model's linear ones: they are kept where more of the texts that are tuned on are right. */
  readonly landmarks?: boolean;
  /** Whether the examples themselves, compressed, are kept and have a say: some 90 bytes of the file each. */
  readonly neighbours?: boolean;
  /** When it was made, for the card. */
  readonly date: string;
  readonly failures?: readonly string[];
  readonly progress?: (message: string) => void;
}

/** Shares of held-out data: to tune temperature and cascade on, and to test on. */
const TUNE = 0.15;
const TEST = 0.2;
/** Two texts whose vectors are closer than this are the same text. */
const SAME = 0.95;
const STRENGTH = 10;
const THRESHOLD = 0.4;

interface Row extends Seen {
  readonly text: string;
  readonly set: number;
  readonly part: 'train' | 'tune' | 'test';
  readonly weight?: number;
}

/**
 * Trains a head. Both tiers are fitted to the texts that are trained on; how they are weighed, their temperatures and the probability
 * from which the fast tier's word stands are chosen on others; then the weights are fitted anew to both. Texts that are nearly the same as
 * a held-out one are left out. Every figure on the card is of texts that nothing was trained or tuned on.
 */
export async function trainHead(options: TrainHeadOptions): Promise<Head> {
  const { data, tests, outside = [], progress = () => {} } = options;
  const rows = await seen(options);
  const labels = [...new Set(rows.filter(({ part }) => part === 'train').map(({ label }) => label))].sort();
  const unknown = rows.find(({ label }) => !labels.includes(label));
  if (unknown !== undefined)
    throw new WeirError('usage.invalid', `Nothing is trained as ${JSON.stringify(unknown.label)}`);
  const of = (part: Row['part']) => rows.filter(row => row.part === part);
  const [candidates, tune, test] = [of('train'), of('tune'), of('test')];
  progress(`looking for near-duplicates of ${tune.length + test.length} texts held out among ${candidates.length}`);
  // Once the choices stand, only texts that are nearly the same as one tested on stay out.
  const taught = unlike(candidates, test);
  const train = unlike(taught, tune);
  const removed = candidates.length - train.length;
  progress(`training on ${train.length} texts, ${removed} near-duplicates left out`);
  const settings = { labels, strength: options.strength ?? STRENGTH, random: options.random.fork('order') };
  const near = (texts: readonly Row[]) =>
    options.neighbours === true
      ? fitNeighbours(
          texts.map(({ model }) => model),
          texts.map(({ label }) => labels.indexOf(label)),
          options.random.fork('neighbours'),
        )
      : undefined;
  const first = fitTiers(train, settings);
  const strangers =
    outside.length === 0
      ? []
      : await seenOf(
          outside.map(text => ({ text, label: '' })),
          options,
        );
  const judged = [...tune, ...strangers.map(one => ({ ...one, set: 0 }))];
  const examples = near(train);
  const choice = (tiers: TierWeights) => {
    const texts = scored(headOf(labels, tiers, { ...UNTUNED, threshold: 0 }, options), examples, judged);
    const tuning = tuned(texts, options.threshold ?? (outside.length === 0 ? THRESHOLD : undefined));
    return { tuning, right: rightOf(texts, tuning) };
  };
  const straight = choice(first);
  if (options.landmarks === true) progress('trying nearness to landmarks: minutes, with thousands of texts');
  const curved = options.landmarks === true ? choice({ ...first, model: fitByLandmarks(train, settings) }) : undefined;
  if (curved !== undefined)
    progress(`tuned on ${tune.length} texts, right are ${straight.right} linearly, ${curved.right} by landmarks`);
  const landmarks = curved !== undefined && curved.right > straight.right;
  const { tuning } = landmarks ? curved : straight;
  const all = [...taught, ...unlike(tune, test)];
  progress(`training on ${all.length} texts, those tuned on among them`);
  const last = tune.length === 0 ? first : fitTiers(all, settings, landmarks);
  const neighbours = tuning.near === 0 ? undefined : near(tune.length === 0 ? train : all);
  const head = headOf(labels, last, tuning, options, neighbours && { ...neighbours, weight: tuning.near });
  const figures = new HeadFigures(head);
  const sets = [...data, ...tests];
  const results = sets.flatMap((set, at) => {
    const texts = test.filter(row => row.set === at);
    return texts.length === 0 ? [] : [[set.name, figures.of(texts)] as const];
  });
  return {
    ...head,
    card: {
      summary: options.summary,
      trained: options.date,
      data: data.map(({ name, licence, texts }) => ({ name, licence, texts: texts.length })),
      duplicates: { above: SAME, removed },
      results: Object.fromEntries(results),
      labels: figures.perLabel(test),
      failures: [...(options.failures ?? [])],
    },
  };
}

function headOf(
  labels: readonly string[],
  { model, fast }: TierWeights,
  { mix, temperature, scope, alone, fastTemperature, fastScope, threshold, decisive }: Tuning,
  options: TrainHeadOptions,
  neighbours?: NeighbourWeights,
): Head {
  return {
    format: 1,
    kind: options.kind,
    labels: [...labels],
    threshold: rounded(threshold),
    model: {
      ...layer(model, temperature),
      ...('landmarks' in model && { landmarks: { ...model.landmarks, scales: [...model.landmarks.scales] } }),
      embedder: options.embedder,
      width: widthOf(model),
      mix,
      ...(neighbours !== undefined && {
        neighbours: {
          ...neighbours,
          axes: { ...neighbours.axes, scales: [...neighbours.axes.scales] },
          cells: { ...neighbours.cells, ends: [...neighbours.cells.ends] },
        },
      }),
      ...(scope !== undefined && { scope }),
      ...(mix !== 0 && {
        alone: {
          temperature: Number(alone.temperature.toPrecision(4)),
          ...(alone.scope !== undefined && { scope: alone.scope }),
        },
      }),
    },
    ...(fast !== undefined &&
      options.fast !== undefined && {
        fast: {
          ...layer(fast, fastTemperature),
          embedder: options.fast.name,
          width: options.fast.dimension,
          grams: { ...fast.grams, scales: [...fast.grams.scales] },
          ...(fastScope !== undefined && { scope: fastScope }),
          decisive: rounded(decisive),
        },
      }),
  };
}

function layer({ rows, scales, bias }: TierWeights['model'], temperature: number) {
  return { rows, scales: [...scales], bias: [...bias], temperature: Number(temperature.toPrecision(4)) };
}

function widthOf(model: TierWeights['model']): number {
  const [rows, { length }] =
    'landmarks' in model ? [model.landmarks.rows, model.landmarks.scales] : [model.rows, model.bias];
  return Buffer.from(rows, 'base64').length / length;
}

function scored(
  head: Head,
  neighbours: Omit<NeighbourWeights, 'weight'> | undefined,
  texts: readonly (Seen & { readonly set?: number })[],
): TunedText[] {
  const tiers = new TwoTiers(head, true);
  const layer = neighbours && new NeighbourLayer({ ...neighbours, weight: 1 }, tiers.width, tiers.labels);
  return texts.map(({ model, fast, label, set }) => ({
    ...(set !== undefined && { set }),
    model: tiers.modelLogits(model),
    near: layer?.scores(model),
    fast: fast === undefined ? undefined : tiers.fastLogits(fast),
    truth: head.labels.indexOf(label),
  }));
}

/** Those that no held-out text is nearly the same as. */
function unlike(texts: readonly Row[], held: readonly Row[]): Row[] {
  const vectors = ({ model }: Row): Float32Array => model;
  const same = nearDuplicates(texts.map(vectors), held.map(vectors), SAME);
  return texts.filter((_, at) => !same.has(at));
}

async function seen(options: TrainHeadOptions): Promise<Row[]> {
  const { data, tests, random, progress = () => {} } = options;
  const parts = [
    ...data.flatMap((set, at) => {
      const draws = random.fork(set.name);
      const groups = new Map<string, number>();
      return set.texts.map(text => {
        const u = groups.get(text.group ?? '') ?? draws.next();
        if (text.group !== undefined) groups.set(text.group, u);
        return { ...text, set: at, part: partOf(set.heldOut, u) };
      });
    }),
    ...tests.flatMap((set, at) => set.texts.map(text => ({ ...text, set: data.length + at, part: 'test' as const }))),
  ];
  progress(`embedding ${parts.length} texts`);
  const vectors = await seenOf(parts, options);
  return parts.map((row, at) => ({ ...row, ...vectors[at]! }));
}

function partOf(heldOut: DataSet['heldOut'], u: number): Row['part'] {
  if (heldOut === 'nothing' || u >= TEST + TUNE) return 'train';
  if (u >= TEST) return 'tune';
  return heldOut === 'tune' ? 'train' : 'test';
}

async function seenOf(
  texts: readonly { readonly text: string; readonly label: string }[],
  { embed, fast }: TrainHeadOptions,
): Promise<Seen[]> {
  const quick = fast === undefined ? undefined : new QuickFeatures(fast);
  const read = texts.map(({ text }) => quick?.gist(text) ?? text);
  const vectors = await embed(read);
  return texts.map(({ label }, at) => ({ label, model: vectors[at]!, fast: quick?.of(read[at]!) }));
}

function rounded(value: number): number {
  return Number(value.toFixed(4));
}
